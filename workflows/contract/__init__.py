"""What others may rely on: every message's name and schema, as pages for people and as a lock for tests."""
