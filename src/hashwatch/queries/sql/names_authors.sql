-- What the authors in :ids (a JSON list) are called.
SELECT id, handle, name FROM authors WHERE id IN (SELECT value FROM json_each(:ids))
