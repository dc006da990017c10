-- What public.db holds beside the tables of dashboard.db: where each of its posts may be seen.
-- surface: 'wall', 'page', 'feed', 'export'. pinned is the time of the decision, 0 for none.
CREATE TABLE shown (
  event_id INTEGER NOT NULL, surface TEXT NOT NULL, post_id INTEGER NOT NULL,
  pinned INTEGER NOT NULL, PRIMARY KEY (event_id, surface, post_id)
) WITHOUT ROWID;
CREATE INDEX shown_post ON shown (post_id);
