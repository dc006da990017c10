-- The sessions of an event by code.
SELECT code, id FROM sessions WHERE event_id = :event ORDER BY position, id
