"""Running subscriptions of another system: the rows by which they are taken over (MOV-1 to MOV-5)."""
