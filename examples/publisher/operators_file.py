"""What the marketplace's operator needs of this publisher: a publishers file, ready to use."""

import json
import os
from collections.abc import Sequence
from pathlib import Path

_FILE = """# Whom the marketplace tells: PERENNIAL_PUBLISHERS_FILE names this file. It holds a secret.
publishers:
  - id: {publisher}
    url: {webhooks}
    secrets: {secrets}
    # For a publisher on the same machine only: any other has https and a public address.
    allow_http: true
    allow_networks: [127.0.0.0/8]
"""
MOST_SECRETS = 5


def write(path: Path, publisher: str, webhooks: str, secrets: Sequence[str]) -> str:
    """Write the file where there is none, and say how it stands, in one line. Raises OSError.

    One that is there is the operator's: it is never written again.
    """
    # What signs with any of them is believed; the first one signs what we ask.
    known = [f"whsec_{secret.removeprefix('whsec_')}" for secret in secrets[:MOST_SECRETS]]
    # JSON is YAML, whatever the words are.
    text = _FILE.format(publisher=json.dumps(publisher), webhooks=webhooks, secrets=json.dumps(known))
    try:
        with open(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.write(text)
    except FileExistsError:
        return _compared(path, publisher, webhooks, known[0])
    return f"The operator's file is {path}, written now"


def _compared(path: Path, publisher: str, webhooks: str, secret: str) -> str:
    found = path.read_text(errors="replace")
    words = {f"the address {webhooks}": webhooks, "our secret": secret, f"the id {publisher}": publisher}
    if missing := [name for name, word in words.items() if word not in found]:
        return (
            f"The operator's file {path} is of another start: it lacks {', '.join(missing)}. "
            "Correct it, or remove it and start again"
        )
    return f"The operator's file is {path}"
