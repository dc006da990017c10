-- Posts of an event by day rollup, boosts among them.
SELECT coalesce(sum(posts), 0), coalesce(sum(boosts), 0), min(bucket), max(bucket)
FROM rollup_day
WHERE event_id = :event AND facet = 'all' AND value = ''
