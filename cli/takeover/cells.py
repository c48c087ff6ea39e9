"""How a CSV file holds the fields of a row, both ways: `backup=1;audit=2`, `fraud@2026-11-02T09:00:00Z by service`."""

import re
from collections.abc import Callable
from typing import Any

from domain.takeover.row import TakeoverRow

FIELDS = tuple(TakeoverRow.model_fields)
BETWEEN = ";"
NOTHING = "none"
"""The cell of a list or mapping that is given, and has no entries."""
NUMBERS = {"quantity", "min_quantity", "max_quantity", "announce_days", "term_number"}
COUNTED, PRICED = {"add_ons", "scheduled_changes"}, {"add_on_prices", "refundable"}
TEXTS = {"reference", "cancellation_details"}
"""Cells that are taken as they are; blanks around others do no harm."""
_NUMBER = re.compile(r"[0-9]{1,18}")
_HOLD = re.compile(r"(?P<reason>[^@]*)@(?P<at>\S+)(?: +until +(?P<until>\S+))?(?: +by +(?P<by>.*))?")
_USAGE = re.compile(r"(?P<usage_id>[^=@]+)=(?P<units>[^=@]+)@(?P<used_at>\S+)")
_INVOICE = re.compile(
    r"(?P<number>.+)=(?P<amount>\S+) +(?P<currency>\S+) +issued +(?P<issued_at>\S+) +due +(?P<due_at>\S+)"
)
_FORMULA = tuple("=+-@\t'")


class Malformed(ValueError):
    """A cell that cannot be read: what it takes."""


def value_of(field: str, cell: str) -> Any:
    """The cell's value as JSON has it. Raises Malformed; the row's model checks the rest."""
    cell = _plain(cell) if field in TEXTS else _plain(cell).strip()
    if field in NUMBERS:
        return int(cell) if _NUMBER.fullmatch(cell) else cell
    if field == "auto_renew":
        return {"true": True, "false": False}.get(cell.lower(), cell)
    if field in COUNTED | PRICED:
        return _mapping(cell, number=field in COUNTED)
    if field == "prices":
        return [{"at": at, "unit_price": price} for at, price in _pairs(cell, "INSTANT=PRICE")]
    if field == "holds":
        takes = "REASON@INSTANT, then `until INSTANT` or `by ROLE` or both"
        return [_matched(_HOLD, entry, takes) for entry in _entries(cell)]
    if field == "unbilled_usage":
        return [_matched(_USAGE, entry, "ID=UNITS@INSTANT") for entry in _entries(cell)]
    if field == "open_invoices":
        takes = "NUMBER=AMOUNT CURRENCY issued INSTANT due INSTANT"
        return [_matched(_INVOICE, entry, takes) for entry in _entries(cell)]
    return cell


def cell_of(field: str, value: Any) -> str:
    """The JSON value as a cell, which no spreadsheet runs as a formula; `value_of` gives the value back."""
    text = "" if value is None else _text_of(field, value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _text_of(field: str, value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case {} | [] if not value:
            return NOTHING
        case dict():
            return BETWEEN.join(f"{key}={each}" for key, each in value.items())
        case list() if field == "prices":
            return BETWEEN.join(f"{each['at']}={each['unit_price']}" for each in value)
        case list() if field == "holds":
            return BETWEEN.join(_hold_text(each) for each in value)
        case list() if field == "unbilled_usage":
            return BETWEEN.join(f"{each['usage_id']}={each['units']}@{each['used_at']}" for each in value)
        case list():
            return BETWEEN.join(
                f"{each['number']}={each['amount']} {each['currency']} issued {each['issued_at']} due {each['due_at']}"
                for each in value
            )
        case _:
            return str(value)


def _hold_text(hold: dict[str, str | None]) -> str:
    until = f" until {hold['until']}" if hold.get("until") else ""
    return f"{hold['reason']}@{hold['at']}{until} by {hold['by']}"


def _plain(cell: str) -> str:
    """The cell without the mark that keeps a spreadsheet from running it."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_FORMULA) else cell


def _entries(cell: str) -> list[str]:
    return [] if cell == NOTHING else [entry.strip() for entry in cell.split(BETWEEN)]


def _pairs(cell: str, takes: str) -> list[tuple[str, str]]:
    pairs = []
    for entry in _entries(cell):
        left, equals, right = entry.partition("=")
        if not (left.strip() and equals and right.strip()):
            raise Malformed(f"{takes}, separated by `;`, or {NOTHING}")
        pairs.append((left.strip(), right.strip()))
    return pairs


def _mapping(cell: str, *, number: bool) -> dict[str, Any]:
    takes = "ID=NUMBER" if number else "ID=AMOUNT"
    pairs = _pairs(cell, takes)
    if len(dict(pairs)) < len(pairs):
        raise Malformed(f"{takes}, separated by `;`, each id once")
    read: Callable[[str], Any] = (lambda text: int(text) if _NUMBER.fullmatch(text) else text) if number else str
    return {key: read(value) for key, value in pairs}


def _matched(pattern: re.Pattern[str], entry: str, takes: str) -> dict[str, str]:
    found = pattern.fullmatch(entry)
    if found is None:
        raise Malformed(f"{takes}, separated by `;`, or {NOTHING}")
    return {name: text.strip() for name, text in found.groupdict().items() if text is not None}
