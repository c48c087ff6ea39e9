"""Traces of commands, for OpenTelemetry. Imported where they are wanted: it needs the extra `tracing`."""
