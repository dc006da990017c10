-- A link by its whole address.
SELECT id FROM links WHERE url IN (:url, 'https://' || :url, 'http://' || :url)
