-- The servers that an event's authors are at home on, those with the most posts first.
SELECT lower(substr(handle, instr(handle, '@') + 1)) AS home, sum(wrote.posts), count(*)
FROM (
  SELECT value, sum(posts) AS posts FROM rollup_day
  WHERE event_id = :event AND facet = 'author' GROUP BY value
) AS wrote CROSS JOIN authors ON authors.id = wrote.value
WHERE instr(handle, '@') > 1
GROUP BY home ORDER BY 2 DESC, home LIMIT 12
