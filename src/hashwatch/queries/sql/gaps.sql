-- The holes in what was collected, those that touch a window, the latest first.
SELECT source, instance, hashtag, starts_at, ends_at, reason, filled_at
FROM gaps
WHERE starts_at < :to AND (ends_at IS NULL OR ends_at > :from)
ORDER BY starts_at DESC, id DESC
LIMIT 500
