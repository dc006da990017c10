-- The session of an event that each post in :ids was given.
SELECT post_sessions.post_id, sessions.code, sessions.title
FROM json_each(:ids) AS wanted
JOIN post_sessions ON post_sessions.post_id = wanted.value
JOIN sessions ON sessions.id = post_sessions.session_id
WHERE sessions.event_id = :event
ORDER BY post_sessions.confidence
