-- What sources that want money spent, the latest month first.
SELECT source, month, spent, held, budget
FROM spending
ORDER BY month DESC, source
LIMIT 24
