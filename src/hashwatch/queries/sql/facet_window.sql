-- Every value of a facet summed over a window of whole minutes.
SELECT value, sum(posts), sum(boosts), sum(positive), sum(neutral), sum(negative), sum(unknown)
FROM rollup_minute
WHERE event_id = :event AND facet = :facet AND bucket >= :from AND bucket < :to
GROUP BY value
