"""`config`: every setting in effect, and where it comes from."""

from collections.abc import Sequence

from cli.options import Json
from cli.printing.screen import console, print_json, printable
from cli.printing.tables import print_columns
from cli.running import run
from hosting.configuration import InEffect, in_effect


def config(as_json: Json = False) -> None:
    """Show every setting in effect, and where it comes from.

    The PERENNIAL_... settings, and Temporal's own (TEMPORAL_... variables, temporal.toml) as commands and workers use
    them. Passwords, keys and tokens are never shown.

    Example: config --json
    """

    async def found() -> list[InEffect]:
        return in_effect()

    settings = run(found())
    if as_json:
        print_json(
            {one.name: {"value": one.value, "source": one.source.value, "near": one.near} for one in settings},
        )
    else:
        _print(settings)


def _print(settings: Sequence[InEffect]) -> None:
    rows = [(one.name, printable(one.value or "unset"), _source(one)) for one in settings]
    print_columns(console(), ("SETTING", "VALUE", "FROM"), rows)


def _source(one: InEffect) -> str:
    return f"{one.source.words}; did you mean {one.near}?" if one.near else one.source.words
