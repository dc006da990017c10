-- What emerges in an event, the most surprising first, as the publisher saw it last.
SELECT starts, ends, phrase, posts, authors, before, of_posts, of_before
FROM emerging WHERE event_id = :event ORDER BY place
