"""Secrets for the tests' publishers; none is used anywhere else."""

import base64


def secret(name: str) -> str:
    """A secret of 32 bytes that begin with the name."""
    return "whsec_" + base64.b64encode(name.encode().ljust(32, b".")).decode()
