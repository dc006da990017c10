-- The replies to the posts in :ids, with who gave them and whether the roster has them.
SELECT r.parent_id, r.id, authors.handle, authors.name,
       EXISTS (SELECT 1 FROM author_groups WHERE author_id = r.author_id AND event_id = :event)
FROM json_each(:ids) AS wanted
JOIN posts AS r ON r.parent_id = wanted.value
JOIN posts AS q ON q.id = r.parent_id
JOIN authors ON authors.id = r.author_id
WHERE r.author_id <> q.author_id
ORDER BY r.id
