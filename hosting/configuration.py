"""Every setting in effect, with where it comes from: the PERENNIAL_... settings, and Temporal's own configuration."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from urllib.parse import urlsplit

from activities.settings import PREFIX, Settings
from domain.values import Worded
from hosting.opening import own_address
from hosting.temporal.connection import DEFAULT_ADDRESS, DEFAULT_NAMESPACE, configured

TEMPORAL = "TEMPORAL_"
WHERE_TO_READ = ("TEMPORAL_CONFIG_FILE", "TEMPORAL_PROFILE")
"""The variables that say which file and which profile of it Temporal's configuration is read from."""
METADATA = "TEMPORAL_GRPC_META_"
DIAGNOSTIC = {f"{PREFIX}TRACEBACK"}
"""Variables that are read elsewhere, and are no settings."""
HIDDEN = "(set, not shown)"


class Source(Worded):
    """Where a value comes from."""

    ENVIRONMENT = "environment", "environment"
    FILE = "file", "temporal.toml"
    DATA_DIRECTORY = "data_directory", "the server that runs in the data directory"
    DEFAULT = "default", "default"
    UNKNOWN = "unknown", "not a setting"


@dataclass(frozen=True)
class InEffect:
    """A setting by the name of its variable. The value is text for people, without secrets; None where it is unset."""

    name: str
    value: str | None
    source: Source
    near: str | None = None
    """For a name that is unknown: a setting of nearly that name."""


def in_effect() -> list[InEffect]:
    """Every setting, in a fixed order. Raises SettingsFault, and ServerUnreachable for Temporal's configuration."""
    settings, environment = Settings.load(), dict(os.environ)
    return [*_ours(settings, environment), *_temporals(settings, environment), *_unknown(environment)]


def _ours(settings: Settings, environment: Mapping[str, str]) -> Iterator[InEffect]:
    for field in Settings.model_fields:
        name, value = f"{PREFIX}{field.upper()}", getattr(settings, field)
        shown = settings.database_place if field == "database_url" else _without_credentials(value)
        yield InEffect(name, shown, Source.ENVIRONMENT if environment.get(name) else Source.DEFAULT)


def _temporals(settings: Settings, environment: dict[str, str]) -> Iterator[InEffect]:
    whole = _values(environment)
    of_file = _values(
        {name: value for name, value in environment.items() if name in WHERE_TO_READ or not name.startswith(TEMPORAL)}
    )
    for name in WHERE_TO_READ:
        if environment.get(name):
            yield InEffect(name, environment[name], Source.ENVIRONMENT)
    own = None if whole.get("TEMPORAL_ADDRESS") else own_address(settings)
    if own:
        whole["TEMPORAL_ADDRESS"] = own
    defaults = {"TEMPORAL_ADDRESS": DEFAULT_ADDRESS, "TEMPORAL_NAMESPACE": DEFAULT_NAMESPACE}
    for name in dict.fromkeys([*defaults, *whole]):
        if own and name == "TEMPORAL_ADDRESS":
            source = Source.DATA_DIRECTORY
        elif name not in whole:
            source = Source.DEFAULT
        else:
            source = Source.ENVIRONMENT if name not in of_file or _is_set(name, environment) else Source.FILE
        yield InEffect(name, whole.get(name, defaults.get(name)), source)


def _is_set(name: str, environment: Mapping[str, str]) -> bool:
    """Whether a variable gives the value: certificates and keys are given by a path or by their content."""
    return any(environment.get(f"{name}{end}") for end in ("", "_PATH", "_DATA"))


def _values(variables: dict[str, str]) -> dict[str, str]:
    """What that configuration says, by the names of its variables; keys and tokens are not shown, files by path."""
    profile = configured(variables)
    found = {"TEMPORAL_ADDRESS": profile.address, "TEMPORAL_NAMESPACE": profile.namespace}
    if profile.api_key:
        found["TEMPORAL_API_KEY"] = HIDDEN
    if (tls := profile.tls) is not None:
        found["TEMPORAL_TLS"] = "off" if tls.disabled else "on"
        found["TEMPORAL_TLS_SERVER_NAME"] = tls.server_name
        parts = {"SERVER_CA_CERT": tls.server_root_ca_cert, "CLIENT_CERT": tls.client_cert}
        for name, part in (*parts.items(), ("CLIENT_KEY", tls.client_private_key)):
            found[f"TEMPORAL_TLS_{name}"] = None if part is None else str(part) if isinstance(part, Path) else HIDDEN
    found |= {f"{METADATA}{name.upper().replace('-', '_')}": HIDDEN for name in profile.grpc_meta}
    return {name: value for name, value in found.items() if value is not None}


def _unknown(environment: Mapping[str, str]) -> Iterator[InEffect]:
    """Variables that look like settings of ours and are none: their values are not shown, for they may be secrets."""
    known = [f"{PREFIX}{field.upper()}" for field in Settings.model_fields]
    for name in sorted(environment):
        if name.startswith(PREFIX) and name not in {*known, *DIAGNOSTIC}:
            yield InEffect(name, HIDDEN, Source.UNKNOWN, next(iter(get_close_matches(name, known, n=1)), None))


def _without_credentials(value: object) -> str | None:
    """The value as text; of an address only what comes before user, password and query."""
    if value is None:
        return None
    text = str(value)
    if "://" not in text:
        return text
    parts = urlsplit(text)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
