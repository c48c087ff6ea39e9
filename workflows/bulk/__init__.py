"""The workflow that carries out bulk operations, its messages and its client."""
