"""What protects workflows from malformed payloads."""
