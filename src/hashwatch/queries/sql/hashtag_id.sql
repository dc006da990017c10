-- A hashtag by its folded name.
SELECT id FROM hashtags WHERE name = :name
