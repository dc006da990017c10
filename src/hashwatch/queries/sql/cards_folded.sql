-- How many boosts are shown under each post in :ids, those of its copies too.
SELECT wanted.shown_id, count(*)
FROM (
  SELECT value AS shown_id, value AS id FROM json_each(:ids)
  UNION ALL
  SELECT copies.shown_id, copies.post_id FROM json_each(:ids)
  CROSS JOIN copies ON copies.shown_id = value AND copies.event_id = :event
) AS wanted
CROSS JOIN posts ON posts.folds_into = wanted.id
GROUP BY wanted.shown_id
