-- Those of some posts that an event still has.
SELECT value FROM json_each(:ids) CROSS JOIN event_posts ON event_id = :event AND post_id = value
