-- Money spent on what sources read, in millionths of a US dollar. A month is its first moment (Unix
-- seconds, UTC). Nothing is asked for before the most that the answer can cost stands here as held;
-- what an answer did cost takes its place, and what is never answered stays held.
CREATE TABLE spending (
  source TEXT NOT NULL, month INTEGER NOT NULL, spent INTEGER NOT NULL, budget INTEGER NOT NULL,
  PRIMARY KEY (source, month)
) WITHOUT ROWID;
CREATE TABLE holds (
  id INTEGER NOT NULL, month INTEGER NOT NULL, source TEXT NOT NULL, amount INTEGER NOT NULL,
  at INTEGER NOT NULL, PRIMARY KEY (id, month)
) WITHOUT ROWID;
-- What was paid for on a day (Unix days, UTC) and is not charged again on it, by its checksum.
CREATE TABLE paid (
  source TEXT NOT NULL, day INTEGER NOT NULL, thing INTEGER NOT NULL,
  PRIMARY KEY (source, day, thing)
) WITHOUT ROWID;
