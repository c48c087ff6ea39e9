"""Read the operator's file of secrets. Each fault is one line that shows no secret."""

import json
import logging
import re
from pathlib import Path

from pydantic import SecretStr, TypeAdapter, ValidationError

from activities.notifications.publishers import SECRETS_VARIABLE, Secret, Secrets
from activities.settings import SettingsFault
from domain.catalog.publishers import SECRET_PREFIX, SecretName
from domain.faults import Fault, faults_of, listed
from hosting.files.yaml import Place, read

_FILE: TypeAdapter[dict[str, SecretStr]] = TypeAdapter(dict[SecretName, Secret])
# A secret may stand in the wrong place: as a key, as a tag, in a line that is not YAML.
_SECRET = re.compile(rf"{SECRET_PREFIX}[^\s'\",:\[\]{{}}]+")

_log = logging.getLogger(__name__)


class SecretsFile:
    """The operator's file of secrets, which is read again when it has changed: no worker has to be restarted."""

    def __init__(self, path: Path | None) -> None:
        """Read the file. Raises SettingsFault, one line per fault."""
        self._path = path
        self._version = self._version_now()
        self._secrets = load_secrets(path)

    def now(self) -> Secrets:
        """The file's secrets. While the file is faulty, those that it had before; one line per fault is logged."""
        # Taken before it is read: a change during the reading is read the next time.
        if (version := self._version_now()) != self._version:
            self._version = version
            try:
                self._secrets = load_secrets(self._path)
            except SettingsFault as fault:
                for line in str(fault).splitlines():
                    _log.warning("The secrets stay as they were: %s", line)
        return self._secrets

    def _version_now(self) -> tuple[int, ...] | None:
        try:
            found = self._path.stat() if self._path else None
        except OSError:
            return None
        return (found.st_mtime_ns, found.st_size, found.st_ino) if found else None


def load_secrets(path: Path | None) -> Secrets:
    """The secrets of the file, a mapping of names; none without a file. Raises SettingsFault, one line per fault."""
    if path is None:
        return Secrets()
    found = read(path)
    if found.faults:
        raise _fault(path, found.lines, found.faults)
    try:
        return Secrets(_FILE.validate_json(json.dumps(found.data)), path)
    except ValidationError as error:
        faults = faults_of(error)
    raise _fault(path, found.lines, faults)


def without_secrets(line: str) -> str:
    """The line with every secret in it cut off."""
    return _SECRET.sub(f"{SECRET_PREFIX}...", line)


def _fault(path: Path, lines: dict[Place, int], faults: list[Fault]) -> SettingsFault:
    return SettingsFault("\n".join(listed(faults, lambda fault: _line(path, lines, fault))))


def _line(path: Path, lines: dict[Place, int], fault: Fault) -> str:
    place = fault.path
    line = next((lines[place[:size]] for size in range(len(place), 0, -1) if place[:size] in lines), None)
    where = f"{path}:{line}" if line else f"{SECRETS_VARIABLE}: {path}"
    if place and str(place[0]).startswith("line "):
        place = (str(place[0]).partition(", ")[2],)
    field = f"{Fault(place, None, '').field}: " if place else ""
    return without_secrets(f"{where}: {field}got {_shown(fault)}; takes {fault.takes}")


def _shown(fault: Fault) -> str:
    match fault.got:
        case None:
            return "nothing"
        case dict():
            return "a mapping"
        case list():
            return "a list"
        case str() if fault.takes.startswith("one value") or fault.got == "a larger file":
            return fault.got
    return "..."
