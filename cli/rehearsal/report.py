"""Print what happened in a scenario: each command and event, the rule for it, and the money."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from rich.console import Console
from rich.text import Text

from cli.printing.ledger import balance
from cli.printing.screen import counted, instant, printable, quantity, wrapped
from cli.printing.tables import Sheet
from cli.rehearsal.course_sheet import course
from statemachines.simulation.document import LifeReport, ScenarioReport
from statemachines.simulation.scenario import Bought, Scenario

LABEL = 8
"""The column at which the text behind a label begins."""


def print_report(console: Console, scenario: Scenario, report: ScenarioReport, heading: str) -> None:
    """Print the whole course, from the orders to the states at the end."""
    console.print(Text(printable(heading), style="bold"), soft_wrap=True)
    for bought in purchase_lines(scenario):
        for part in wrapped(bought, console.width, subsequent_indent="  " * report.several):
            console.print(Text(part, style="dim"), soft_wrap=True)
    console.print()
    for line in Sheet(list(course(scenario, report))).lines(console.width):
        console.print(line, soft_wrap=True)
    console.print()
    if not report.several:
        _print_facts(console, summary(report.only))
        return
    for name, life in report.lives.items():
        console.print(Text(name, style="bold"), soft_wrap=True)
        _print_facts(console, summary(life))
    _print_facts(console, [("billed", _invoices(report.invoices or ()))])


def _print_facts(console: Console, facts: Iterable[tuple[str, str]]) -> None:
    for label, text in facts:
        console.print(Text.assemble((f"{label:<{LABEL}}", "dim"), text), soft_wrap=True)


def purchase_lines(scenario: Scenario) -> list[str]:
    """What was bought, a sentence for each subscription; several have their names and dates."""
    if not scenario.several:
        return [
            " · ".join([f"{_what(scenario.only)} for {scenario.customer}", *_terms(scenario.only), scenario.policy])
        ]
    bought = [
        " · ".join([f"{name}: {_what(bought)}, {instant(bought.order.at)}", *_terms(bought)])
        for name, bought in scenario.subscriptions.items()
    ]
    return [f"{counted(len(bought), 'subscription')} of {scenario.customer} · {scenario.policy}", *bought]


def _what(bought: Bought) -> str:
    offer, order = bought.offer, bought.order
    add_ons = "".join(f" + {number} {add_on}" for add_on, number in order.add_ons.items())
    return f"{offer.id}, by usage" if offer.metered else f"{quantity(order.quantity)} x {offer.id}{add_ons}"


def _terms(bought: Bought) -> Iterator[str]:
    offer = bought.offer
    plan = {"monthly": "billed monthly", "annual": "billed yearly", "one_time": "paid once"}[offer.billing_plan]
    yield f"{offer.currency} {offer.unit_price:f} a unit"
    yield f"{offer.term} {plan}"
    if offer.trial_days:
        yield f"{counted(offer.trial_days, 'day')} free"
    if offer.setup == "publisher":
        yield "set up by its publisher"


def summary(life: LifeReport) -> Iterator[tuple[str, str]]:
    """A label and a line each for money, access, invoices, and the state with what comes next."""
    yield "money", balance(life.rows) if life.rows else "nothing was charged"
    spans = [f"{instant(i.start)} to {instant(i.end) or 'now'}" for i in life.access]
    yield "access", "; ".join(spans) if spans else "none, at any time"
    if life.invoices is not None:
        yield "billed", _invoices(life.invoices)
    upcoming = [f"{m.what} {instant(m.at)} ({m.rule})" for m in life.timeline]
    state = life.subscription.state
    yield "then", f"{state}; next {', '.join(upcoming)}" if upcoming else f"{state}: nothing more will happen"


def _invoices(documents: Iterable[dict[str, Any]]) -> str:
    return " · ".join(map(_invoice, documents)) or "none yet"


def _invoice(document: dict[str, Any]) -> str:
    """One invoice in a few words."""
    if document["invoice"] is None:
        return f"not invoiced yet {document['currency']} {document['total']}"
    due = f"{document['currency']} {document['due']}"
    partly = Decimal(document["owed"]) and document["owed"] != document["due"]
    owed = f", {document['owed']} owed" if partly else ""
    return f"{document['invoice']} {document['state']}: {due}{owed}"
