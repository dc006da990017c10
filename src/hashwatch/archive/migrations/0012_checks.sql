-- Checks of the sources that people ask for on a page, and what each came to. The collector answers;
-- what an earlier one found is dropped when the next has ended, or after a day.
CREATE TABLE checks (
  id INTEGER PRIMARY KEY, asked_at INTEGER NOT NULL, actor TEXT NOT NULL,
  began_at INTEGER, ended_at INTEGER,
  problem TEXT NOT NULL DEFAULT ''   -- why it could not be carried out
);
CREATE TABLE checked (
  check_id INTEGER NOT NULL REFERENCES checks (id), place INTEGER NOT NULL,
  event TEXT NOT NULL, source TEXT NOT NULL, instance TEXT NOT NULL, what TEXT NOT NULL,
  would TEXT NOT NULL, ok INTEGER NOT NULL, verdict TEXT NOT NULL, answer TEXT NOT NULL,
  samples TEXT NOT NULL,             -- JSON: three posts, each handle, text, url
  PRIMARY KEY (check_id, place)
) WITHOUT ROWID;
