"""How sales are taxed: by a table of rates that people edit, the buyer and the seller (MON-13)."""
