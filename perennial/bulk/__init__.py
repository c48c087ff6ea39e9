"""Use cases of bulk operations: plan one, carry it out, steer it, and read what became of it."""
