-- What each copy among :ids is shown under.
SELECT copies.post_id, p.id, p.source, p.instance
FROM json_each(:ids) AS wanted
CROSS JOIN copies ON copies.event_id = :event AND copies.post_id = wanted.value
CROSS JOIN posts AS p ON p.id = copies.shown_id
