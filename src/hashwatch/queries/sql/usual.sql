-- Posts of all and of each theme in certain hours (:buckets, a JSON list).
SELECT facet, value, sum(posts)
FROM rollup_hour
WHERE event_id = :event AND facet IN ('all', 'theme')
  AND bucket IN (SELECT value FROM json_each(:buckets))
GROUP BY facet, value
