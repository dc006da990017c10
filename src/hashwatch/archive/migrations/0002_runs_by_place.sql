-- The collector asks when each place was last read whole.
CREATE INDEX runs_place ON runs (source, instance, hashtag, started_at) WHERE state = 'ok';
