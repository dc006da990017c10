-- How many boosts are shown under each post in :ids.
SELECT posts.folds_into, count(*)
FROM json_each(:ids) AS wanted
JOIN posts ON posts.folds_into = wanted.value
GROUP BY posts.folds_into
