"""How the ports meet the world: SQL, tenant services and webhooks. Only hosting imports these."""
