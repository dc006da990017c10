-- The boosts shown under one post, the first first.
SELECT a.id, a.handle, a.name, a.url, a.bot, p.id
FROM posts AS p JOIN authors AS a ON a.id = p.author_id
WHERE p.folds_into = :post
ORDER BY p.id LIMIT 100
