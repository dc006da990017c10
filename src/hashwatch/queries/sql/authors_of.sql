-- The authors of the posts :ids (a JSON list).
SELECT DISTINCT author_id FROM json_each(:ids) CROSS JOIN posts ON posts.id = value
