-- public.db: the posts on a surface with most engagement since :since (an id).
SELECT p.id FROM shown AS s JOIN posts AS p ON p.id = s.post_id
WHERE s.event_id = :event AND s.surface = :surface AND s.post_id >= :since AND p.engagement > 0
ORDER BY p.engagement DESC, p.id DESC LIMIT :limit
