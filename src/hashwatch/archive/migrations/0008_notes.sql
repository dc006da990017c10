-- What people write beside the chart: that the keynote began, what a spike was about. Append-only:
-- of the rows of one note the latest stands; empty words (NULL) take it back.
CREATE TABLE notes (
  id INTEGER PRIMARY KEY, at INTEGER NOT NULL, actor TEXT NOT NULL, event TEXT NOT NULL,
  note INTEGER NOT NULL,       -- the number of the note: that of its first row
  is_spike INTEGER NOT NULL,   -- 1: it words the spike that begins at its moment
  moment INTEGER NOT NULL,     -- the event's time, Unix seconds
  words TEXT
);
CREATE INDEX notes_note ON notes (event, note, id);
CREATE TRIGGER notes_stay BEFORE DELETE ON notes
BEGIN SELECT RAISE(ABORT, 'decisions are never deleted'); END;
CREATE TRIGGER notes_stand
BEFORE UPDATE OF id, at, actor, event, note, is_spike, moment ON notes
BEGIN SELECT RAISE(ABORT, 'decisions are never changed'); END;
