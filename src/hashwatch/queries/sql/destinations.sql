-- Of alerts.db: where alerts can be sent.
SELECT name FROM destinations ORDER BY name
