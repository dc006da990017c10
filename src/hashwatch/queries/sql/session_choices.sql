-- The sessions that a person may give a post.
SELECT code, title FROM sessions WHERE event_id = :event ORDER BY position
