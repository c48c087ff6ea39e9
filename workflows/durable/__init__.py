"""The parts that long-lived workflows are made of."""
