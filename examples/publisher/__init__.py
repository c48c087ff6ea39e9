"""A publisher to show and to test with: it receives notifications, and misbehaves on demand."""
