-- What people decided about posts: a tag corrected, a post of a sample labelled. Append-only: the
-- latest decision stands, an empty value (NULL) takes back what stood before it. When its post is
-- deleted, a decision loses its note and key, which may hold the author's words and name.
CREATE TABLE decisions (
  id INTEGER PRIMARY KEY, at INTEGER NOT NULL, actor TEXT NOT NULL, event TEXT NOT NULL,
  kind TEXT NOT NULL,          -- label, correct
  post_key TEXT, post_id INTEGER NOT NULL,
  field TEXT NOT NULL,         -- sentiment, theme, session
  value TEXT,
  note TEXT NOT NULL DEFAULT ''
);
CREATE INDEX decisions_post ON decisions (post_id, kind, field, event);
CREATE TRIGGER decisions_stay BEFORE DELETE ON decisions
BEGIN SELECT RAISE(ABORT, 'decisions are never deleted'); END;
CREATE TRIGGER decisions_stand
BEFORE UPDATE OF id, at, actor, event, kind, post_id, field, value ON decisions
BEGIN SELECT RAISE(ABORT, 'decisions are never changed'); END;

-- Samples to be labelled, the newest of an event in use. Probabilities are fixed when it is drawn.
CREATE TABLE samples (
  id INTEGER PRIMARY KEY, event TEXT NOT NULL, at INTEGER NOT NULL, seed INTEGER NOT NULL,
  size INTEGER NOT NULL, annotator TEXT NOT NULL
);
CREATE TABLE sampled (
  sample_id INTEGER NOT NULL, place INTEGER NOT NULL, post_id INTEGER NOT NULL,
  stratum TEXT NOT NULL, stratum_posts INTEGER NOT NULL,
  label TEXT NOT NULL, confidence REAL, language TEXT NOT NULL, weight REAL NOT NULL,
  PRIMARY KEY (sample_id, place)
) WITHOUT ROWID;
CREATE INDEX sampled_post ON sampled (post_id);
