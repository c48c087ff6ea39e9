"""The settings, from environment variables PERENNIAL_... The connection to Temporal has its own, TEMPORAL_..."""

import os
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from activities.memory import memory_bytes
from domain.faults import shown

PREFIX = "PERENNIAL_"
LOOPBACK = "127.0.0.1"
DRIVER = "sqlite"
LARGEST_SPREAD = 300
"""By how many seconds renewals may be spread: what is ten minutes late is taken for overdue."""
CACHED = 1_000
CACHED_BYTES = 256 * 1024
"""What a cached workflow takes of a worker's memory, with room to spare (docs/configuration.md)."""
# A driver's name, as in sqlite+aiosqlite, is accepted and ignored.
_FILE = rf"{DRIVER}([+][a-z]+)?:///.+"
_SERVER = r"postgres(ql)?([+][a-z0-9]+)?://([^:/@\s]*(:[^@\s]*)?@)?([^:/@?\[\]\s]*|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?/[^/?\s]+(\?\S*)?"


def _own_directory() -> Path:
    """`var` in a checkout; for an installed program, `perennial` among the user's own data (XDG base directories)."""
    checkout = Path(__file__).parents[1]
    if (checkout / "pyproject.toml").is_file():
        return Path("var") if Path.cwd() == checkout else checkout / "var"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "perennial"


class Prepare(StrEnum):
    """What a worker does about what its server and database lack."""

    ON = "on"
    CHECK = "check"
    OFF = "off"


class Switch(StrEnum):
    """What is done or not."""

    ON = "on"
    OFF = "off"


class LogFormat(StrEnum):
    """How a worker writes its log."""

    TEXT = "text"
    JSON = "json"


