-- What became different in the programme of an event, the newest first.
SELECT changed_at, kind, code, title, before, after,
       EXISTS (SELECT 1 FROM sessions AS s
               WHERE s.event_id = programme_changes.event_id AND s.code = programme_changes.code)
FROM programme_changes
WHERE event_id = :event
ORDER BY id DESC
LIMIT :limit
