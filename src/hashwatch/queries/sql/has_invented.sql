-- Whether an event holds a post that was written for a demonstration.
SELECT EXISTS (
  SELECT 1 FROM posts INDEXED BY posts_invented CROSS JOIN event_posts
  WHERE posts.invented = 1
    AND event_posts.event_id = :event AND event_posts.post_id = posts.id
)
