"""What a customer owes and has, as the double entry shows it."""

from decimal import Decimal

from domain.money import Currency
from domain.values import ExactDecimal, Frozen, Instant


class Balance(Frozen):
    """A customer's balance in one currency.

    `receivable` is owed on invoices and for charges that are not invoiced yet; `credit` pays future charges. `payments`
    is what has come in less what was paid out, `revenue` what was charged less what was credited, before tax (MON-10),
    and `tax` the tax on it that is on invoices and credit notes (MON-13).
    """

    currency: Currency
    receivable: ExactDecimal
    credit: ExactDecimal
    revenue: Decimal
    tax: Decimal
    payments: Decimal
    uninvoiced_charges: ExactDecimal
    uninvoiced_credits: ExactDecimal

    @property
    def owed(self) -> Decimal:
        """What is left to pay on the invoices issued so far."""
        return self.receivable - self.uninvoiced_charges

    @property
    def carried(self) -> Decimal:
        """The credit carried into the next invoice, without the credits that will be lines of it."""
        return self.credit - self.uninvoiced_credits


class Posting(Frozen):
    """One side of an entry, in minor units. A debit is positive."""

    account: str
    amount_minor: int


class Entry(Frozen):
    """One balanced entry."""

    id: str
    at: Instant
    kind: str
    currency: Currency
    postings: tuple[Posting, ...]
