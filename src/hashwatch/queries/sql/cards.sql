-- What a card shows of each post in :ids (a JSON list), with its author and the post it answers.
SELECT
  p.id, p.url, p.source, p.instance, p.created_at, p.text, p.language, p.sentiment, p.polarity,
  p.confidence, p.kind, p.boosts, p.likes, p.replies, p.quotes, p.content_warning, p.sensitive,
  p.media, p.poll, p.edited_at, p.invented, p.uri,
  a.id, a.handle, a.name, a.url, a.bot,
  parent.id, parent_author.handle, parent_author.name
FROM json_each(:ids) AS wanted
JOIN posts AS p ON p.id = wanted.value
JOIN authors AS a ON a.id = p.author_id
LEFT JOIN posts AS parent ON parent.id = p.parent_id
LEFT JOIN authors AS parent_author ON parent_author.id = parent.author_id
