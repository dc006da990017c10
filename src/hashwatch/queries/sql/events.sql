-- Every event, the one that began last first.
SELECT id, slug, title, description, place, url, timezone, starts, ends, collect_from,
       collect_until, hashtags, accounts, languages, clock_mode, clock_at, clock_set_at, clock_speed
FROM events
ORDER BY starts DESC, id
