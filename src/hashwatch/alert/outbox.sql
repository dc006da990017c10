-- alerts.db: where each rule stands, and what was and is to be sent. One writer: the alerter.
-- Times are Unix seconds by the wall, but for event_at and spoke_at, which are the event's own.
CREATE TABLE IF NOT EXISTS standings (
  rule TEXT NOT NULL, event TEXT NOT NULL,
  active INTEGER NOT NULL, key TEXT NOT NULL, spoke_at INTEGER,
  PRIMARY KEY (rule, event)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS alerts (
  id INTEGER PRIMARY KEY, rule TEXT NOT NULL, kind TEXT NOT NULL, event TEXT NOT NULL,
  title TEXT NOT NULL, words TEXT NOT NULL, href TEXT NOT NULL,
  event_at INTEGER NOT NULL, made_at INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS alerts_event ON alerts (event, id);
-- The rules of the configuration that the alerter runs with, and what each looks for, in words.
CREATE TABLE IF NOT EXISTS rules (
  place INTEGER PRIMARY KEY, name TEXT NOT NULL, kind TEXT NOT NULL, words TEXT NOT NULL,
  events TEXT NOT NULL, destinations TEXT NOT NULL    -- JSON lists; events: empty for all
);
-- Where alerts can be sent.
CREATE TABLE IF NOT EXISTS destinations (name TEXT PRIMARY KEY) WITHOUT ROWID;
-- One row for each destination of an alert. state: waiting, sending, sent, given_up.
CREATE TABLE IF NOT EXISTS deliveries (
  alert_id INTEGER NOT NULL REFERENCES alerts (id), destination TEXT NOT NULL,
  state TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, next_at REAL NOT NULL,
  sent_at INTEGER, problem TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (alert_id, destination)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS deliveries_due ON deliveries (state, next_at);
