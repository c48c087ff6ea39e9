"""What Perennial is measured against: the bare engine, and a poller made by hand."""
