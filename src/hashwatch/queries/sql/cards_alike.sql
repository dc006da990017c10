-- How many posts are in nearly the words of each post in :ids.
SELECT wanted.value, count(*)
FROM json_each(:ids) AS wanted
CROSS JOIN alike ON alike.event_id = :event AND alike.first_id = wanted.value
GROUP BY wanted.value
