"""Read the operator's file of publishers. Each fault is one line that shows no secret."""

import json
import re
from pathlib import Path

from pydantic import ValidationError

from activities.notifications.publishers import SECRET_PREFIX, Endpoint, Publishers
from activities.settings import PREFIX, SettingsFault
from domain.faults import Fault, faults_of, listed, shown
from domain.notification import DeliveryTerms
from domain.values import Strict
from hosting.files.yaml import Place, read

VARIABLE = f"{PREFIX}PUBLISHERS_FILE"
_SHOWN = (frozenset(Endpoint.model_fields) | frozenset(DeliveryTerms.model_fields)) - {"url", "secrets", "terms"}
"""The fields whose values may be shown in a message."""
# A secret may stand in the wrong place: as a key, as a tag, in a line that is not YAML.
_SECRET = re.compile(rf"{SECRET_PREFIX}[^\s'\",:\[\]{{}}]+")


def load_publishers(path: Path | None) -> Publishers:
    """The publishers of the file; none without a file. Raises SettingsFault, with one line per fault."""
    if path is None:
        return Publishers()
    found = read(path)
    if found.faults:
        raise _fault(path, found.lines, found.faults)
    try:
        return Publishers.model_validate_json(json.dumps(found.data))
    except ValidationError as error:
        faults = faults_of(error)
    raise _fault(path, found.lines, faults)


def _fault(path: Path, lines: dict[Place, int], faults: list[Fault]) -> SettingsFault:
    return SettingsFault("\n".join(listed(faults, lambda fault: _line(path, lines, fault))))


def _line(path: Path, lines: dict[Place, int], fault: Fault) -> str:
    place = fault.path
    line = next((lines[place[:size]] for size in range(len(place), 0, -1) if place[:size] in lines), None)
    where = f"{path}:{line}" if line else f"{VARIABLE}: {path}"
    if place and str(place[0]).startswith("line "):
        place = (str(place[0]).partition(", ")[2],)
    field = f"{Fault(place, None, '').field}: " if place else ""
    return _SECRET.sub(f"{SECRET_PREFIX}...", f"{where}: {field}got {_shown(fault)}; takes {_takes(fault)}")


def _shown(fault: Fault) -> str:
    """The value as it may be shown. The value of an unknown field may be a secret, so it is not."""
    field = next((part for part in reversed(fault.path) if isinstance(part, str)), None)
    match fault.got:
        case None:
            return "nothing"
        case dict():
            return "a mapping"
        case list():
            return "a list"
        case str() if field == "url" and "://" in fault.got:
            return f"{shown(fault.got.partition('://')[0])[1:-1]}://..."
        case int() if fault.takes.endswith("entries"):
            return str(fault.got)
        case str() if fault.takes.startswith("one value") or fault.got == "a larger file":
            return fault.got
        case _ if field in _SHOWN:
            return shown(fault.got)
    return "..."


def _takes(fault: Fault) -> str:
    if not fault.takes.startswith("no such field"):
        return fault.takes
    models: dict[int, type[Strict]] = {1: Publishers, 3: Endpoint}
    return f"no such field; the known ones are {', '.join(models.get(len(fault.path), DeliveryTerms).model_fields)}"
