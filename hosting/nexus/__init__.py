"""The Nexus service, a front of the use cases, and its endpoint."""
