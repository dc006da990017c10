-- Of alerts.db: what became of the alerts from number :first on, at each destination.
SELECT alert_id, destination, state, attempts, sent_at, problem
FROM deliveries WHERE alert_id >= :first ORDER BY alert_id, destination
