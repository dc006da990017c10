-- public.db: how many posts of an event each surface shows.
SELECT surface, count(*) FROM shown JOIN events ON events.id = event_id
WHERE slug = :slug GROUP BY surface
