-- The servers that an event's authors are at home on, those with the most posts first.
SELECT lower(substr(handle, instr(handle, '@') + 1)) AS home, sum(rollup_day.posts),
       count(DISTINCT authors.id)
FROM rollup_day JOIN authors ON authors.id = rollup_day.value
WHERE event_id = :event AND facet = 'author' AND instr(handle, '@') > 1
GROUP BY home ORDER BY 2 DESC, home LIMIT 12
