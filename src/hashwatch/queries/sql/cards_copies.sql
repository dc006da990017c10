-- The copies of one message that are shown under each post in :ids, with their own counts.
SELECT copies.shown_id, p.id, p.source, p.instance, p.boosts, p.likes, p.replies, p.quotes
FROM json_each(:ids) AS wanted
CROSS JOIN copies ON copies.shown_id = wanted.value AND copies.event_id = :event
CROSS JOIN posts AS p ON p.id = copies.post_id
ORDER BY p.id
