-- What a person decided about one post's tags, and what the annotators say.
SELECT field, value, tagged, decision, decided_at FROM corrections
WHERE post_id = :post AND (event_id = :event OR field = 'sentiment')
ORDER BY field
