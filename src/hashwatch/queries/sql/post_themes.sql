-- The themes of one post, with the reasons for each.
SELECT themes.name, post_themes.confidence, post_themes.reasons
FROM post_themes JOIN themes ON themes.id = post_themes.theme_id
WHERE post_themes.post_id = :post AND themes.event_id = :event
ORDER BY post_themes.confidence DESC, themes.id
