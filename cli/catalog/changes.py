"""What an import changes, a line a record and a line a price."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.text import Text

from cli.printing.screen import counted, instant, printable
from domain.catalog.changes import RecordKind

if TYPE_CHECKING:
    from rich.console import Console

    from domain.catalog.changes import Changes, PriceChange

MOST_NEW = 20
"""New records are told one by one up to here, then by their number."""


def print_changes(screen: Console, changes: Changes) -> None:
    """New records, changed fields, then prices with the instant from which each holds."""
    for kind in RecordKind:
        new = [record.id for record in changes.records if record.kind is kind and record.new]
        if new:
            more = f" and {len(new) - MOST_NEW:,} more" if len(new) > MOST_NEW else ""
            _line(screen, "new", f"{counted(len(new), kind)}: {', '.join(new[:MOST_NEW])}{more}")
    for record in changes.records:
        if not record.new:
            _line(screen, "changed", f"{record.kind} {record.id}: {'; '.join(map(str, record.fields))}")
    for price in changes.prices:
        _line(screen, "price", told_price(price))


def told_price(change: PriceChange) -> str:
    """`contoso-crm from 2027-03-01 00:00 UTC: USD 10.00 -> 12.00 (+2.00)`."""
    move = f"{change.currency} {change.before:f} -> {change.after:f} ({change.difference:+f})"
    return f"{change.offer} from {instant(change.at)} UTC: {move}"


def summary(changes: Changes) -> str:
    """How much changes, in a few words."""
    return ", ".join(_counts(changes)) or "nothing"


def _counts(changes: Changes) -> Iterator[str]:
    if new := sum(record.new for record in changes.records):
        yield f"{counted(new, 'record')} new"
    if changed := sum(not record.new for record in changes.records):
        yield f"{counted(changed, 'record')} changed"
    if changes.prices:
        yield f"{counted(len(changes.prices), 'price change')} of {counted(len(changes.repriced), 'offer')}"


def _line(screen: Console, label: str, text: str) -> None:
    screen.print(Text.assemble((f"  {label:<11}", "dim"), printable(text)), soft_wrap=True)
