"""A policy pack in a YAML file."""

from pathlib import Path

from pydantic import ValidationError

from cli.failure import Misused
from cli.options import misused
from domain.faults import faults_of, listed
from domain.policy import PolicyPack
from hosting.files.yaml import read

PAGE = "docs/bulk.md"


def policy_in(file: Path) -> PolicyPack:
    """The pack. Raises Misused with one line per fault."""
    found = read(file)
    if found.faults:
        raise Misused(*listed(found.faults, lambda fault: f"{file}: {fault}"))
    if not isinstance(found.data, dict):
        raise Misused(f"{file}: got no mapping; takes the fields of a policy pack ({PAGE})")
    unknown = [name for name in found.data if name not in PolicyPack.model_fields]
    if unknown:
        raise Misused(
            *(f"{file}: {name}: got a field that no policy pack has; the fields are in {PAGE}" for name in unknown)
        )
    try:
        return PolicyPack.model_validate(found.data)
    except ValidationError as error:
        raise misused(faults_of(error, PAGE), str(file)) from None
