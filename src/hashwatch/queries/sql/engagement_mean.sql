-- What the latest thousand originals of an event got on average.
SELECT avg(engagement) FROM (
  SELECT p.engagement FROM event_posts AS e JOIN posts AS p ON p.id = e.post_id
  WHERE e.event_id = :event AND e.post_id < :before AND p.kind <> 'boost'
  ORDER BY e.post_id DESC LIMIT 1000)
