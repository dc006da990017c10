-- Posts of all and of each theme in certain hours (:buckets, a JSON list), boosts taken off :without
-- times.
SELECT facet, value, sum(posts - :without * boosts)
FROM rollup_hour
WHERE event_id = :event AND facet IN ('all', 'theme')
  AND bucket IN (SELECT value FROM json_each(:buckets))
GROUP BY facet, value
