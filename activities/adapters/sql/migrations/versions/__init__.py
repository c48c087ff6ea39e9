"""One step of the schema a file, never changed once released."""
