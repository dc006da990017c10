-- Posts of an event, boosts left out, that nobody has decided on, nor on their authors; the newest first.
SELECT p.id FROM event_posts AS e JOIN posts AS p ON p.id = e.post_id
WHERE e.event_id = :event AND e.post_id < :before AND p.kind <> 'boost'
  AND e.post_id NOT IN (SELECT value FROM json_each(:posts))
  AND p.author_id NOT IN (SELECT value FROM json_each(:authors))
ORDER BY e.post_id DESC LIMIT :limit
