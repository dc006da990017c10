-- Where each source of an event stands now.
SELECT source, instance, state, detail, checked_at, next_attempt_at
FROM places
WHERE event IN ('', :slug)
ORDER BY source, instance, event
