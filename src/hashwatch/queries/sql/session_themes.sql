-- The themes of a session's posts, of the latest 2,000.
SELECT themes.name, count(*)
FROM (
  SELECT post_id FROM post_sessions WHERE session_id = :session ORDER BY post_id DESC LIMIT 2000
) AS latest
JOIN post_themes ON post_themes.post_id = latest.post_id
JOIN themes ON themes.id = post_themes.theme_id AND themes.event_id = :event
GROUP BY themes.id
ORDER BY count(*) DESC, themes.id
