"""The messages of the Nexus service."""
