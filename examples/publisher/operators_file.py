"""Write the publishers file that the marketplace's operator needs for this publisher."""

import json
import os
from collections.abc import Sequence
from pathlib import Path

_FILE = """# The publishers that the marketplace notifies. PERENNIAL_PUBLISHERS_FILE names this file. It holds a secret.
publishers:
  - id: {publisher}
    url: {webhooks}
    secrets: {secrets}
    # Only for a publisher on the same machine; any other needs https and a public address.
    allow_http: true
    allow_networks: [127.0.0.0/8]
"""
MOST_SECRETS = 5


def write(path: Path, publisher: str, webhooks: str, secrets: Sequence[str]) -> str:
    """Write the file if it does not exist, and return one line about it. Raises OSError.

    An existing file belongs to the operator and is never overwritten.
    """
    # The inbox accepts any of them; the first one signs requests to the gateway.
    known = [f"whsec_{secret.removeprefix('whsec_')}" for secret in secrets[:MOST_SECRETS]]
    # JSON strings are valid YAML.
    text = _FILE.format(publisher=json.dumps(publisher), webhooks=webhooks, secrets=json.dumps(known))
    try:
        with open(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.write(text)
    except FileExistsError:
        return _compared(path, publisher, webhooks, known[0])
    return f"The operator's file was written to {path}"


def _compared(path: Path, publisher: str, webhooks: str, secret: str) -> str:
    found = path.read_text(errors="replace")
    words = {f"the address {webhooks}": webhooks, "our secret": secret, f"the id {publisher}": publisher}
    if missing := [name for name, word in words.items() if word not in found]:
        return (
            f"The operator's file {path} does not match: it lacks {', '.join(missing)}. "
            "Correct it, or delete it and start again"
        )
    return f"The operator's file is {path}"
