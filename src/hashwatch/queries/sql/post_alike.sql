-- The first post with nearly the words of :post in an event, and how many more there are.
WITH first AS (
  SELECT coalesce((SELECT first_id FROM alike WHERE event_id = :event AND post_id = :post), :post)
    AS id
)
SELECT first.id, count(*) FROM first CROSS JOIN alike
ON alike.event_id = :event AND alike.first_id = first.id GROUP BY first.id
