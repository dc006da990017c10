"""Rules over the dashboard's figures → a durable outbox → people, by Apprise."""
