-- The latest runs.
SELECT id, source, instance, hashtag, started_at, ended_at, state, pages, received, new, changed,
       rejected, reason
FROM runs ORDER BY started_at DESC, id DESC LIMIT 50
