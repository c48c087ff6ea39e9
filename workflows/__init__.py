"""Decisions made durable: a workflow, its public messages and its client per noun, and what all of them use."""
