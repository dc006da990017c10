-- The first and the last day on which an event has posts of one value of a facet.
SELECT min(bucket), max(bucket) FROM rollup_day
WHERE event_id = :event AND facet = :facet AND value = :value
