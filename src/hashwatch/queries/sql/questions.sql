-- Among an event's latest posts, those that hold a question mark outside a link, boosts left out.
-- (A question mark inside an address is followed by more of it; one that asks ends a word.)
SELECT p.id
FROM (
  SELECT post_id FROM event_posts
  WHERE event_id = :event AND post_id >= :low AND post_id < :high
  ORDER BY post_id DESC LIMIT 4000
) AS latest
JOIN posts AS p ON p.id = latest.post_id
WHERE p.kind <> 'boost'
  AND (p.text GLOB '*[?][^0-9A-Za-z_%&=]*' OR p.text GLOB '*[?]' OR p.text GLOB '*[？؟]*')
ORDER BY p.id DESC
LIMIT :size
