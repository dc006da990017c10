-- How many people wrote about an event.
SELECT count(*) FROM (
  SELECT DISTINCT value FROM rollup_day WHERE event_id = :event AND facet = 'author'
)
