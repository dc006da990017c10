-- What ran in each hour of a window, by place.
SELECT source, instance, bucket, runs, failed, received, new, rejected
FROM coverage_hour WHERE bucket >= :from AND bucket < :to
