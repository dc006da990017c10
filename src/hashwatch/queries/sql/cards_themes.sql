-- The themes of an event that each post in :ids was given, the surest first.
SELECT post_themes.post_id, themes.name
FROM json_each(:ids) AS wanted
JOIN post_themes ON post_themes.post_id = wanted.value
JOIN themes ON themes.id = post_themes.theme_id
WHERE themes.event_id = :event
ORDER BY post_themes.confidence DESC, themes.id
