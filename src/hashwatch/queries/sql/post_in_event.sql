-- A post of an event: what it was tagged with, and where it stands on its own network.
SELECT p.declared, p.language, p.sentiment, p.polarity, p.confidence, p.url, p.uri
FROM event_posts JOIN posts AS p ON p.id = event_posts.post_id
WHERE event_posts.event_id = :event AND event_posts.post_id = :post
