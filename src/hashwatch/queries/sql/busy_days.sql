-- The days of an event that hold posts.
SELECT bucket, posts FROM rollup_day
WHERE event_id = :event AND facet = 'all' AND value = '' ORDER BY bucket