class LogLevel(StrEnum):
    """From which level on a worker logs."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class SettingsFault(Exception):
    """A setting cannot be used. The message is one line: the variable, its value and what it takes."""


class Settings(BaseSettings):
    """Each field is set by `PERENNIAL_` and its name in capitals; its description says what it takes."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid", env_ignore_empty=True)

    data_dir: Path = Field(default_factory=_own_directory, description="the path of a directory")
    database_url: str = Field(
        default_factory=lambda known: f"{DRIVER}:///{known['data_dir'].as_posix()}/perennial.db",
        pattern=rf"^({_FILE}|{_SERVER})$",
        description=f"{DRIVER}:/// and the path of a file, or postgresql://user@host:port/database",
        # It may hold a password.
        repr=False,
    )
    tenants_path: Path = Field(
        default_factory=lambda known: known["data_dir"] / "tenants.db", description="the path of a file"
    )
    tenants_url: Annotated[str, Field(pattern=r"^https?://[^\s/]+")] | None = Field(
        default=None, description="the http:// or https:// address of a tenant service; unset, the embedded one is used"
    )
    tenants_port: int = Field(
        default=8234,
        ge=0,
        le=65_535,
        description="the port of the embedded sign-in page, 0 to 65535; 0 for any free one",
    )
    secrets_file: Path | None = Field(
        default=None,
        description="the path of a YAML file with the publishers' secrets, by name; unset, there is none",
    )
    gateway_host: str = Field(
        default=LOOPBACK,
        pattern=r"^[A-Za-z0-9.:-]{1,253}$",
        description="the address that the publisher gateway listens on, such as 127.0.0.1; another one only behind TLS",
    )
    gateway_port: int = Field(
        default=8236,
        ge=0,
        le=65_535,
        description="the port of the publisher gateway, 0 to 65535; 0 for any free one",
    )
    metrics_address: str | None = Field(
        default=None,
        pattern=r"^([0-9]{1,3}(\.[0-9]{1,3}){3}|\[[0-9A-Fa-f:]{2,45}\]):[0-9]{1,5}$",
        description="the IP address and port at which the worker serves metrics, /health and /ready, such as "
        "127.0.0.1:9464; port 0 is any free one; unset, it serves none",
    )
    prepare: Prepare | None = Field(
        default=None,
        description="on, check or off: whether a worker prepares server and database, only checks them, or neither; "
        "unset, it prepares those of a server that it runs itself, and checks others",
    )
    log_format: LogFormat | None = Field(
        default=None, description="text or json; unset, a worker logs text to a terminal, and JSON to anything else"
    )
    log_level: LogLevel = Field(default=LogLevel.INFO, description="debug, info, warning or error")
    tracing: Switch = Field(
        default=Switch.OFF,
        description="on or off: whether commands and workers trace to OpenTelemetry; needs the extra `tracing`",
    )
    task_queue: str = Field(
        default="perennial", pattern=r"^[A-Za-z0-9_.-]{1,64}$", description="1 to 64 letters, digits, `_`, `.` or `-`"
    )
    deployment: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9_-]{1,64}$",
        description="the name of a Worker Deployment, 1 to 64 letters, digits, `_` or `-`; unset, workers have no "
        "version",
    )
    build_id: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9_.-]{1,64}$",
        description="the name of this build, 1 to 64 letters, digits, `_`, `.` or `-`; unset, the package's version "
        "and a digest of its code",
    )
    periods_per_run: int = Field(default=5, ge=1, le=120, description="a whole number of billing periods, 1 to 120")
    spread_seconds: int = Field(default=0, ge=0, le=LARGEST_SPREAD, description=f"whole seconds, 0 to {LARGEST_SPREAD}")
    # At most half of an activity's start_to_close: a longer wait for the lock would time out and never report why.
    busy_timeout_ms: int = Field(default=2_000, ge=10, le=4_900, description="whole milliseconds, 10 to 4900")

    # The figures behind these four are in docs/configuration.md.
    cached_workflows: int = Field(
        default=CACHED, ge=1, description="a whole number of workflows that a worker keeps in its memory, from 1"
    )
    workflow_tasks_at_once: int = Field(
        default=16, ge=2, le=1_000, description="a whole number of workflow tasks that a worker works on, 2 to 1000"
    )
    activities_at_once: int = Field(
        default=100, ge=1, le=1_000, description="a whole number of activities that a worker works on, 1 to 1000"
    )
    pollers: int = Field(
        default=5, ge=2, le=100, description="a whole number of requests for tasks of each kind at a time, 2 to 100"
    )

    @field_validator("cached_workflows")
    @classmethod
    def _fit_into_memory(cls, wanted: int) -> int:
        memory = memory_bytes()
        if wanted > (room := memory // CACHED_BYTES):
            size = f"each takes about {CACHED_BYTES // 1024} KB, and there are {memory // 1024**2:,} MB"
            raise ValueError(f"a whole number of workflows that a worker keeps in its memory, 1 to {room:,}: {size}")
        return wanted

    def preparing(self, *, of_its_own: bool) -> "Settings":
        """The same, with `prepare` decided: unset, a worker prepares only a server `of_its_own`."""
        return self.model_copy(update={"prepare": self.prepare or (Prepare.ON if of_its_own else Prepare.CHECK)})

    @property
    def prepares_books(self) -> bool:
        """Whether a worker upgrades its database, or creates it."""
        return self.prepare in {None, Prepare.ON}

    @property
    def spread(self) -> timedelta:
        """By how much later than its instant a renewal or a charge may come."""
        return timedelta(seconds=self.spread_seconds)

    @property
    def busy_timeout(self) -> timedelta:
        """How long a write waits for other writes before it reports that the database is locked."""
        return timedelta(milliseconds=self.busy_timeout_ms)

    @property
    def books_place(self) -> str:
        """Where the database is, to show to people: a path, or host, port and name, without user and password."""
        scheme, _, place = self.database_url.partition("://")
        return place[1:] if scheme.startswith(DRIVER) else place.partition("?")[0].rpartition("@")[2]

    @property
    def database_place(self) -> str:
        """The address of the database as it may be shown: without user, password and options."""
        return (
            f"{self.database_url.partition('://')[0]}://{'/' * self.database_url.startswith(DRIVER)}{self.books_place}"
        )

    @classmethod
    def load(cls, **given: Any) -> "Settings":
        """The settings from the environment; `given` ones take precedence. Raises SettingsFault."""
        try:
            return cls(**given)
        except ValidationError as error:
            raise SettingsFault("; ".join(_faults(error))) from None


def _faults(error: ValidationError) -> list[str]:
    faults = []
    for entry in error.errors(include_url=False):
        # The default depends on another setting that is faulty; that one is reported.
        if entry["type"] == "default_factory_not_called":
            continue
        name = str(entry["loc"][0])
        known = Settings.model_fields.get(name)
        takes = known.description if known else f"no such setting; the known ones are {_names()}"
        if entry["type"] == "value_error":
            takes = str(entry["ctx"]["error"])
        came = _without_secrets(entry["input"])
        faults.append(f"{PREFIX}{name.upper()}: got {came}; takes {takes}. Correct it, or unset it for the default.")
    return faults


def _names() -> str:
    return ", ".join(Settings.model_fields)


def _without_secrets(value: object) -> str:
    """The value as it may be shown: only the scheme of an address, which may hold a password."""
    scheme, separator, _ = str(value).partition("://")
    if separator:
        return f"{scheme}://..."
    # Probably a mistyped address, with user and password in front of the host.
    return "..." if "@" in str(value) else shown(value)
