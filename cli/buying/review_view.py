"""The review of a cart as JSON and as text."""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from rich.text import Text

from cli.printing.screen import amount, console, counted, moment, printable, quantity, say, wrapped
from cli.rule_words import words_of
from cli.start import program
from domain.money import Money, shown_price
from domain.ordering.lines import Line
from domain.ordering.terms import Order
from domain.values import format_instant
from perennial.order.review import Reviewed, period_prices, period_total
from statemachines.preview.review import LineReview
from statemachines.subscription.documents import money_document

FORESEEN = {
    *("state", "trial_end", "trial_of", "activation_deadline", "first_charge", "first_charge_at"),
    *("refund_until", "renews_at"),
}
"""The fields of a `LineReview` that `--json` prints as they are."""
LABEL = 14
INDENT = 4
PLANS = {"monthly": "per month", "annual": "per year", "one_time": "once per term"}
BILLED = {"monthly": "monthly", "annual": "yearly", "one_time": "once per term"}
TERMS = {"P1M": "one month", "P1Y": "one year", "P2Y": "two years", "P3Y": "three years"}


def review_document(reviewed: Reviewed) -> dict[str, Any]:
    """Return what `--json` prints of a review: everything it found, with the totals of the first charges."""
    cart = reviewed.cart
    names = {line.line.offer: line.name for line in reviewed.lines if line.name}
    lines = line_documents(cart.lines, names)
    return {
        "cart_id": cart.id,
        "customer": cart.customer,
        "at": format_instant(reviewed.at),
        "expires_at": format_instant(cart.expires_at),
        "lines": [{**line, **_line_document(found)} for line, found in zip(lines, reviewed.lines, strict=True)],
        "first_charges": [money_document(money) for money in reviewed.first_charges],
    }


