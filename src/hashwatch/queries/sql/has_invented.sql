-- Whether an event holds a post that was written for a demonstration.
SELECT EXISTS (
  SELECT 1 FROM posts JOIN event_posts ON event_posts.post_id = posts.id
  WHERE posts.invented = 1 AND event_posts.event_id = :event
)
