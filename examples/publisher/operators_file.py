"""Write the two files that the marketplace's operator needs for this publisher: its catalog entry and its secrets."""

import json
import os
from collections.abc import Sequence
from pathlib import Path

_CATALOG = """# For the marketplace's operator: catalog import FILE. The secrets are in the other file, by name.
publishers:
  - id: {publisher}
    url: {webhooks}
    secrets: {names}
    # Only for a publisher on the same machine; any other needs https and a public address.
    allow_http: true
    allow_networks: [127.0.0.0/8]
"""
MOST_SECRETS = 5


def write(path: Path, secrets_path: Path, publisher: str, webhooks: str, secrets: Sequence[str]) -> str:
    """Write the files that do not exist, and return one line about them. Raises OSError.

    An existing file belongs to the operator and is never overwritten.
    """
    # The inbox accepts any of them; the first one signs requests to the gateway.
    known = [f"whsec_{secret.removeprefix('whsec_')}" for secret in secrets[:MOST_SECRETS]]
    # A name has at most 64 characters, like an id.
    names = [f"{publisher[:60]}-{number}" for number in range(1, len(known) + 1)]
    # JSON strings are valid YAML.
    text = _CATALOG.format(publisher=json.dumps(publisher), webhooks=webhooks, names=json.dumps(names))
    lines = [f"{json.dumps(name)}: {json.dumps(secret)}\n" for name, secret in zip(names, known, strict=True)]
    wrote = _create(path, text), _create(secrets_path, "".join(["# PERENNIAL_SECRETS_FILE names this file.\n", *lines]))
    if all(wrote):
        return f"The operator's files were written to {path} and {secrets_path}"
    words = {f"the address {webhooks}": webhooks, f"the id {publisher}": publisher}
    return (
        _compared(path, words)
        or _compared(secrets_path, {"our secret": known[0]})
        or (f"The operator's files are {path} and {secrets_path}")
    )


def _create(path: Path, text: str) -> bool:
    """Whether the file was written; not if there is one."""
    try:
        with open(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.write(text)
    except FileExistsError:
        return False
    return True


def _compared(path: Path, words: dict[str, str]) -> str | None:
    """What the operator's file lacks, as one line."""
    found = path.read_text(errors="replace")
    if missing := [name for name, word in words.items() if word not in found]:
        return (
            f"The operator's file {path} does not match: it lacks {', '.join(missing)}. "
            "Correct it, or delete it and start again"
        )
    return None
