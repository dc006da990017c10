-- The rows of an export for the posts in :ids (a JSON list), in the order of ids.
SELECT
  p.id, p.uri, p.url, p.source, p.instance, a.handle, a.name, p.created_at, p.text, p.language,
  p.sentiment, p.polarity, p.confidence, p.kind, p.reply_to, p.boost_of, p.boosts, p.likes,
  p.replies, p.quotes,
  (SELECT json_group_array(themes.name) FROM post_themes
    JOIN themes ON themes.id = post_themes.theme_id AND themes.event_id = :event
    WHERE post_themes.post_id = p.id),
  (SELECT sessions.code FROM post_sessions
    JOIN sessions ON sessions.id = post_sessions.session_id AND sessions.event_id = :event
    WHERE post_sessions.post_id = p.id ORDER BY post_sessions.confidence DESC LIMIT 1),
  (SELECT json_group_array(hashtags.shown) FROM post_hashtags
    JOIN hashtags ON hashtags.id = post_hashtags.hashtag_id WHERE post_hashtags.post_id = p.id),
  (SELECT json_group_array(links.url) FROM post_links
    JOIN links ON links.id = post_links.link_id WHERE post_links.post_id = p.id),
  p.has_media, p.has_link, p.content_warning, p.invented
FROM json_each(:ids) AS wanted
JOIN posts AS p ON p.id = wanted.value
JOIN authors AS a ON a.id = p.author_id
ORDER BY p.id
