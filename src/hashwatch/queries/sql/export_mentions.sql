-- Whom the posts in :ids (a JSON list) mention.
SELECT post_id, handle FROM json_each(:ids) CROSS JOIN post_mentions ON post_id = value
