"""Use cases of the operators who deploy new versions of the workers."""
