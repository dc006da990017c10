-- The spikes of an event that touch a stretch of time, and what led each.
SELECT spikes.starts, spikes.ends, spikes.posts, spikes.peak, spikes.peak_at, spikes.usual, notes.words, notes.actor,
       sessions.code, sessions.title, session_posts, themes.name, theme_posts,
       hashtags.name, hashtags.shown, hashtag_posts, authors.handle, authors.name, author_posts,
       spikes.post_id, post_boosts, boosted.handle, boosted.name,
       spikes.terms
FROM spikes
LEFT JOIN notes ON notes.event_id = spikes.event_id AND is_spike AND moment = spikes.starts
LEFT JOIN sessions ON sessions.id = session_id
LEFT JOIN themes ON themes.id = spikes.theme_id
LEFT JOIN hashtags ON hashtags.id = hashtag_id
LEFT JOIN authors ON authors.id = spikes.author_id
LEFT JOIN posts ON posts.id = spikes.post_id
LEFT JOIN authors AS boosted ON boosted.id = posts.author_id
WHERE spikes.event_id = :event AND spikes.starts < :to AND spikes.ends > :from
ORDER BY spikes.starts
