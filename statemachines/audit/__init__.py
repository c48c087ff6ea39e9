"""Checks the recorded books against the invariants of docs/domain.md."""
