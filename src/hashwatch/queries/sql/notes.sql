-- What people wrote beside the chart of an event, in a stretch of its time.
SELECT is_spike, moment, words, actor FROM notes
WHERE event_id = :event AND moment >= :from AND moment < :to
ORDER BY moment, note
