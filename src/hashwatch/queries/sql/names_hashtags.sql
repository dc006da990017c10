-- What the hashtags in :ids (a JSON list) are called.
SELECT id, name, shown FROM hashtags WHERE id IN (SELECT value FROM json_each(:ids))
