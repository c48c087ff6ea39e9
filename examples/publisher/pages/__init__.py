"""What people see: HTML made here, escaped by markupsafe, without scripts and without anything from elsewhere."""
