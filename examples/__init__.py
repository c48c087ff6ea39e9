"""Programs of other companies: they know Perennial by its HTTP and nothing else."""
