-- public.db: posts of an event on a surface, pinned ones first where :pinned, else the newest first.
-- :theme and :session are numbers, or NULL for any. A copy of what is in the list stays out of it.
WITH listed AS (
  SELECT s.post_id, s.pinned FROM shown AS s
  WHERE s.event_id = :event AND s.surface = :surface
    AND (:theme IS NULL OR EXISTS (
      SELECT 1 FROM post_themes AS t WHERE t.theme_id = :theme AND t.post_id = s.post_id))
    AND (:session IS NULL OR EXISTS (
      SELECT 1 FROM post_sessions AS p WHERE p.session_id = :session AND p.post_id = s.post_id))
)
SELECT post_id, pinned FROM listed
WHERE post_id < :before AND (pinned OR NOT EXISTS (
  SELECT 1 FROM copies AS c CROSS JOIN listed AS o ON o.post_id = c.shown_id
  WHERE c.event_id = :event AND c.post_id = listed.post_id))
ORDER BY CASE WHEN :pinned THEN pinned ELSE 0 END DESC, post_id DESC LIMIT :limit
