-- The names of the people of an event: on its roster, and speaking in its sessions.
SELECT name FROM roster WHERE event_id = :event
UNION
SELECT coalesce(json_extract(speaker.value, '$.name'), speaker.value)
FROM sessions JOIN json_each(sessions.speakers) AS speaker WHERE sessions.event_id = :event
