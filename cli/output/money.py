"""What the commands of accounts and invoices print."""

from decimal import Decimal
from typing import Any

from cli.output.values import Answered, Row, Signed
from domain.account.invoice import InvoiceState, Settlement
from domain.account.terms import HoldScope
from domain.calendar import Period
from domain.conflict import Choice, Conflict
from domain.money import Currency, Money
from domain.taxes.sale import TaxRounding
from domain.taxes.treatment import TaxCategory
from domain.values import ExactDecimal, Frozen, Instant, OmitEmpty
from statemachines.account.standing import CreditNoteTaken, PaymentTaken, ReservedRefund
from statemachines.account.timeline import AccountMilestone


class Terms(Frozen):
    """An account's terms of payment."""

    policy: str
    invoice_day: int
    due_after_days: int
    reminder_days: list[int]
    suspends_after_days: int | None
    tolerance: ExactDecimal
    holds: HoldScope
    sell_while_held: bool


class Unpaid(Frozen):
    """An unpaid invoice, and what is still owed on it."""

    invoice: str
    currency: Currency
    due: ExactDecimal
    paid: ExactDecimal
    settled: ExactDecimal
    credited: OmitEmpty[ExactDecimal] = Decimal(0)
    written_off: OmitEmpty[ExactDecimal] = Decimal(0)
    owed: ExactDecimal
    due_at: Instant
    state: InvoiceState
    reminders: int
    skipped: int
    suspended: bool
    postponed: bool


class Held(Frozen):
    """A subscription that the account holds for nonpayment."""

    subscription: str
    invoice: str | None


class ComparedFields(Frozen):
    """One field on both sides."""

    name: str
    wanted: str | None
    held: str | None
    differs: bool


class ShownConflict(Frozen):
    """A conflict with the books, with what differs."""

    key: str
    words: str
    fields: list[ComparedFields]
    choices: list[Choice]


class Account(Frozen):
    """A billing account now."""

    customer: str
    terms: Terms
    unpaid: list[Unpaid]
    held: list[Held]
    credit: list[Money]
    refunds: list[ReservedRefund]
    not_chased: list[str]
    timeline: list[AccountMilestone]
    attention: str | None
    conflict: Conflict | None
    refused_signals: int


class Balance(Frozen):
    """What a customer owes and has as credit, in one currency."""

    currency: Currency
    owed: Signed
    uninvoiced_charges: Signed
    uninvoiced_credits: Signed
    credit: Signed
    carried_credit: Signed
    payments: Signed
    revenue: Signed
    tax: Signed
    balance: Signed


class Side(Frozen):
    """One side of an entry: a debit is positive."""

    account: str
    amount: Signed


class Entry(Frozen):
    """An entry of the double entry."""

    at: Instant
    entry: str
    kind: str
    currency: Currency
    postings: list[Side]


class Taxed(Frozen):
    """How something is taxed: the category by EN 16931, and the rate; null where no rate is known (MON-13)."""

    category: TaxCategory | None
    rate: ExactDecimal | None
    net: Signed


class TaxOfRate(Taxed):
    """The tax of all that is taxed so on an invoice."""

    tax: Signed


class Tax(Frozen):
    """The tax of an invoice, with what it depended on."""

    country: str
    tax_id: str | None
    rounding: TaxRounding
    net: Signed
    tax: Signed
    gross: Signed
    rates: list[TaxOfRate]


class Invoice(Frozen):
    """An invoice, and how it stands."""

    invoice: str
    customer: str
    state: InvoiceState
    currency: Currency
    taken_over: OmitEmpty[str | None] = None
    """The number of the system that issued it, for an invoice that was taken over: it has no period here (MOV-6)."""
    period: Period | None
    issued_at: Instant
    due_at: Instant
    charges: ExactDecimal
    credits: ExactDecimal
    total: Signed
    carried_in: ExactDecimal
    due: ExactDecimal
    carried_out: ExactDecimal
    settles: list[Settlement]
    paid: ExactDecimal
    settled: ExactDecimal
    credit_notes: list[CreditNoteTaken]
    written_off: ExactDecimal
    tax: Tax | None
    """Null where none was calculated (MON-13)."""
    owed: ExactDecimal
    reminders: int
    failed_payments: int
    suspended_at: Instant | None
    payments: list[PaymentTaken]


class Line(Row):
    """A row of the ledger on an invoice, with its subscription, and how its parts are taxed (MON-13)."""

    subscription: str
    taxes: OmitEmpty[list[Taxed]] = []


class WholeInvoice(Invoice):
    """An invoice with its lines."""

    lines: list[Line]


class Opened(Frozen):
    """Whether the account was opened now; false where it was open already."""

    customer: str
    opened: bool


class CreditNote(Frozen):
    """A credit note, and what became of it (MON-10)."""

    credit_note: str
    customer: str
    credit_id: str
    issued_at: Instant
    currency: Currency
    amount: ExactDecimal
    tax: ExactDecimal
    """The tax that it takes back; it is part of the amount (MON-13)."""
    invoice: str | None
    reason: str | None
    taxes: list[TaxOfRate]
    settles: list[Settlement]
    credited: ExactDecimal
    """What became credit for the next invoice."""


PRINTED: dict[str, Any] = {
    "balance": list[Balance],
    "statement": list[Entry],
    "invoice list": list[Invoice],
    "invoice show": WholeInvoice,
    "invoice notes": list[CreditNote],
    "invoice note": CreditNote,
    "account show": Account,
    "account open": Opened,
    **dict.fromkeys(("invoice pay", "invoice fail", "invoice credit", "invoice write-off"), Answered),
    **dict.fromkeys(("account pay", "account terms", "account credit", "account refund"), Answered),
    **dict.fromkeys(("account refund-paid", "account reverse"), Answered),
}
"""What each prints."""
