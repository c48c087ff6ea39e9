"""Where Perennial runs: what a worker consists of, servers, connections, files, the gateway and the Nexus service."""
