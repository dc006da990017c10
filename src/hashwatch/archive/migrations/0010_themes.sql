-- Themes that people made beside those of the configuration. Append-only: of the rows on one theme
-- (ref: the name that it was made with) the latest stands; without terms (NULL) it is withdrawn.
CREATE TABLE theme_decisions (
  id INTEGER PRIMARY KEY, at INTEGER NOT NULL, actor TEXT NOT NULL, event TEXT NOT NULL,
  ref TEXT NOT NULL,
  name TEXT NOT NULL,
  terms TEXT,                  -- a JSON list of words and phrases
  note TEXT NOT NULL DEFAULT ''
);
CREATE INDEX theme_decisions_ref ON theme_decisions (event, ref, id);
CREATE TRIGGER theme_decisions_stay BEFORE DELETE ON theme_decisions
BEGIN SELECT RAISE(ABORT, 'decisions are never deleted'); END;
CREATE TRIGGER theme_decisions_stand
BEFORE UPDATE OF id, at, actor, event, ref, name, terms ON theme_decisions
BEGIN SELECT RAISE(ABORT, 'decisions are never changed'); END;
