-- The answers to one post that belong to the event, the first first.
SELECT p.id
FROM posts AS p JOIN event_posts AS e ON e.post_id = p.id AND e.event_id = :event
WHERE p.parent_id = :post
ORDER BY p.id LIMIT 100
