"""Commands about the catalog and its customers."""
