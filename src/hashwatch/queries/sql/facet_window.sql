-- Posts of every value of a facet in a window of whole minutes, boosts taken off :without times.
SELECT value, sum(posts - :without * boosts)
FROM rollup_minute INDEXED BY rollup_minute_top
WHERE event_id = :event AND facet = :facet AND bucket >= :from AND bucket < :to
GROUP BY value
