-- public.db: posts of an event on a surface after an id, for exports, the oldest first.
SELECT p.id, p.uri, p.url, p.source, a.handle, a.name, p.created_at, p.text, p.language
FROM shown AS s JOIN posts AS p ON p.id = s.post_id JOIN authors AS a ON a.id = p.author_id
WHERE s.event_id = :event AND s.surface = :surface AND s.post_id > :after
ORDER BY s.post_id LIMIT :limit
