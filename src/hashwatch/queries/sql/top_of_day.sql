-- The values of a facet with the most posts on one day.
SELECT value, posts FROM rollup_day INDEXED BY rollup_day_top
WHERE event_id = :event AND facet = :facet AND bucket = :from
ORDER BY posts DESC, value LIMIT :limit
