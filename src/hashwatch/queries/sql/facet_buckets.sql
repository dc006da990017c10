-- Every value of a facet over time, from a rollup (:grain stands for its name).
SELECT value, bucket, posts, boosts, positive, neutral, negative, unknown
FROM rollup_:grain
WHERE event_id = :event AND facet = :facet AND bucket >= :from AND bucket < :to
ORDER BY value, bucket
