"""YAML files, among them the file of secrets."""
