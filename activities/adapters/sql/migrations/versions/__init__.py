"""One migration per file. Never change a migration after its release."""
