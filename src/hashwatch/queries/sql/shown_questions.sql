-- public.db: the questions on a surface, the newest first.
SELECT q.post_id FROM post_questions AS q
JOIN shown AS s ON s.event_id = q.event_id AND s.post_id = q.post_id AND s.surface = :surface
WHERE q.event_id = :event AND q.asked IN ('speaker', 'organiser')
ORDER BY q.post_id DESC LIMIT :limit
