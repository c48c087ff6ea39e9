"""What a publisher needs to receive notifications; `inbox.py` is one file to copy."""
