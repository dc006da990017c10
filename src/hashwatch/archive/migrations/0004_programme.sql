-- Programmes that were imported, or read from where the configuration says. The imported one of an
-- event stands before the configured one. session: JSON of model.Session.
CREATE TABLE programmes (
  event TEXT NOT NULL,
  origin TEXT NOT NULL,        -- imported, configured
  location TEXT NOT NULL,      -- the path or address that it was read from
  at INTEGER NOT NULL,         -- when its sessions last became others
  etag TEXT NOT NULL DEFAULT '', last_modified TEXT NOT NULL DEFAULT '',   -- as a server gave them
  PRIMARY KEY (event, origin)
) WITHOUT ROWID;
CREATE TABLE programme_sessions (
  event TEXT NOT NULL, origin TEXT NOT NULL, position INTEGER NOT NULL, session TEXT NOT NULL,
  PRIMARY KEY (event, origin, position)
) WITHOUT ROWID;
-- What became different in the programme that stands, in words: times are in the event's zone.
CREATE TABLE programme_changes (
  id INTEGER PRIMARY KEY, event TEXT NOT NULL, at INTEGER NOT NULL,
  kind TEXT NOT NULL,          -- imported, added, moved, renamed, changed, cancelled, forgotten
  code TEXT NOT NULL, title TEXT NOT NULL, before TEXT NOT NULL, after TEXT NOT NULL
);
CREATE INDEX programme_changes_event ON programme_changes (event, id);
