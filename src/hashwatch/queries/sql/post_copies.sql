-- The posts that are one message with :post in an event, itself among them: what is shown first.
WITH shown AS (
  SELECT coalesce((SELECT shown_id FROM copies WHERE event_id = :event AND post_id = :post), :post)
    AS id
)
SELECT p.id, p.source, p.instance, p.url, p.uri, a.handle, p.boosts, p.likes, p.replies, p.quotes,
  coalesce(
    (SELECT why FROM same_message WHERE post_id = p.id AND other_id = wanted.shown_id),
    (SELECT min(why) FROM same_message WHERE post_id = p.id)
  ),
  p.copy_of IS NOT NULL
FROM (
  SELECT id, id AS shown_id FROM shown
  UNION ALL
  SELECT post_id, shown_id FROM shown CROSS JOIN copies
  ON shown_id = shown.id AND event_id = :event
) AS wanted CROSS JOIN posts AS p ON p.id = wanted.id CROSS JOIN authors AS a ON a.id = p.author_id
ORDER BY p.id <> wanted.shown_id, p.id
