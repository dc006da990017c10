-- Who takes care of which post, and what came of it. Append-only: what stands follows from all rows.
CREATE TABLE triage (
  id INTEGER PRIMARY KEY, at INTEGER NOT NULL, actor TEXT NOT NULL, event TEXT NOT NULL,
  post_id INTEGER NOT NULL,
  event_at INTEGER NOT NULL,   -- the event's time (Unix seconds) when it was decided
  action TEXT NOT NULL,        -- assign, snooze, resolve, answer, reopen
  value TEXT NOT NULL,         -- assign: a person, or nobody · snooze: until (the event's time) ·
                               -- answer: the answer's address
  note TEXT NOT NULL DEFAULT ''
);
CREATE INDEX triage_post ON triage (event, post_id, id);
CREATE TRIGGER triage_stays BEFORE DELETE ON triage
BEGIN SELECT RAISE(ABORT, 'decisions are never deleted'); END;
