-- The values of a facet with the most posts over several days, boosts taken off :without times. (The
-- plus keeps SQLite on the primary key, whose order serves the grouping.)
SELECT value, sum(posts - :without * boosts) AS counted FROM rollup_day
WHERE event_id = :event AND facet = :facet AND +bucket >= :from AND +bucket < :to
GROUP BY value
HAVING counted > 0
ORDER BY counted DESC, value LIMIT :limit
