"""A review as a person reads it: a block for each line, and what is charged first."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

from rich.text import Text

from cli.buying.review_document import first_charges, period_prices, period_total
from cli.printing.rule_words import words_of
from cli.printing.screen import amount, counted, printable, quantity, second
from domain.subscription.events import State

if TYPE_CHECKING:
    from rich.console import Console

    from cli.buying.cart_review import Reviewed
    from domain.money import Money
    from domain.ordering.terms import Order
    from statemachines.subscription.review import LineReview

LABEL = 14
INDENT = 4
PLANS = {"monthly": "a month", "annual": "a year", "one_time": "once for each term"}
BILLED = {"monthly": "every month", "annual": "every year", "one_time": "once for each term"}
TERMS = {"P1M": "one month", "P1Y": "one year", "P2Y": "two years", "P3Y": "three years"}


def print_review(screen: Console, reviewed: Reviewed) -> None:
    """The whole review, and the next step."""
    cart, customer = reviewed.cart, reviewed.customer
    screen.print(Text(f"{printable(customer.name)} ({customer.id}), cart {cart.id}", style="bold"), soft_wrap=True)
    about = f"As if it were bought now, {second(reviewed.at)} UTC. The cart expires {second(cart.expires_at)} UTC."
    screen.print(Text(about, style="dim"), soft_wrap=True)
    numbers = {line.order.subscription_id: line.number for line in reviewed.lines if line.order and not line.refusals}
    for line in reviewed.lines:
        screen.print()
        _print_line(screen, line, numbers)
    screen.print()
    refused = sum(bool(line.refusals) for line in reviewed.lines)
    for label, text in _conclusion(reviewed, refused):
        screen.print(Text.assemble((f"{label:<{LABEL + INDENT}}", "dim"), text), soft_wrap=True)


def _print_line(screen: Console, line: LineReview, numbers: Mapping[str, int]) -> None:
    for left, right in _heading(line):
        room = max(screen.width - len(right), len(left) + 2)
        screen.print(Text(f"{left:<{room}}{right}", style="bold" if left[:INDENT].strip() else ""), soft_wrap=True)
    for label, text, style in _facts(line, numbers):
        parts = textwrap.wrap(printable(text), max(screen.width - LABEL - INDENT, 20)) or [""]
        for number, part in enumerate(parts):
            head = (f"{'':{INDENT}}{'' if number else label:<{LABEL}}", "dim")
            screen.print(Text.assemble(head, (part, style)), soft_wrap=True)


def _heading(line: LineReview) -> Iterator[tuple[str, str]]:
    """The line and its add-ons, each with its money for one billing period."""
    number, name = f"{line.number:>2}  ", printable(line.name or "not in the catalog")
    if line.order is None:
        yield f"{number}{quantity(line.line.quantity)} x {line.line.offer} ({name})", ""
        return
    if line.order.offer.metered:
        used = f"{_unit(line.order, line.order.offer.unit_price)} a unit used"
        yield f"{number}{name} ({line.line.offer}), by usage", used
    for key, many, price, money in period_prices(line.order):
        what = f"{name} ({key})" if key == line.line.offer else key
        start = number if key == line.line.offer else f"{'':{INDENT}}+ "
        yield f"{start}{quantity(many)} x {what} at {_unit(line.order, price)}", _money(money)


def _facts(line: LineReview, numbers: Mapping[str, int]) -> Iterator[tuple[str, str, str]]:
    """(label, words, style), in the order in which a buyer asks; `numbers` are the cart's lines by subscription."""
    for refusal in line.refusals:
        words = f"{refusal.rule}, {words_of(refusal.rule)}: {refusal.message} {refusal.next_step}"
        before = numbers.get(refusal.subscription_id or "")
        yield "refused", f"{words} It is line {before} of this cart." if before else words, "yellow"
    if line.order is None:
        return
    yield "terms", _terms(line.order), ""
    if line.refusals:
        return
    if line.state is State.PENDING:
        yield "set-up", f"by its publisher, with a link, until {second(line.activation_deadline)} UTC", ""
    if trial := _trial(line):
        yield "trial", trial, ""
    yield "first charge", _first_charge(line), ""
    yield "refund", _refund(line), ""
    if line.renews_at:
        yield "renews", f"{second(line.renews_at)} UTC", ""
    for price in line.coming_prices:
        words = f"{_coming(line.order, price.unit_price)}, from the first renewal after {second(price.at)} UTC"
        yield "price change", words, ""


def _terms(order: Order) -> str:
    offer = order.offer
    total = period_total(order)
    parts = [
        f"{_money(total)} {PLANS[offer.billing_plan]}" if total else f"usage, billed {BILLED[offer.billing_plan]}",
        f"term of {TERMS[offer.term]}",
    ]
    return ", ".join([*parts, f"policy {order.policy}"])


def _trial(line: LineReview) -> str:
    order = line.order
    assert order is not None
    if line.trial_end:
        return f"free until {second(line.trial_end)} UTC"
    if line.trial_of:
        return f"none: the customer's one trial of it was {line.trial_of} (TRI-4)"
    if order.offer.trial_days:
        return f"{counted(order.offer.trial_days, 'day')} free once it is set up"
    return ""


def _first_charge(line: LineReview) -> str:
    order = line.order
    assert order is not None
    if line.first_charge and line.first_charge_at:
        when = "now, " if line.first_charge_at == order.at else "on "
        return f"{_money(line.first_charge)} {when}{second(line.first_charge_at)} UTC"
    if line.state is State.PENDING:
        total = period_total(order)
        after = "when the free days are over" if order.offer.trial_days else "when it is set up"
        return f"{_money(total)} {after}" if total else f"usage, counted from {after.removeprefix('when ')}"
    if line.first_charge_at:
        return f"what has been used by {second(line.first_charge_at)} UTC"
    return "none"


def _refund(line: LineReview) -> str:
    if line.refund_until is None:
        return "none"
    return f"a cancel is credited in full until {second(line.refund_until)} UTC"


def _coming(order: Order, unit_price: Decimal) -> str:
    total = period_total(order, unit_price)
    whole = "" if order.offer.metered or total is None else f", {_money(total)} {PLANS[order.offer.billing_plan]}"
    return f"{_unit(order, unit_price)} a unit{whole}"


def _conclusion(reviewed: Reviewed, refused: int) -> Iterator[tuple[str, str]]:
    totals = ", ".join(_money(money) for money in first_charges(reviewed)) or "none on a date that is known now"
    yield "first charges", totals
    if later := [str(line.number) for line in reviewed.lines if line.state is State.PENDING]:
        yield "", f"and, once it is set up, line {', '.join(later)}"
    count = len(reviewed.lines)
    if refused:
        yield (
            "",
            f"{count - refused} of {counted(count, 'line')} can be bought; the same `cart buy` tries the others again",
        )
    if refused < count:
        yield "next", f"starter.py cart buy --customer {reviewed.cart.customer}"
    else:
        yield "next", f"starter.py cart remove LINE --customer {reviewed.cart.customer}"


def _unit(order: Order, price: Decimal) -> str:
    """A price with all of its currency's decimals, or more where it has more."""
    from domain.money import from_minor, to_minor

    currency = order.offer.currency
    return f"{currency} {amount(from_minor(to_minor(price, currency), currency))}"


def _money(money: Money) -> str:
    return f"{money.currency} {amount(money.amount)}"
