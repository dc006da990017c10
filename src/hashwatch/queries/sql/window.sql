-- One value of a facet summed over a window of whole minutes.
SELECT coalesce(sum(posts), 0), coalesce(sum(boosts), 0), coalesce(sum(positive), 0),
       coalesce(sum(neutral), 0), coalesce(sum(negative), 0), coalesce(sum(unknown), 0)
FROM rollup_minute
WHERE event_id = :event AND facet = :facet AND value = :value AND bucket >= :from AND bucket < :to
