"""The workflow that owns a subscription, its messages and its client."""
