-- Originals of an event in a window of ids that somebody reacted to, with what their authors'
-- earlier posts there got: post, reactions, author's other posts, their reactions.
SELECT p.id, p.engagement,
  (SELECT count(*) FROM posts AS o JOIN event_posts AS e ON e.post_id = o.id
   WHERE o.author_id = p.author_id AND o.id < p.id AND o.kind <> 'boost' AND e.event_id = :event),
  (SELECT coalesce(sum(o.engagement), 0) FROM posts AS o JOIN event_posts AS e ON e.post_id = o.id
   WHERE o.author_id = p.author_id AND o.id < p.id AND o.kind <> 'boost' AND e.event_id = :event)
FROM event_posts AS ep JOIN posts AS p ON p.id = ep.post_id
WHERE ep.event_id = :event AND ep.post_id >= :low AND ep.post_id < :high AND p.kind <> 'boost'
  AND p.engagement >= :fewest AND p.sensitive = 0 AND p.content_warning IS NULL
  AND p.sentiment IS NOT 'negative'
ORDER BY ep.post_id DESC LIMIT :limit
