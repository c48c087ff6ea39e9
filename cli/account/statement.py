"""`balance` and `statement`: a customer's money, from the double entry."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from cli.account.account import Customer
from cli.account.sending import AsHtml, AsPdf, send_page
from cli.account.statement_page import statement_page
from cli.options import Json
from cli.printing.screen import amount, console, print_json, second, zone
from cli.printing.tables import Csv, one_format, print_columns, print_csv
from cli.running import use
from domain.money import from_minor
from domain.values import format_instant

if TYPE_CHECKING:
    from activities.accounts.balances import Balance, Entry


def balance(customer: Customer, as_json: Json = False) -> None:
    """Show what a customer owes and has as credit.

    One line per currency; charges that are not on an invoice yet have their own column.

    Example: balance fabrikam
    """
    found = use(lambda perennial: perennial.billing.balances(customer))
    if as_json:
        print_json([_balance_document(each) for each in found])
        return
    rows = []
    for each in found:
        money = (each.owed, each.uninvoiced_charges, each.credit, each.payments, each.receivable - each.credit)
        rows.append((each.currency, *map(amount, money)))
    headings = ("", "OWED", "NOT INVOICED YET", "CREDIT", "PAID SO FAR", "BALANCE")
    print_columns(console(), headings, rows, right=headings[1:])


def statement(
    customer: Customer, as_json: Json = False, as_csv: Csv = False, as_html: AsHtml = False, as_pdf: AsPdf = None
) -> None:
    """Show every entry of a customer's account.

    Each with the balance after it: what is owed, less credit. --json and --csv have both sides of each entry, as
    accountants write them: a debit is positive. The page has what a customer knows of: invoices, payments and what
    corrects them.

    Example: statement fabrikam --csv
    """
    one_format(as_json=as_json, as_csv=as_csv, as_html=as_html, as_pdf=as_pdf is not None)
    if as_html or as_pdf:
        send_page(statement_page(use(lambda perennial: perennial.billing.documents.statement(customer))), as_pdf)
        return
    entries = use(lambda perennial: perennial.billing.entries(customer))
    if as_json:
        print_json([_entry_document(entry) for entry in entries])
    elif as_csv:
        rows = [
            (format_instant(entry.at), entry.id, entry.kind, side.account, side.amount, entry.currency)
            for entry in entries
            for side in _sides(entry)
        ]
        print_csv(("at", "entry", "kind", "account", "amount", "currency"), rows)
    else:
        lines = [
            (second(entry.at), entry.kind.replace("_", " "), about(entry), entry.currency, amount(moved), amount(after))
            for entry, moved, after in _running(entries)
        ]
        headings = (f"WHEN ({zone()})", "KIND", "WHAT", "", "AMOUNT", "BALANCE")
        print_columns(console(), headings, lines, right=("AMOUNT", "BALANCE"))


class _Side(NamedTuple):
    """One posting with its amount in the currency's units."""

    account: str
    amount: Decimal


def _sides(entry: Entry) -> list[_Side]:
    return [_Side(posting.account, from_minor(posting.amount_minor, entry.currency)) for posting in entry.postings]


def _running(entries: Iterable[Entry]) -> Iterator[tuple[Entry, Decimal, Decimal]]:
    """Each entry, the amount by which it changes the customer's balance, and the balance after it."""
    balances: dict[str, Decimal] = defaultdict(Decimal)
    for entry in entries:
        of_customer = [side.amount for side in _sides(entry) if side.account in {"receivable", "credit"}]
        moved = sum(of_customer, from_minor(0, entry.currency))
        balances[entry.currency] += moved
        yield entry, moved, balances[entry.currency]


def about(entry: Entry) -> str:
    """The ledger row, invoice, payment or account event that an entry is about, from its id."""
    kind, _, rest = entry.id.partition(":")
    if kind == "correction":
        return f"account event {rest.rpartition(':')[2]}"
    return rest.rpartition(":")[2] if entry.kind == "payment" else rest.replace(":", "  ", 1)


def _balance_document(found: Balance) -> dict[str, Any]:
    return {
        "currency": found.currency,
        "owed": f"{found.owed:f}",
        "uninvoiced_charges": f"{found.uninvoiced_charges:f}",
        "uninvoiced_credits": f"{found.uninvoiced_credits:f}",
        "credit": f"{found.credit:f}",
        "carried_credit": f"{found.carried:f}",
        "payments": f"{found.payments:f}",
        "revenue": f"{found.revenue:f}",
        "tax": f"{found.tax:f}",
        "balance": f"{found.receivable - found.credit:f}",
    }


def _entry_document(entry: Entry) -> dict[str, Any]:
    return {
        "at": format_instant(entry.at),
        "entry": entry.id,
        "kind": entry.kind,
        "currency": entry.currency,
        "postings": [{"account": side.account, "amount": f"{side.amount:f}"} for side in _sides(entry)],
    }
