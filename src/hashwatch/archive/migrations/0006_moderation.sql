-- What people decided about what is shown. Append-only: of the rows on one subject the latest
-- stands; an empty verdict (NULL) takes back what stood before it.
CREATE TABLE moderation (
  id INTEGER PRIMARY KEY, at INTEGER NOT NULL, actor TEXT NOT NULL, event TEXT NOT NULL,
  subject TEXT NOT NULL,       -- post, pin, author, term, surface
  ref TEXT NOT NULL,           -- a post's or an author's number, a term, a surface
  verdict TEXT,                -- approve, allow, reject, hide, pin, stop
  note TEXT NOT NULL DEFAULT ''
);
CREATE INDEX moderation_subject ON moderation (event, subject, ref, id);
CREATE TRIGGER moderation_stays BEFORE DELETE ON moderation
BEGIN SELECT RAISE(ABORT, 'decisions are never deleted'); END;
CREATE TRIGGER moderation_stands
BEFORE UPDATE OF id, at, actor, event, subject, verdict ON moderation
BEGIN SELECT RAISE(ABORT, 'decisions are never changed'); END;
