"""The Nexus service and its endpoint."""
