"""The project as its own tests see it: the configuration, the floors and the source files."""

import tomllib
from pathlib import Path
from typing import Any

from tests.support.paths import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
LINTER: dict[str, Any] = PROJECT["tool"]["importlinter"]
"""The configuration of import-linter."""
FLOORS: list[str] = next(contract["layers"] for contract in LINTER["contracts"] if contract["id"] == "layers")
"""The packages of the product, the highest first."""
SHIPPED: list[str] = [*FLOORS, "worker.py", "starter.py"]


def sources(*places: str) -> list[Path]:
    """The Python files in these folders of the checkout, and those of these names."""
    found = ([ROOT / place] if place.endswith(".py") else (ROOT / place).rglob("*.py") for place in places)
    return sorted(path for paths in found for path in paths)
