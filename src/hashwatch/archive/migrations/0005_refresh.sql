-- What each server calls a post that it can be asked for again, and when it last told of it. NULL
-- where it cannot be asked, or has it no more.
ALTER TABLE sightings ADD COLUMN local_id TEXT;
ALTER TABLE sightings ADD COLUMN checked_at INTEGER;
CREATE INDEX sightings_checked ON sightings (instance_id, checked_at) WHERE local_id IS NOT NULL;
