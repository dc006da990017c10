-- Of alerts.db: what rules have said of an event (:event, empty for all), the newest first.
SELECT id, rule, kind, event, title, words, href, event_at, made_at
FROM alerts WHERE :event IN ('', event) ORDER BY id DESC LIMIT :limit
