"""How the ports meet the world: SQL, tenant services. Only the composition root imports these."""
