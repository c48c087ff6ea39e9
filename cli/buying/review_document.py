"""A review as `--json` prints it."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from domain.values import format_instant
from statemachines.subscription.documents import money_document

if TYPE_CHECKING:
    from datetime import datetime

    from cli.buying.cart_review import Reviewed
    from domain.money import Money
    from domain.ordering.eligibility import Refusal
    from domain.ordering.terms import Order
    from statemachines.subscription.review import LineReview


def review_document(reviewed: Reviewed) -> dict[str, Any]:
    """Everything that the review found, with the totals of what is charged first."""
    from cli.buying.cart import numbered

    cart = reviewed.cart
    names = {line.line.offer: line.name for line in reviewed.lines if line.name}
    lines = numbered(cart.lines, names)
    return {
        "cart_id": cart.id,
        "customer": cart.customer,
        "at": format_instant(reviewed.at),
        "expires_at": format_instant(cart.expires_at),
        "lines": [{**line, **_line(found)} for line, found in zip(lines, reviewed.lines, strict=True)],
        "first_charges": [money_document(money) for money in first_charges(reviewed)],
    }


def first_charges(reviewed: Reviewed) -> list[Money]:
    """What the lines that can be bought are charged first, a sum for each currency."""
    from domain.money import total

    found: dict[str, list[Decimal]] = defaultdict(list)
    for line in reviewed.lines:
        if line.first_charge and not line.refusals:
            found[line.first_charge.currency].append(line.first_charge.amount)
    sums = (total(amounts, currency) for currency, amounts in sorted(found.items()))
    return [money for money in sums if money]


def period_prices(order: Order, unit_price: Decimal | None = None) -> list[tuple[str, int, Decimal, Money]]:
    """(line, quantity, unit price, amount) for one billing period, each rounded as it will be charged (MON-1).

    What is billed by usage is none of them. With `unit_price`, as if that were the price.
    """
    from fractions import Fraction

    from domain.money import Money, round_half_up
    from domain.subscription.pricing import licence_lines

    subscription = order.subscription()
    if unit_price is not None:
        subscription = subscription.model_copy(update={"unit_price": unit_price})
    currency = order.offer.currency
    return [
        (line, quantity, price, Money(amount=round_half_up(Fraction(price) * quantity, currency), currency=currency))
        for line, quantity, price in licence_lines(subscription)
    ]


def period_total(order: Order, unit_price: Decimal | None = None) -> Money | None:
    """What one billing period comes to; None where all of it is billed by usage."""
    from domain.money import total

    return total([money.amount for *_, money in period_prices(order, unit_price)], order.offer.currency)


def _line(found: LineReview) -> dict[str, Any]:
    return {
        "available": not found.refusals,
        "refusals": [_refusal(refusal) for refusal in found.refusals],
        "price": _price(found.order) if found.order else None,
        "state": found.state.value if found.state else None,
        "trial_end": _instant(found.trial_end),
        "trial_of": found.trial_of,
        "activation_deadline": _instant(found.activation_deadline),
        "first_charge": money_document(found.first_charge) if found.first_charge else None,
        "first_charge_at": _instant(found.first_charge_at),
        "refund_until": _instant(found.refund_until),
        "renews_at": _instant(found.renews_at),
        "coming_prices": [
            {"at": format_instant(price.at), **_amounts(found.order, price.unit_price)}
            for price in found.coming_prices
            if found.order
        ],
    }


def _price(order: Order) -> dict[str, Any]:
    offer = order.offer
    return {
        "currency": offer.currency,
        "billing_type": offer.billing_type.value,
        "term": offer.term.value,
        "billing_plan": offer.billing_plan.value,
        "policy": order.policy,
        **_amounts(order, offer.unit_price),
        "lines": [
            {"line": line, "quantity": quantity, "unit_price": f"{price:f}", "amount": f"{money.amount:f}"}
            for line, quantity, price, money in period_prices(order)
        ],
    }


def _amounts(order: Order, unit_price: Decimal) -> dict[str, Any]:
    total = period_total(order, unit_price)
    return {"unit_price": f"{unit_price:f}", "per_period": money_document(total) if total else None}


def _refusal(refusal: Refusal) -> dict[str, Any]:
    return refusal.model_dump(mode="json")


def _instant(at: datetime | None) -> str | None:
    return format_instant(at) if at else None
