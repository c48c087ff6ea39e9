"""Everything that reads or changes the world outside a workflow: activities by noun, their ports, and the adapters."""
