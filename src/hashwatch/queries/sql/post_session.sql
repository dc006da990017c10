-- The session of one post, with the reasons for it.
SELECT sessions.code, sessions.title, post_sessions.confidence, post_sessions.reasons
FROM post_sessions JOIN sessions ON sessions.id = post_sessions.session_id
WHERE post_sessions.post_id = :post AND sessions.event_id = :event
ORDER BY post_sessions.confidence DESC, sessions.id LIMIT 1
