-- The servers on which one post was seen, the first first.
SELECT instance, seen_at FROM sightings WHERE post_id = :post ORDER BY seen_at, instance LIMIT 200
