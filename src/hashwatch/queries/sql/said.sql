-- What people wrote in an event in a window of ids, boosts left out, the newest first.
SELECT p.author_id, p.text
FROM event_posts JOIN posts AS p ON p.id = event_posts.post_id
WHERE event_posts.event_id = :event AND event_posts.post_id >= :low AND event_posts.post_id < :high
  AND p.kind <> 'boost'
ORDER BY event_posts.post_id DESC LIMIT :limit
