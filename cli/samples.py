"""The files that come with the program: the sample catalog, and the scenarios that the demo plays."""

from pathlib import Path

_INSTALLED = Path(__file__).parent / "scenarios"
SCENARIOS = _INSTALLED if _INSTALLED.is_dir() else Path(__file__).parents[1] / "scenarios"
"""Beside this file in an installed program, at the top of a checkout."""


def sample_catalog() -> str:
    """The path of the sample catalog, as one can type it in the current directory."""
    path = SCENARIOS / "catalog.yaml"
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)
