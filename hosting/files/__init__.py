"""YAML files: the publishers, scenarios and catalogs."""
