-- archive.db: the system of record. Private, never served, nothing derived.
-- Times are Unix seconds, UTC. A post's key is its URI with the path turned round, so that the
-- part that grows with time comes first and the unique index is filled at its end.

CREATE TABLE instances (
  id INTEGER PRIMARY KEY, source TEXT NOT NULL, host TEXT NOT NULL, UNIQUE (source, host)
);

CREATE TABLE authors (
  id INTEGER PRIMARY KEY, uri TEXT NOT NULL UNIQUE, handle TEXT NOT NULL, name TEXT NOT NULL,
  url TEXT, bot INTEGER, followers INTEGER, noindex INTEGER, indexable INTEGER,
  discoverable INTEGER, bio TEXT NOT NULL
);

CREATE TABLE posts (
  id INTEGER PRIMARY KEY,      -- seconds of the sort time << 20 | 20 bits of the key's checksum
  key TEXT NOT NULL UNIQUE,
  instance_id INTEGER NOT NULL REFERENCES instances (id),
  author_id INTEGER NOT NULL REFERENCES authors (id),
  created_at INTEGER NOT NULL, -- as claimed
  collected_at INTEGER NOT NULL,
  edited_at INTEGER,
  kind TEXT NOT NULL,
  url TEXT, reply_to TEXT, boost_of TEXT, quote_of TEXT,
  language TEXT,               -- as declared by the platform
  content_warning TEXT,
  sensitive INTEGER NOT NULL,
  boosts INTEGER, likes INTEGER, replies INTEGER, quotes INTEGER,   -- greatest over the sightings
  text TEXT,                   -- NULL for a boost that names its original: the text is there
  detail TEXT,                 -- JSON: hashtags, mentions, links, media, poll, labels
  raw BLOB NOT NULL            -- zstd; the frame names its dictionary, which names the format
);

-- Earlier states of an edited post.
CREATE TABLE versions (
  post_id INTEGER NOT NULL, edited_at INTEGER NOT NULL, seen_at INTEGER NOT NULL,
  text TEXT, content_warning TEXT, detail TEXT, raw BLOB NOT NULL,
  PRIMARY KEY (post_id, edited_at)
) WITHOUT ROWID;

-- Where each post was seen, with that server's latest counts.
CREATE TABLE sightings (
  post_id INTEGER NOT NULL, instance_id INTEGER NOT NULL, seen_at INTEGER NOT NULL,
  boosts INTEGER, likes INTEGER, replies INTEGER, quotes INTEGER,
  PRIMARY KEY (post_id, instance_id)
) WITHOUT ROWID;

-- How the counts of a post moved; a row only where they did.
CREATE TABLE engagement (
  post_id INTEGER NOT NULL, seen_at INTEGER NOT NULL,
  boosts INTEGER, likes INTEGER, replies INTEGER, quotes INTEGER,
  PRIMARY KEY (post_id, seen_at)
) WITHOUT ROWID;

CREATE TABLE tombstones (
  key TEXT PRIMARY KEY, post_id INTEGER, at INTEGER NOT NULL, reason TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX tombstones_unknown ON tombstones (at) WHERE post_id IS NULL;
CREATE TABLE author_tombstones (
  uri TEXT PRIMARY KEY, at INTEGER NOT NULL, reason TEXT NOT NULL
) WITHOUT ROWID;

-- Posts that an import put into an event whatever their hashtags.
CREATE TABLE events (id INTEGER PRIMARY KEY, slug TEXT NOT NULL UNIQUE);
CREATE TABLE event_posts (
  event_id INTEGER NOT NULL, post_id INTEGER NOT NULL, PRIMARY KEY (event_id, post_id)
) WITHOUT ROWID;

CREATE TABLE cursors (
  source TEXT NOT NULL, instance TEXT NOT NULL, hashtag TEXT NOT NULL,
  cursor TEXT NOT NULL, updated_at INTEGER NOT NULL,      -- cursor: JSON of model.Cursor
  PRIMARY KEY (source, instance, hashtag)
) WITHOUT ROWID;

CREATE TABLE runs (
  id INTEGER PRIMARY KEY, source TEXT NOT NULL, instance TEXT NOT NULL, hashtag TEXT NOT NULL,
  started_at INTEGER NOT NULL, ended_at INTEGER, state TEXT NOT NULL,
  pages INTEGER NOT NULL DEFAULT 0, received INTEGER NOT NULL DEFAULT 0,
  new INTEGER NOT NULL DEFAULT 0, changed INTEGER NOT NULL DEFAULT 0,
  rejected INTEGER NOT NULL DEFAULT 0, reason TEXT NOT NULL DEFAULT ''
);

CREATE TABLE rejects (
  id INTEGER PRIMARY KEY, run_id INTEGER NOT NULL, at INTEGER NOT NULL,
  place TEXT NOT NULL, reason TEXT NOT NULL, raw BLOB NOT NULL
);

CREATE TABLE gaps (
  id INTEGER PRIMARY KEY, source TEXT NOT NULL, instance TEXT NOT NULL, hashtag TEXT NOT NULL,
  start INTEGER NOT NULL, end INTEGER, reason TEXT NOT NULL, found_at INTEGER NOT NULL,
  filled_at INTEGER
);

-- Where each source stands now (the lamps) and the clock that a replay shows.
CREATE TABLE places (
  source TEXT NOT NULL, instance TEXT NOT NULL, event TEXT NOT NULL,
  state TEXT NOT NULL, detail TEXT NOT NULL,
  since INTEGER NOT NULL, checked_at INTEGER, next_attempt_at INTEGER,
  PRIMARY KEY (source, instance, event)
) WITHOUT ROWID;
CREATE TABLE clocks (
  source TEXT NOT NULL, instance TEXT NOT NULL, hashtag TEXT NOT NULL,
  at INTEGER NOT NULL, speed REAL NOT NULL, set_at REAL NOT NULL,
  PRIMARY KEY (source, instance, hashtag)
) WITHOUT ROWID;
CREATE TABLE heartbeats (process TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;

-- One row a change, in the transaction that made it. kind: post, gone, run, gap, place, clock.
CREATE TABLE changes (seq INTEGER PRIMARY KEY, kind TEXT NOT NULL, ref INTEGER NOT NULL);
