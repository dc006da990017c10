-- The values of a facet with the most posts over several days. (The plus keeps SQLite on the
-- primary key, whose order serves the grouping.)
SELECT value, sum(posts) FROM rollup_day
WHERE event_id = :event AND facet = :facet AND +bucket >= :from AND +bucket < :to
GROUP BY value
ORDER BY sum(posts) DESC, value LIMIT :limit
