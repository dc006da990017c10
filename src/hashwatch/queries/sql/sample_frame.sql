-- Posts that may be drawn into a sample: scored, no boosts, no tone of a person's.
SELECT p.id, p.text, p.sentiment, p.confidence, p.language
FROM event_posts AS e JOIN posts AS p ON p.id = e.post_id
WHERE e.event_id = :event AND p.kind <> 'boost' AND p.sentiment IS NOT NULL
AND NOT EXISTS (
  SELECT 1 FROM corrections WHERE corrections.post_id = p.id AND field = 'sentiment'
)
ORDER BY p.id
