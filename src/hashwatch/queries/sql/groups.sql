-- The groups of an event's roster, and how many people each has.
SELECT group_name, count(*) FROM roster WHERE event_id = :event GROUP BY group_name ORDER BY group_name
