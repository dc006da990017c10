-- Of alerts.db: the rules that concern an event, and whether each sees something now.
SELECT name, kind, words, destinations, coalesce(active, 0)
FROM rules LEFT JOIN standings ON standings.rule = rules.name AND standings.event = :event
WHERE events = '[]' OR :event IN (SELECT value FROM json_each(events))
ORDER BY place
