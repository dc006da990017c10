-- Negative posts of an event, boosts left out, the newest first.
SELECT p.id FROM event_posts AS e JOIN posts AS p ON p.id = e.post_id
WHERE e.event_id = :event AND p.sentiment = 'negative' AND p.kind <> 'boost'
ORDER BY e.post_id DESC LIMIT :limit
