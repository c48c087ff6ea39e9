"""What a worker shows of itself at one address: metrics, and whether it lives and works."""
