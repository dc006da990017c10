-- One value of a facet over time, from a rollup (:grain stands for its name).
SELECT bucket, posts, boosts, positive, neutral, negative, unknown
FROM rollup_:grain
WHERE event_id = :event AND facet = :facet AND value = :value AND bucket >= :from AND bucket < :to
ORDER BY bucket
