"""A scenario file's data."""

from pathlib import Path

from activities.adapters.yaml_file import read
from statemachines.scenario import Malformed


def load(path: Path) -> object:
    """The file's data: mappings, lists, text, numbers, true and false. Raises Malformed."""
    found = read(path)
    if found.faults:
        raise Malformed(found.faults)
    return found.data
