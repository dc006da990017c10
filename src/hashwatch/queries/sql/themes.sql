-- The themes of an event, in the order in which they were set up.
SELECT id, name, terms FROM themes WHERE event_id = :event ORDER BY id
