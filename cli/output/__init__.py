"""What each command prints with `--json`, as types: docs/cli/ publishes their JSON Schemas."""
