-- Posts of an event that mention one of :handles (a JSON list), boosts left out, the newest first.
SELECT DISTINCT p.id FROM json_each(:handles) AS wanted
JOIN post_mentions AS m ON m.handle = wanted.value COLLATE NOCASE
JOIN event_posts AS e ON e.event_id = :event AND e.post_id = m.post_id
JOIN posts AS p ON p.id = m.post_id
WHERE p.kind <> 'boost' ORDER BY p.id DESC LIMIT :limit
