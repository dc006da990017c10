-- Posts by how late they were collected, by place and hour of collection, in a window.
SELECT source, instance, bucket, lag, posts FROM lag_hour WHERE bucket >= :from AND bucket < :to
