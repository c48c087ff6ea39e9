"""Parse the line of a cart or an order as it was typed."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import ValidationError
from typer import Option

from cli.failure import Misused
from cli.options import an_instant, misused, some_id, typed_wrong, whole_number
from domain.faults import faults_of, shown
from domain.ordering.lines import Line
from domain.policy import PACKS
from domain.values import ID_PATTERN

Buyer = Annotated[
    str, Option("--customer", parser=some_id, metavar="ID", help="The customer who buys; `customer list` shows them.")
]
LONGEST_ROLE = 64


@dataclass(frozen=True)
class LineOptions:
    """The options of a line."""

    quantity: Annotated[int, Option(parser=whole_number, metavar="N", help="How many licences.")] = 1
    add_on: Annotated[
        list[str] | None, Option(metavar="ID=N", help="An add-on and its quantity; repeat for several.")
    ] = None
    begins: Annotated[
        datetime | None,
        Option(
            parser=an_instant,
            metavar="INSTANT",
            help="When its trial or term begins, up to 90 days ahead (BUY-6).",
            show_default="at once",
        ),
    ] = None
    policy: Annotated[
        str | None, Option(metavar="PACK", help=f"Other terms: {', '.join(PACKS)}.", show_default="the offer's own")
    ] = None


def typed_line(offer: str, options: LineOptions, subscription_id: str | None = None) -> Line:
    """Return the line as it was typed. Raises Misused."""
    wanted = {
        "offer": offer,
        "begins_at": options.begins,
        "quantity": options.quantity,
        "add_ons": _add_ons(options.add_on or []),
        "policy": options.policy,
        "subscription_id": subscription_id,
    }
    try:
        return Line.model_validate(wanted)
    except ValidationError as error:
        raise misused(faults_of(error)) from None


def typed_role(by: str) -> str:
    """Return the role that was typed. Raises Misused if it can be none; whether it may buy is decided later."""
    if not 1 <= len(by) <= LONGEST_ROLE:
        raise typed_wrong("--by", by, f"1 to {LONGEST_ROLE} characters")
    return by


def _add_ons(typed: list[str]) -> dict[str, int]:
    wanted: dict[str, int] = {}
    for text in typed:
        name, separator, number = text.partition("=")
        known = re.fullmatch(ID_PATTERN, name) and re.fullmatch(r"[0-9]{1,18}", number)
        if not (separator and known):
            raise Misused(f"--add-on: got {shown(text)}; takes an add-on's id and its quantity, such as backup=2.")
        if name in wanted:
            raise Misused(f"--add-on: got {shown(name)} twice; takes each add-on once.")
        wanted[name] = int(number)
    return wanted
