-- The programme of an event, in its order.
SELECT sessions.id, sessions.code, sessions.title, sessions.date, sessions.starts_at,
       sessions.ends_at, sessions.room, sessions.track, coalesce(themes.name, ''),
       sessions.speakers, sessions.url, sessions.abstract
FROM sessions LEFT JOIN themes ON themes.id = sessions.theme_id
WHERE sessions.event_id = :event
ORDER BY sessions.position, sessions.id
