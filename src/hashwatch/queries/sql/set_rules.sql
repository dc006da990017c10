-- The rules of alerts that people have set on the page, the first first.
SELECT slug, alert_rules.name, rule FROM alert_rules JOIN events ON events.id = event_id
ORDER BY alert_rules.id
