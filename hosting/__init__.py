"""Where Perennial runs: the embedded server, connections to any server, and a namespace made ready."""
