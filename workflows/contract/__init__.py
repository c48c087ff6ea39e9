"""Publishes the names and schemas of all messages: pages for people, and a lock for tests (see README.md)."""
