"""What a publisher needs to receive notifications: `inbox.py`, one file to copy."""
