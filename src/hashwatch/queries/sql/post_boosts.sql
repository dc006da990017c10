-- The boosts shown under one post, those of its copies too, the first first.
SELECT a.id, a.handle, a.name, a.url, a.bot, p.id
FROM (
  SELECT :post AS id
  UNION ALL SELECT post_id FROM copies WHERE shown_id = :post AND event_id = :event
) AS wanted
CROSS JOIN posts AS p ON p.folds_into = wanted.id
CROSS JOIN authors AS a ON a.id = p.author_id
ORDER BY p.id LIMIT 100
