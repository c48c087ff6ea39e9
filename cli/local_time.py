"""In which zone instants are printed: UTC, or with `--local` that of this machine."""

import functools
import inspect
import time
from collections.abc import Callable
from contextvars import ContextVar
from datetime import datetime
from os import environ
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from typer import Option

UTC_NAME = "UTC"
_LOCAL = ContextVar("local", default=False)
_ZONES = "zoneinfo/"
_NAME = "local_time"
Local = Annotated[bool, Option("--local", help="Show times in your own time zone; JSON and CSV stay in UTC.")]


def with_local_time(command: Callable[..., None]) -> Callable[..., None]:
    """The command with the option `--local`."""
    signature = inspect.signature(command, eval_str=True)

    @functools.wraps(command)
    def run(**given: Any) -> None:
        _LOCAL.set(given.pop(_NAME))
        command(**given)

    by_name = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in signature.parameters.values()]
    local = inspect.Parameter(_NAME, inspect.Parameter.KEYWORD_ONLY, default=False, annotation=Local)
    run.__signature__ = signature.replace(parameters=[*by_name, local])  # type: ignore[attr-defined]  # what Typer reads
    run.__annotations__ = {one.name: one.annotation for one in (*by_name, local)}
    return run


def placed(at: datetime) -> datetime:
    """The instant as it is printed: in UTC, or in the zone of this machine."""
    return at.astimezone() if _LOCAL.get() else at


def zone() -> str:
    """The name of the zone that instants are printed in, such as `UTC` or `Europe/Berlin`."""
    if not _LOCAL.get():
        return UTC_NAME
    # Where a system names its zone at all, it is by the file that this one stands for.
    by_system = str(Path("/etc/localtime").resolve()).partition(_ZONES)[2]
    named = environ.get("TZ", "").removeprefix(":") or by_system
    try:
        return ZoneInfo(named).key
    except (ValueError, OSError, ZoneInfoNotFoundError):
        # Of a rule such as `CET-1CEST`, or a zone that is not known here.
        return "/".join(dict.fromkeys(time.tzname))
