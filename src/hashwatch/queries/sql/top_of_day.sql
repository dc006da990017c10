-- The values of a facet with the most posts on one day.
SELECT value, posts FROM rollup_day
WHERE event_id = :event AND facet = :facet AND bucket = :from
ORDER BY posts DESC, value LIMIT :limit
