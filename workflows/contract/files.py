"""docs/contract/, file by file: what is generated from the code."""

import json
from collections.abc import Mapping
from pathlib import Path

from workflows.contract.interface import Interface, Schema
from workflows.contract.lock import LOCK, broken, locked, read
from workflows.contract.pages import index, page
from workflows.contract.schemas import bundle

FOLDER = Path(__file__).parents[2] / "docs" / "contract"


def bundles(interfaces: tuple[Interface, ...]) -> dict[str, Schema]:
    """Every interface's schemas, by its page's name."""
    return {each.slug: bundle(each) for each in interfaces}


def generated(interfaces: tuple[Interface, ...]) -> Mapping[str, str]:
    """Every file but the lock, by its name."""
    made = {"README.md": index(interfaces)}
    for each, schemas in zip(interfaces, bundles(interfaces).values(), strict=True):
        made[f"{each.slug}.md"] = page(each, schemas)
        made[f"{each.slug}.schema.json"] = json.dumps(schemas, indent=1) + "\n"
    return made


def publish(interfaces: tuple[Interface, ...], folder: Path = FOLDER) -> str:
    """Write the files and the lock. Where that would break the contract, write nothing and say what is broken."""
    new = bundles(interfaces)
    if words := broken(read(folder / LOCK), new):
        return words
    folder.mkdir(exist_ok=True)
    for name, text in generated(interfaces).items():
        (folder / name).write_text(text, "utf-8")
    (folder / LOCK).write_text(locked(new), "utf-8")
    return ""
