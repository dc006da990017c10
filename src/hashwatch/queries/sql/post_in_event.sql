-- A post of an event: its text and what it was tagged with.
SELECT p.text, p.language, p.sentiment, p.polarity, p.confidence, p.url, p.uri, p.collected_at
FROM event_posts JOIN posts AS p ON p.id = event_posts.post_id
WHERE event_posts.event_id = :event AND event_posts.post_id = :post
