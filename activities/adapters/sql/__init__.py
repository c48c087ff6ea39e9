"""The database: SQLite or PostgreSQL, by noun."""
