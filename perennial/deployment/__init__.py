"""The versions of the workers, and which of them runs a workflow."""
