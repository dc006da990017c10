-- How many of an event's posts each server had, and how many no other had.
SELECT instance, posts, only_here FROM server_posts WHERE event_id = :event
ORDER BY posts DESC, instance
