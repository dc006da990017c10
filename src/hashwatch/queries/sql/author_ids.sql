-- The people of a handle: one on each network that has it.
SELECT id FROM authors WHERE handle = :handle COLLATE NOCASE ORDER BY id LIMIT 20
