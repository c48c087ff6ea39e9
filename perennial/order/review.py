"""Review a cart: what each line costs and when, decided by the same core that later runs it (BUY-2)."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from domain.catalog.customers import Customer
from domain.money import Money, round_half_up, total
from domain.ordering.cart import Cart
from domain.ordering.terms import Order
from domain.subscription.pricing import licence_lines
from statemachines.preview.review import LineReview


@dataclass(frozen=True)
class Reviewed:
    """A cart and the review of its lines, as if they were bought at `at`."""

    cart: Cart
    customer: Customer
    lines: tuple[LineReview, ...]
    at: datetime

    @property
    def terms(self) -> tuple[str | None, ...]:
        """The digest of each line's terms, which a purchase confirms."""
        return tuple(line.terms for line in self.lines)

    @property
    def first_charges(self) -> list[Money]:
        """What the lines that can be bought are charged first, summed by currency."""
        found: dict[str, list[Decimal]] = defaultdict(list)
        for line in self.lines:
            if line.first_charge and not line.refusals:
                found[line.first_charge.currency].append(line.first_charge.amount)
        sums = (total(amounts, currency) for currency, amounts in sorted(found.items()))
        return [money for money in sums if money]


@dataclass(frozen=True)
class PeriodPrice:
    """What one billing period charges for the licences, or for one add-on. `line` is the offer's or the add-on's id."""

    line: str
    quantity: int
    unit_price: Decimal
    money: Money


def period_prices(terms: Order, unit_price: Decimal | None = None) -> list[PeriodPrice]:
    """Return what one billing period charges, line by line, each rounded as it will be charged (MON-1).

    Usage is not included. `unit_price` replaces the offer's price.
    """
    subscription = terms.subscription()
    if unit_price is not None:
        subscription = subscription.model_copy(update={"unit_price": unit_price})
    currency = terms.offer.currency
    return [
        PeriodPrice(line, quantity, price, _money(Fraction(price) * quantity, currency))
        for line, quantity, price in licence_lines(subscription)
    ]


def period_total(terms: Order, unit_price: Decimal | None = None) -> Money | None:
    """Return the total of one billing period; None if everything is billed by usage."""
    return total([price.money.amount for price in period_prices(terms, unit_price)], terms.offer.currency)


def _money(amount: Fraction, currency: str) -> Money:
    return Money(amount=round_half_up(amount, currency), currency=currency)
