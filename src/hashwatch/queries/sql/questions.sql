-- The questions of an event in a window of ids, the newest first.
SELECT q.post_id, q.asked, q.confidence, p.engagement
FROM post_questions AS q JOIN posts AS p ON p.id = q.post_id
WHERE q.event_id = :event AND q.post_id >= :low AND q.post_id < :high
  AND q.asked IN ('speaker', 'organiser')
ORDER BY q.post_id DESC LIMIT :limit
