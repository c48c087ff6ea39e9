"""What is sold, at which prices, and to whom."""
