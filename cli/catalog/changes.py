"""What an import changes, in words."""

from collections.abc import Iterator

from cli.printing.screen import counted, instant, zone
from domain.catalog.changes import Changes, RecordKind

MOST_NEW = 20
"""At most this many new records are named; the others are counted."""


def facts_of(changes: Changes) -> Iterator[tuple[str, str]]:
    """Yield new records, changed fields, what offers lose, then prices with the instant from which each applies."""
    for kind in RecordKind:
        new = [record.id for record in changes.records if record.kind is kind and record.new]
        if new:
            more = f" and {len(new) - MOST_NEW:,} more" if len(new) > MOST_NEW else ""
            yield "new", f"{counted(len(new), kind)}: {', '.join(new[:MOST_NEW])}{more}"
    for record in changes.records:
        if not record.new:
            yield "changed", f"{record.kind} {record.id}: {'; '.join(map(str, record.fields))}"
    for record in changes.with_losses:
        yield "loses", f"{record.kind} {record.id}: {', '.join(record.losses)}"
    for words in prices_in(changes):
        yield "price", words


def prices_in(changes: Changes) -> Iterator[str]:
    """Each new price: the offer, from when, and by how much it moves."""
    for price in changes.prices:
        move = f"{price.currency} {price.before:f} -> {price.after:f} ({price.difference:+f})"
        yield f"{price.offer} from {instant(price.at)} {zone()}: {move}"


def summary(changes: Changes) -> str:
    """How many records and prices change, in a few words."""
    return ", ".join(_counts(changes)) or "nothing"


def _counts(changes: Changes) -> Iterator[str]:
    if new := sum(record.new for record in changes.records):
        yield counted(new, "new record")
    if changed := sum(not record.new for record in changes.records):
        yield counted(changed, "changed record")
    if changes.prices:
        yield f"{counted(len(changes.prices), 'price change')} of {counted(len(changes.repriced), 'offer')}"


def losses_in(changes: Changes) -> list[str]:
    """What each offer would lose."""
    return [f"{record.kind} {record.id} would lose: {', '.join(record.losses)}" for record in changes.with_losses]
