-- What came of all runs, by place; without places that are set up for other events alone.
SELECT source, instance, sum(runs), sum(failed), sum(received), sum(new), sum(rejected)
FROM coverage_hour
WHERE EXISTS (
  SELECT 1 FROM places WHERE places.source = coverage_hour.source
  AND places.instance = coverage_hour.instance AND event IN ('', :slug)
) OR NOT EXISTS (
  SELECT 1 FROM places
  WHERE places.source = coverage_hour.source AND places.instance = coverage_hour.instance
)
GROUP BY source, instance
