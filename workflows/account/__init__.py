"""The workflow that owns a billing account, its messages and its client."""
