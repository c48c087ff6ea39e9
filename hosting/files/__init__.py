"""YAML files, among them the operator's list of publishers."""
