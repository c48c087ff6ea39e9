"""Durable orchestration: the public messages, the subscription's workflow, and its client."""
