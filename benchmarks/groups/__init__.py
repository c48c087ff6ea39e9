"""The groups of figures, one file each."""
