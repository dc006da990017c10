-- Every value of a facet summed over an event's days.
SELECT value, sum(posts), sum(boosts), sum(positive), sum(neutral), sum(negative), sum(unknown)
FROM rollup_day
WHERE event_id = :event AND facet = :facet AND +bucket >= :from AND +bucket < :to
GROUP BY value
