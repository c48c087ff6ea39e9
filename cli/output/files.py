"""Writes docs/cli: a JSON Schema for what each command prints with `--json`.

`python -m cli.output.files` writes them anew.
"""

import json
import sys
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from cli.output import money, moving, operations, planning, selling, subscriptions
from workflows.contract.schemas import DIALECT, Truthful

PRINTED: dict[str, Any] = {
    **subscriptions.PRINTED,
    **planning.PRINTED,
    **money.PRINTED,
    **selling.PRINTED,
    **operations.PRINTED,
    **moving.PRINTED,
}
"""What each command prints with `--json`, by its full name."""
FOLDER = Path("docs") / "cli"


def schema_of(command: str) -> dict[str, Any]:
    """The JSON Schema of what the command prints."""
    made = TypeAdapter(PRINTED[command]).json_schema(mode="serialization", schema_generator=Truthful)
    return {"$schema": DIALECT, "title": f"perennial {command} --json", **_untitled(made)}


def files() -> dict[str, str]:
    """The name and content of each file."""
    names = {command: f"{command.replace(' ', '-')}.schema.json" for command in PRINTED}
    return {name: json.dumps(schema_of(command), indent=1, sort_keys=True) + "\n" for command, name in names.items()}


def _untitled(made: dict[str, Any]) -> dict[str, Any]:
    """Without the titles that pydantic makes of our own names."""
    return {key: _plain(value) for key, value in made.items() if key != "title"}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        titled = isinstance(value.get("title"), str)
        return {key: _plain(each) for key, each in value.items() if not (titled and key == "title")}
    return [_plain(each) for each in value] if isinstance(value, list) else value


def write(folder: Path) -> None:
    """Write the files into the folder, and remove those of commands that are gone."""
    folder.mkdir(parents=True, exist_ok=True)
    made = files()
    for known in folder.glob("*.schema.json"):
        if known.name not in made:
            known.unlink()
    for name, content in made.items():
        (folder / name).write_text(content, encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]) if sys.argv[1:] else FOLDER)
