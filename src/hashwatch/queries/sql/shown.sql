-- public.db: posts of an event on a surface, pinned ones first where :pinned, else the newest first.
-- :theme and :session are numbers, or NULL for any.
SELECT s.post_id, s.pinned FROM shown AS s
WHERE s.event_id = :event AND s.surface = :surface AND s.post_id < :before
  AND (:theme IS NULL OR EXISTS (
    SELECT 1 FROM post_themes AS t WHERE t.theme_id = :theme AND t.post_id = s.post_id))
  AND (:session IS NULL OR EXISTS (
    SELECT 1 FROM post_sessions AS p WHERE p.session_id = :session AND p.post_id = s.post_id))
ORDER BY CASE WHEN :pinned THEN s.pinned ELSE 0 END DESC, s.post_id DESC LIMIT :limit
