"""The only code that writes archive.db, the private system of record."""
