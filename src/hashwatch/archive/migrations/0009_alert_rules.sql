-- Rules of alerts that people set on a page, beside those of the configuration. Append-only: of the
-- rows of one name the latest stands; an empty rule (NULL) takes it back.
CREATE TABLE alert_rules (
  id INTEGER PRIMARY KEY, at INTEGER NOT NULL, actor TEXT NOT NULL, event TEXT NOT NULL,
  name TEXT NOT NULL,
  rule TEXT                    -- JSON: kind, to, minutes, posts, share, cool_down, terms, account, group
);
CREATE INDEX alert_rules_name ON alert_rules (event, name, id);
CREATE TRIGGER alert_rules_stay BEFORE DELETE ON alert_rules
BEGIN SELECT RAISE(ABORT, 'decisions are never deleted'); END;
CREATE TRIGGER alert_rules_stand BEFORE UPDATE OF id, at, actor, event ON alert_rules
BEGIN SELECT RAISE(ABORT, 'decisions are never changed'); END;
