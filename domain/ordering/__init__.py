"""What is bought together, by whom, and why not."""
