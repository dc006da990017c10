-- dashboard.db: what may be seen. Wholly derived from the archive; a new version is a rebuild.
-- Times in analysts' tables are ISO 8601 UTC with seconds and Z; rollup buckets are Unix seconds.
-- No table may be given "allow: false" as its only protection: what may not be seen is not here.

CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE events (
  id INTEGER PRIMARY KEY, slug TEXT NOT NULL UNIQUE, title TEXT NOT NULL, description TEXT NOT NULL,
  place TEXT NOT NULL, url TEXT NOT NULL, timezone TEXT NOT NULL,
  starts TEXT NOT NULL, ends TEXT NOT NULL, collect_from TEXT NOT NULL, collect_until TEXT NOT NULL,
  hashtags TEXT NOT NULL, accounts TEXT NOT NULL, languages TEXT NOT NULL,  -- JSON lists
  clock_mode TEXT NOT NULL,      -- 'live', 'replay' or 'over'
  clock_at INTEGER NOT NULL,     -- the event's time (Unix seconds) when the clock was last set …
  clock_set_at REAL NOT NULL,    -- … at this wall time (Unix seconds) …
  clock_speed REAL NOT NULL      -- … running this many times faster than the wall clock (0 = stands)
);

CREATE TABLE authors (
  id INTEGER PRIMARY KEY, uri TEXT NOT NULL, handle TEXT NOT NULL, name TEXT NOT NULL, url TEXT,
  bot INTEGER, followers INTEGER, posts INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX authors_handle ON authors (handle COLLATE NOCASE);

CREATE TABLE posts (
  id INTEGER PRIMARY KEY,        -- seconds of the sort time << 20, tie-break in the low 20 bits
  uri TEXT NOT NULL, url TEXT,
  source TEXT NOT NULL, instance TEXT NOT NULL,
  author_id INTEGER NOT NULL REFERENCES authors (id),
  created_at TEXT NOT NULL,      -- as claimed by the author, UTC
  text TEXT NOT NULL,
  declared TEXT,                 -- language as the platform declared it, NULL when it did not
  language TEXT NOT NULL,        -- ISO 639-1, or 'und'
  sentiment TEXT,                -- 'positive', 'neutral', 'negative' or NULL: unknown
  polarity REAL, confidence REAL,
  kind TEXT NOT NULL,            -- 'post', 'reply', 'quote', 'boost'
  reply_to TEXT, boost_of TEXT, quote_of TEXT,   -- URIs
  parent_id INTEGER,             -- id of the post in reply_to, when it is here
  quoted_id INTEGER,             -- id of the post in quote_of, when it is here; NULL for a reply
  folds_into INTEGER,            -- id of the post that a boost is shown under, when it is here
  boosts INTEGER NOT NULL DEFAULT 0, likes INTEGER NOT NULL DEFAULT 0,
  replies INTEGER NOT NULL DEFAULT 0, quotes INTEGER NOT NULL DEFAULT 0,
  engagement INTEGER NOT NULL DEFAULT 0,         -- boosts + likes + replies + quotes, of its copies too
  has_media INTEGER NOT NULL, has_link INTEGER NOT NULL,
  media TEXT,                    -- JSON list of {kind, url, alt}, NULL for none
  poll TEXT,                     -- JSON list of options, NULL for none
  content_warning TEXT, sensitive INTEGER NOT NULL DEFAULT 0,
  invented INTEGER NOT NULL DEFAULT 0,           -- 1: written for a demonstration, not a real post
  edited_at TEXT, collected_at TEXT NOT NULL,
  copy_of TEXT,                  -- the address of what a bridge made it of, NULL for a post of its own
  page TEXT,                     -- its page on the web, where a feed may tell of that too
  wording INTEGER                -- a checksum of its longest words; NULL for boosts and few words
);
-- An index of posts ends with the post's id by itself: named too, it would be stored twice.
CREATE INDEX posts_author ON posts (author_id);
CREATE INDEX posts_language ON posts (language);
CREATE INDEX posts_engagement ON posts (engagement);
CREATE INDEX posts_folds_into ON posts (folds_into) WHERE folds_into IS NOT NULL;
CREATE INDEX posts_parent ON posts (parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX posts_quoted ON posts (quoted_id) WHERE quoted_id IS NOT NULL;
CREATE INDEX posts_copy_of ON posts (id) WHERE copy_of IS NOT NULL;
CREATE INDEX posts_page ON posts (page) WHERE page IS NOT NULL;
CREATE INDEX posts_wording ON posts (wording) WHERE wording IS NOT NULL;
CREATE INDEX posts_invented ON posts (id) WHERE invented = 1;

-- Which events a post belongs to.
CREATE TABLE event_posts (
  event_id INTEGER NOT NULL, post_id INTEGER NOT NULL, PRIMARY KEY (event_id, post_id)
) WITHOUT ROWID;

CREATE VIRTUAL TABLE posts_index USING fts5 (
  text, content='', tokenize='unicode61 remove_diacritics 2', detail=full
);

-- name is folded (NFKC, case, accents); shown is as first written.
CREATE TABLE hashtags (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, shown TEXT NOT NULL);
CREATE TABLE post_hashtags (
  hashtag_id INTEGER NOT NULL, post_id INTEGER NOT NULL, PRIMARY KEY (hashtag_id, post_id)
) WITHOUT ROWID;
CREATE INDEX post_hashtags_post ON post_hashtags (post_id);

CREATE TABLE links (id INTEGER PRIMARY KEY, url TEXT NOT NULL UNIQUE, host TEXT NOT NULL);
CREATE INDEX links_host ON links (host);
CREATE TABLE post_links (
  link_id INTEGER NOT NULL, post_id INTEGER NOT NULL, PRIMARY KEY (link_id, post_id)
) WITHOUT ROWID;
CREATE INDEX post_links_post ON post_links (post_id);

CREATE TABLE post_mentions (
  handle TEXT NOT NULL, post_id INTEGER NOT NULL, PRIMARY KEY (handle, post_id)
) WITHOUT ROWID;
CREATE INDEX post_mentions_post ON post_mentions (post_id);

CREATE TABLE themes (
  id INTEGER PRIMARY KEY, event_id INTEGER NOT NULL, name TEXT NOT NULL, terms TEXT NOT NULL
);
CREATE TABLE post_themes (
  theme_id INTEGER NOT NULL, post_id INTEGER NOT NULL,
  confidence REAL NOT NULL, reasons TEXT NOT NULL,       -- JSON list of {kind, text, weight, start, end}
  annotator TEXT NOT NULL, version TEXT NOT NULL,
  PRIMARY KEY (theme_id, post_id)
) WITHOUT ROWID;
CREATE INDEX post_themes_post ON post_themes (post_id);

-- Who belongs to the event, as its roster has it; everybody else is the public.
CREATE TABLE roster (
  event_id INTEGER NOT NULL, group_name TEXT NOT NULL, name TEXT NOT NULL,
  network TEXT NOT NULL,         -- mastodon, bluesky, x, '' for any
  handle TEXT NOT NULL
);
-- The authors who are on a roster.
CREATE TABLE author_groups (
  event_id INTEGER NOT NULL, group_name TEXT NOT NULL, author_id INTEGER NOT NULL,
  PRIMARY KEY (event_id, group_name, author_id)
) WITHOUT ROWID;
CREATE INDEX author_groups_author ON author_groups (author_id);

CREATE TABLE sessions (
  id INTEGER PRIMARY KEY, event_id INTEGER NOT NULL, code TEXT NOT NULL, title TEXT NOT NULL,
  date TEXT, starts_at TEXT, ends_at TEXT, room TEXT NOT NULL, track TEXT NOT NULL,
  theme_id INTEGER, abstract TEXT NOT NULL, url TEXT NOT NULL, speakers TEXT NOT NULL,  -- JSON
  position INTEGER NOT NULL      -- order in the programme
);
-- What became different in an event's programme; before and after are words, times are local.
CREATE TABLE programme_changes (
  id INTEGER PRIMARY KEY, event_id INTEGER NOT NULL, changed_at TEXT NOT NULL,
  kind TEXT NOT NULL,            -- imported, added, moved, renamed, changed, cancelled, forgotten
  code TEXT NOT NULL, title TEXT NOT NULL, before TEXT NOT NULL, after TEXT NOT NULL
);
CREATE INDEX programme_changes_event ON programme_changes (event_id, id);
CREATE TABLE post_sessions (
  session_id INTEGER NOT NULL, post_id INTEGER NOT NULL,
  confidence REAL NOT NULL, reasons TEXT NOT NULL,
  annotator TEXT NOT NULL, version TEXT NOT NULL,
  PRIMARY KEY (session_id, post_id)
) WITHOUT ROWID;
CREATE INDEX post_sessions_post ON post_sessions (post_id);

-- Posts that ask: a speaker, the organisers, or nobody in particular (rhetorical).
CREATE TABLE post_questions (
  event_id INTEGER NOT NULL, post_id INTEGER NOT NULL,
  asked TEXT NOT NULL,           -- 'speaker', 'organiser', 'rhetorical'
  confidence REAL NOT NULL,
  start INTEGER NOT NULL, end INTEGER NOT NULL,          -- the question's code points in the text
  annotator TEXT NOT NULL, version TEXT NOT NULL,
  PRIMARY KEY (event_id, post_id)
) WITHOUT ROWID;

-- Tags that a person gave in the annotators' place. value is the label, the theme's name or the
-- session's code, NULL for none; tagged is what the annotators say (themes: a JSON list of names).
-- A person's tone has neither polarity nor confidence; a person's theme or session has
-- annotator 'person' and this decision as its version.
CREATE TABLE corrections (
  post_id INTEGER NOT NULL, field TEXT NOT NULL, event_id INTEGER NOT NULL,
  value TEXT, tagged TEXT, decision INTEGER NOT NULL, decided_at TEXT NOT NULL,
  PRIMARY KEY (post_id, field, event_id)
) WITHOUT ROWID;

-- A sample of the event, labelled by a person: what accuracy is measured with. Not corrections.
CREATE TABLE labels (
  post_id INTEGER NOT NULL, event_id INTEGER NOT NULL,
  person TEXT,                   -- 'positive', 'neutral', 'negative', NULL: could not tell
  label TEXT NOT NULL, confidence REAL,          -- the annotator's when the sample was drawn
  language TEXT NOT NULL,        -- then
  stratum TEXT NOT NULL, stratum_posts INTEGER NOT NULL,   -- what it was drawn from, and its size
  weight REAL NOT NULL,          -- how many posts of the stratum it stands for
  annotator TEXT NOT NULL, decision INTEGER NOT NULL, decided_at TEXT NOT NULL,
  PRIMARY KEY (post_id, event_id)
) WITHOUT ROWID;

-- Boosts that quote their original's words without naming it are folded by those words.
CREATE TABLE wordings (
  fingerprint INTEGER NOT NULL, post_id INTEGER NOT NULL, PRIMARY KEY (fingerprint, post_id)
) WITHOUT ROWID;

-- Posts that answer, quote or boost one which is not here; its arrival tags them again.
CREATE TABLE waiting (
  target INTEGER NOT NULL,       -- 64 bits of the checksum of the missing post's URI
  post_id INTEGER NOT NULL, PRIMARY KEY (target, post_id)
) WITHOUT ROWID;

-- One message that stands on several networks: pairs of posts, each both ways round.
CREATE TABLE same_message (
  post_id INTEGER NOT NULL, other_id INTEGER NOT NULL,
  why TEXT NOT NULL,             -- 'bridge', 'address' (one page), 'author' (posted twice)
  PRIMARY KEY (post_id, other_id)
) WITHOUT ROWID;
-- The posts of an event that are shown under another of the same message.
CREATE TABLE copies (
  event_id INTEGER NOT NULL, post_id INTEGER NOT NULL, shown_id INTEGER NOT NULL,
  PRIMARY KEY (event_id, post_id)
) WITHOUT ROWID;
CREATE INDEX copies_post ON copies (post_id);
CREATE INDEX copies_shown ON copies (shown_id, post_id);
-- The posts of an event in nearly the words of an earlier one, whoever wrote them; no copies.
CREATE TABLE alike (
  event_id INTEGER NOT NULL, post_id INTEGER NOT NULL, first_id INTEGER NOT NULL,
  PRIMARY KEY (event_id, post_id)
) WITHOUT ROWID;
CREATE INDEX alike_first ON alike (event_id, first_id, post_id);
-- What authors may be known by on another network: handles without servers, names.
CREATE TABLE author_keys (
  key TEXT NOT NULL, network TEXT NOT NULL, author_id INTEGER NOT NULL,
  PRIMARY KEY (key, network, author_id)
) WITHOUT ROWID;
CREATE INDEX author_keys_author ON author_keys (author_id);

-- The same post on other servers, and how its counts moved (only where they did).
CREATE TABLE sightings (
  post_id INTEGER NOT NULL, instance TEXT NOT NULL, seen_at TEXT NOT NULL,
  PRIMARY KEY (post_id, instance)
) WITHOUT ROWID;
-- How many posts a server had, and how many of them no other had.
CREATE TABLE server_posts (
  event_id INTEGER NOT NULL, instance TEXT NOT NULL,
  posts INTEGER NOT NULL, only_here INTEGER NOT NULL, PRIMARY KEY (event_id, instance)
) WITHOUT ROWID;
CREATE TABLE engagement (
  post_id INTEGER NOT NULL, seen_at TEXT NOT NULL,
  boosts INTEGER, likes INTEGER, replies INTEGER, quotes INTEGER, PRIMARY KEY (post_id, seen_at)
) WITHOUT ROWID;

-- Rollups. facet/value: 'all'/'' · 'source'/name · 'theme'/themes.id · 'session'/sessions.id
-- · 'language'/code · 'hashtag'/hashtags.id · 'author'/authors.id · 'link'/links.id
-- · 'group'/a roster's group · 'inside'/'' (anybody on the roster) · 'inside theme'/themes.id.
-- · 'copy'/'' (posts shown under another, see copies) · 'copy theme'/themes.id · 'copy session'/…
-- posts counts everything, boosts the boosts among them; the tones and unknown cover the others:
-- posts = boosts + positive + neutral + negative + unknown.
-- messages = posts - boosts - copies.
-- minute holds all, source, theme, session and copies; hour adds language, hashtag, group, inside and inside
-- theme; day adds author, link.
-- Hours and days begin in the event's time zone.
CREATE TABLE rollup_minute (
  event_id INTEGER NOT NULL, facet TEXT NOT NULL, value NOT NULL, bucket INTEGER NOT NULL,
  posts INTEGER NOT NULL, boosts INTEGER NOT NULL, positive INTEGER NOT NULL,
  neutral INTEGER NOT NULL, negative INTEGER NOT NULL, unknown INTEGER NOT NULL,
  PRIMARY KEY (event_id, facet, value, bucket)
) WITHOUT ROWID;
CREATE TABLE rollup_hour (
  event_id INTEGER NOT NULL, facet TEXT NOT NULL, value NOT NULL, bucket INTEGER NOT NULL,
  posts INTEGER NOT NULL, boosts INTEGER NOT NULL, positive INTEGER NOT NULL,
  neutral INTEGER NOT NULL, negative INTEGER NOT NULL, unknown INTEGER NOT NULL,
  PRIMARY KEY (event_id, facet, value, bucket)
) WITHOUT ROWID;
CREATE TABLE rollup_day (
  event_id INTEGER NOT NULL, facet TEXT NOT NULL, value NOT NULL, bucket INTEGER NOT NULL,
  posts INTEGER NOT NULL, boosts INTEGER NOT NULL, positive INTEGER NOT NULL,
  neutral INTEGER NOT NULL, negative INTEGER NOT NULL, unknown INTEGER NOT NULL,
  PRIMARY KEY (event_id, facet, value, bucket)
) WITHOUT ROWID;
CREATE INDEX rollup_minute_top ON rollup_minute (event_id, facet, bucket, value, posts);
CREATE INDEX rollup_hour_top ON rollup_hour (event_id, facet, bucket, value, posts);
CREATE INDEX rollup_day_top ON rollup_day (event_id, facet, bucket, value, posts);

-- When far more was posted than usual, and what drove it. Times are Unix seconds, whole minutes.
CREATE TABLE spikes (
  event_id INTEGER NOT NULL, starts INTEGER NOT NULL, ends INTEGER NOT NULL,
  posts INTEGER NOT NULL,        -- in all that time
  peak INTEGER NOT NULL,         -- the most in five minutes, which end at …
  peak_at INTEGER NOT NULL,
  usual REAL NOT NULL,           -- what five minutes bring then, 0 where nothing came before
  session_id INTEGER, session_posts INTEGER NOT NULL,   -- the leading one of each, NULL for none
  theme_id INTEGER, theme_posts INTEGER NOT NULL,
  hashtag_id INTEGER, hashtag_posts INTEGER NOT NULL,
  author_id INTEGER, author_posts INTEGER NOT NULL,
  post_id INTEGER, post_boosts INTEGER NOT NULL,        -- the post boosted most
  terms TEXT NOT NULL,           -- JSON list: words and pairs of words that its posts brought up
  PRIMARY KEY (event_id, starts)
) WITHOUT ROWID;

-- What people wrote beside the chart, mirrored from the archive.
CREATE TABLE notes (
  event_id INTEGER NOT NULL, note INTEGER NOT NULL,
  is_spike INTEGER NOT NULL,     -- 1: it words the spike that begins at its moment
  moment INTEGER NOT NULL,       -- the event's time, Unix seconds
  words TEXT NOT NULL, actor TEXT NOT NULL, made_at TEXT NOT NULL,
  PRIMARY KEY (event_id, note)
) WITHOUT ROWID;

-- Rules of alerts that people set on the page, mirrored from the archive.
CREATE TABLE alert_rules (
  id INTEGER PRIMARY KEY, event_id INTEGER NOT NULL, name TEXT NOT NULL,
  rule TEXT NOT NULL,            -- JSON
  actor TEXT NOT NULL, made_at TEXT NOT NULL
);

-- Words and pairs of words of the last hour that no theme covers, the most surprising first: looked
-- for anew every half minute. Times are Unix seconds.
CREATE TABLE emerging (
  event_id INTEGER NOT NULL, place INTEGER NOT NULL,
  starts INTEGER NOT NULL, ends INTEGER NOT NULL,       -- the hour
  phrase TEXT NOT NULL,          -- as it is mostly written
  posts INTEGER NOT NULL, authors INTEGER NOT NULL,     -- that used it in the hour
  before INTEGER NOT NULL,       -- posts before the hour that used it
  surprise REAL NOT NULL,        -- standard deviations above what was usual before
  of_posts INTEGER NOT NULL, of_before INTEGER NOT NULL, -- posts looked at, in the hour and before
  PRIMARY KEY (event_id, place)
) WITHOUT ROWID;

-- Collection, mirrored from the archive.
CREATE TABLE places (            -- where each source stands now: the lamps
  source TEXT NOT NULL, instance TEXT NOT NULL, event TEXT NOT NULL DEFAULT '',  -- event: slug, '' for all
  state TEXT NOT NULL,           -- collecting, replaying, rate-limited, unreachable, denied, outside, finished, off
  detail TEXT NOT NULL, since TEXT NOT NULL, checked_at TEXT, next_attempt_at TEXT,
  PRIMARY KEY (source, instance, event)
) WITHOUT ROWID;
CREATE TABLE runs (
  id INTEGER PRIMARY KEY, source TEXT NOT NULL, instance TEXT NOT NULL, hashtag TEXT NOT NULL,
  started_at TEXT NOT NULL, ended_at TEXT, state TEXT NOT NULL,   -- running, ok, skipped, partial, failed
  pages INTEGER NOT NULL, received INTEGER NOT NULL, new INTEGER NOT NULL,
  changed INTEGER NOT NULL, rejected INTEGER NOT NULL, reason TEXT NOT NULL
);
CREATE INDEX runs_started ON runs (started_at);
CREATE TABLE gaps (
  id INTEGER PRIMARY KEY, source TEXT NOT NULL, instance TEXT NOT NULL, hashtag TEXT NOT NULL,
  starts_at TEXT NOT NULL, ends_at TEXT, reason TEXT NOT NULL, filled_at TEXT
);
-- What sources that want money spent, by month (2026-11, UTC), in millionths of a US dollar.
CREATE TABLE spending (
  source TEXT NOT NULL, month TEXT NOT NULL, spent INTEGER NOT NULL,
  held INTEGER NOT NULL,         -- for answers that are under way, or never came
  budget INTEGER NOT NULL,
  PRIMARY KEY (source, month)
) WITHOUT ROWID;
-- How long after they were written posts were collected, by place and hour of collection (UTC).
CREATE TABLE lag_hour (
  source TEXT NOT NULL, instance TEXT NOT NULL, bucket INTEGER NOT NULL,
  lag INTEGER NOT NULL,          -- within so many seconds: 5, 15, 30, 60, 120, 300 … 86400
  posts INTEGER NOT NULL,        -- those over a day old when they came are left out
  PRIMARY KEY (source, instance, bucket, lag)
) WITHOUT ROWID;
-- Per source and hour (UTC): what ran.
CREATE TABLE coverage_hour (
  source TEXT NOT NULL, instance TEXT NOT NULL, bucket INTEGER NOT NULL,
  runs INTEGER NOT NULL, failed INTEGER NOT NULL, received INTEGER NOT NULL,
  new INTEGER NOT NULL, rejected INTEGER NOT NULL,
  PRIMARY KEY (source, instance, bucket)
) WITHOUT ROWID;
