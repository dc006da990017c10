-- The labels of an event's sample beside what the annotator says now.
SELECT l.post_id, l.person,
  CASE WHEN c.post_id IS NULL THEN p.sentiment ELSE c.tagged END,
  CASE WHEN c.post_id IS NULL THEN p.confidence ELSE l.confidence END,
  l.language, l.stratum, l.stratum_posts, l.weight
FROM labels AS l JOIN posts AS p ON p.id = l.post_id
LEFT JOIN corrections AS c ON c.post_id = l.post_id AND c.field = 'sentiment'
WHERE l.event_id = :event
ORDER BY l.post_id
