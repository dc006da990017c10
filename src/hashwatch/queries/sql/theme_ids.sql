-- The themes of an event by name.
SELECT name, id FROM themes WHERE event_id = :event ORDER BY id