def line_documents(lines: Iterable[Line], offer_names: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return what `--json` prints of the lines of a cart or a review. An unknown offer has no name."""
    return [
        {
            "number": number,
            "offer": line.offer,
            "name": offer_names.get(line.offer),
            **line.model_dump(include={"quantity", "add_ons", "policy"}),
        }
        for number, line in enumerate(lines, start=1)
    ]


def _line_document(found: LineReview) -> dict[str, Any]:
    return {
        "available": not found.refusals,
        "refusals": [refusal.model_dump(mode="json") for refusal in found.refusals],
        "price": _price_document(found.order) if found.order else None,
        **found.model_dump(mode="json", include=FORESEEN),
        "coming_prices": [
            {"at": format_instant(price.at), **_amounts(found.order, price.unit_price)}
            for price in found.coming_prices
            if found.order
        ],
    }


def _price_document(terms: Order) -> dict[str, Any]:
    offer = terms.offer
    return {
        "currency": offer.currency,
        **offer.model_dump(mode="json", include={"billing_type", "term", "billing_plan"}),
        "policy": terms.policy,
        **_amounts(terms, offer.unit_price),
        "lines": [
            {
                "line": price.line,
                "quantity": price.quantity,
                "unit_price": f"{price.unit_price:f}",
                "amount": f"{price.money.amount:f}",
            }
            for price in period_prices(terms)
        ],
    }


def _amounts(terms: Order, unit_price: Decimal) -> dict[str, Any]:
    total = period_total(terms, unit_price)
    return {"unit_price": f"{unit_price:f}", "per_period": money_document(total) if total else None}


def print_review(reviewed: Reviewed) -> None:
    """Print the review line by line, then the first charges and the next command."""
    cart, customer = reviewed.cart, reviewed.customer
    say(Text(f"{printable(customer.name)} ({customer.id}), cart {cart.id}", style="bold"))
    for about in (f"As if bought now, {moment(reviewed.at)}.", f"The cart expires {moment(cart.expires_at)}."):
        say(Text(about, style="dim"))
    numbers = {line.order.subscription_id: line.number for line in reviewed.lines if line.order and not line.refusals}
    for line in reviewed.lines:
        say("")
        _print_line(line, numbers, console().width)
    say("")
    refused = sum(bool(line.refusals) for line in reviewed.lines)
    for label, text in _conclusion(reviewed, refused):
        say(Text.assemble((f"{label:<{LABEL + INDENT}}", "dim"), text))


def _print_line(line: LineReview, numbers: Mapping[str, int], width: int) -> None:
    for left, right in _heading(line):
        room = max(width - len(right), len(left) + 2)
        say(Text(f"{left:<{room}}{right}", style="bold" if left[:INDENT].strip() else ""))
    for label, text, style in _facts(line, numbers):
        parts = wrapped(printable(text), max(width - LABEL - INDENT, 20)) or [""]
        for number, part in enumerate(parts):
            head = (f"{'':{INDENT}}{'' if number else label:<{LABEL}}", "dim")
            say(Text.assemble(head, (part, style)))


def _heading(line: LineReview) -> Iterator[tuple[str, str]]:
    """The line and its add-ons, each with its amount for one billing period."""
    number, name = f"{line.number:>2}  ", printable(line.name or "not in the catalog")
    if line.order is None:
        yield f"{number}{quantity(line.line.quantity)} x {line.line.offer} ({name})", ""
        return
    if line.order.offer.metered:
        used = f"{_unit(line.order, line.order.offer.unit_price)} per unit used"
        yield f"{number}{name} ({line.line.offer}), by usage", used
    for price in period_prices(line.order):
        base = price.line == line.line.offer
        what = f"{name} ({price.line})" if base else price.line
        start = number if base else f"{'':{INDENT}}+ "
        each = _unit(line.order, price.unit_price)
        yield f"{start}{quantity(price.quantity)} x {what} at {each}", _money(price.money)


def _facts(line: LineReview, numbers: Mapping[str, int]) -> Iterator[tuple[str, str, str]]:
    """(label, text, style) of each fact. `numbers` are the numbers of the cart's lines by subscription id."""
    for refusal in line.refusals:
        words = f"{refusal.rule}, {words_of(refusal.rule)}: {refusal.message} {refusal.next_step}"
        before = numbers.get(refusal.subscription_id or "")
        yield "refused", f"{words} It is line {before} of this cart." if before else words, "yellow"
    if line.order is None:
        return
    yield "terms", _terms(line.order), ""
    if line.refusals:
        return
    if line.begins_at:
        yield "begins", f"{moment(line.begins_at)}; until then it can be cancelled free of charge (BUY-6)", ""
    if line.activation_deadline:
        yield "set-up", f"at the publisher, with a link, by {moment(line.activation_deadline)}", ""
    if trial := _trial(line, line.order):
        yield "trial", trial, ""
    yield "first charge", _first_charge(line, line.order), ""
    until = line.refund_until
    yield "refund", f"in full if cancelled before {moment(until)}" if until else "none", ""
    if line.renews_at:
        yield "renews", f"{moment(line.renews_at)}", ""
    for price in line.coming_prices:
        words = f"{_coming(line.order, price.unit_price)}, from the first renewal after {moment(price.at)}"
        yield "price change", words, ""


def _terms(terms: Order) -> str:
    offer = terms.offer
    total = period_total(terms)
    billed = f"{_money(total)} {PLANS[offer.billing_plan]}" if total else f"usage, billed {BILLED[offer.billing_plan]}"
    return f"{billed}, term of {TERMS[offer.term]}, policy {terms.policy}"


def _trial(line: LineReview, terms: Order) -> str:
    if line.trial_end:
        return f"free until {moment(line.trial_end)}"
    if line.trial_of:
        return f"none: {line.trial_of} has used the customer's one trial of this offer (TRI-4)"
    if terms.offer.trial_days:
        return f"{counted(terms.offer.trial_days, 'day')} free after the set-up"
    return ""


def _first_charge(line: LineReview, terms: Order) -> str:
    if line.first_charge and line.first_charge_at:
        when = "now, " if line.first_charge_at == terms.at else "on "
        return f"{_money(line.first_charge)} {when}{moment(line.first_charge_at)}"
    if line.activation_deadline:
        total = period_total(terms)
        after = "after the trial" if terms.offer.trial_days else "after the set-up"
        return f"{_money(total)} {after}" if total else f"usage {after}"
    if line.first_charge_at:
        return f"usage until {moment(line.first_charge_at)}"
    return "none"


def _coming(terms: Order, unit_price: Decimal) -> str:
    total = period_total(terms, unit_price)
    whole = "" if terms.offer.metered or total is None else f", {_money(total)} {PLANS[terms.offer.billing_plan]}"
    return f"{_unit(terms, unit_price)} per unit{whole}"


def _conclusion(reviewed: Reviewed, refused: int) -> Iterator[tuple[str, str]]:
    totals = ", ".join(_money(money) for money in reviewed.first_charges) or "none on a known date"
    yield "first charges", totals
    if later := [str(line.number) for line in reviewed.lines if line.activation_deadline]:
        yield "", f"and line {', '.join(later)} after its set-up"
    count = len(reviewed.lines)
    if refused:
        can = f"{count - refused} of {counted(count, 'line')} can be bought"
        yield "", f"{can}; running the same `cart buy` again retries the others"
    command = "remove LINE" if refused == count else "buy"
    yield "next", f"{program()} cart {command} --customer {reviewed.cart.customer}"


def _unit(terms: Order, price: Decimal) -> str:
    currency = terms.offer.currency
    return f"{currency} {amount(shown_price(price, currency))}"


def _money(money: Money) -> str:
    return f"{money.currency} {amount(money.amount)}"
