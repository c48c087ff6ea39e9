"""A line as it is typed: what nobody can buy is refused at once."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import ValidationError
from typer import Option

from cli.failure import Failure, Misused
from cli.options import misused, typed_wrong, whole_number
from cli.printing.rule_words import refused_by
from domain.faults import faults_of, shown
from domain.ordering.lines import Line
from domain.policy import PACKS
from domain.roles import Action, denial
from domain.values import ID_PATTERN

if TYPE_CHECKING:
    from perennial.sources.books import Books

LONGEST_ROLE = 64


@dataclass(frozen=True)
class LineOptions:
    """What a line takes beside its offer."""

    quantity: Annotated[int, Option(parser=whole_number, metavar="N", help="How many licences.")] = 1
    add_on: Annotated[list[str] | None, Option(metavar="ID=N", help="An add-on and how many; again for others.")] = None
    policy: Annotated[
        str | None, Option(metavar="PACK", help=f"Other terms: {', '.join(PACKS)}.", show_default="the offer's own")
    ] = None


def typed_line(offer: str, options: LineOptions, **more: Any) -> Line:
    """The line as it was typed. Raises Misused."""
    wanted = {"quantity": options.quantity, "add_ons": _add_ons(options.add_on or []), "policy": options.policy}
    try:
        return Line.model_validate({"offer": offer, **wanted, **more})
    except ValidationError as error:
        raise misused(faults_of(error)) from None


async def check_sold(books: Books, line: Line) -> None:
    """Raise Failure where nobody can buy the line: no such offer, quantity or add-on (ELG-6, ELG-8, BUY-4)."""
    from cli.books import refused
    from domain.ordering.eligibility import content_refusals

    for refusal in content_refusals(await books.sold(line.offer), line):
        raise refused(refusal)


def check_role(by: str) -> None:
    """Raise Failure or Misused where that role may not buy (ROL-1, ROL-4)."""
    if not 1 <= len(by) <= LONGEST_ROLE:
        raise typed_wrong("--by", by, f"1 to {LONGEST_ROLE} characters")
    if denied := denial(by, Action.BUY):
        raise Failure(refused_by(denied.rule, denied.message))


def _add_ons(typed: list[str]) -> dict[str, int]:
    wanted: dict[str, int] = {}
    for text in typed:
        name, separator, number = text.partition("=")
        known = re.fullmatch(ID_PATTERN, name) and re.fullmatch(r"[0-9]{1,18}", number)
        if not (separator and known):
            raise Misused(f"--add-on: got {shown(text)}; takes an add-on's id and how many, such as backup=2.")
        if name in wanted:
            raise Misused(f"--add-on: got {shown(name)} twice; takes each add-on once.")
        wanted[name] = int(number)
    return wanted
