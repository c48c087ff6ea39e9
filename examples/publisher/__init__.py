"""An example publisher: it receives notifications, has pages for people, and can misbehave on demand for tests."""
