"""Everything that touches the world: billing and provisioning, through ports, by adapters."""
