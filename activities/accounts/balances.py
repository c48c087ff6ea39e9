"""What a customer owes and has, as accountants see it."""

from decimal import Decimal

from domain.money import Currency
from domain.values import ExactDecimal, Frozen, Instant


class Balance(Frozen):
    """One currency of one customer, from the double entry.

    `receivable` is what is owed on invoices and for charges that none has yet; `credit` what pays coming charges.
    """

    currency: Currency
    receivable: ExactDecimal
    credit: ExactDecimal
    revenue: ExactDecimal
    payments: ExactDecimal
    uninvoiced_charges: ExactDecimal
    uninvoiced_credits: ExactDecimal

    @property
    def owed(self) -> Decimal:
        """What is to be paid on the invoices there are."""
        return self.receivable - self.uninvoiced_charges

    @property
    def carried(self) -> Decimal:
        """The credit that the next invoice takes off, beside the credits that will stand on it."""
        return self.credit - self.uninvoiced_credits


class Posting(Frozen):
    """One side of an entry, in minor units; a debit is positive."""

    account: str
    amount_minor: int


class Entry(Frozen):
    """One balanced entry."""

    id: str
    at: Instant
    kind: str
    currency: Currency
    postings: tuple[Posting, ...]
