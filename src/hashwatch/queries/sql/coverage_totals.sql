-- What came of all runs, by place.
SELECT source, instance, sum(runs), sum(failed), sum(received), sum(new), sum(rejected)
FROM coverage_hour GROUP BY source, instance
