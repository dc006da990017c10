-- What the links in :ids (a JSON list) are called.
SELECT id, url, host FROM links WHERE id IN (SELECT value FROM json_each(:ids))
