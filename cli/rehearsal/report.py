"""Print what happened in a scenario: each command and event, the rule for it, and the money."""

import textwrap
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

from rich.console import Console
from rich.text import Text

from cli.printing.ledger import balance, signed
from cli.printing.screen import counted, instant, printable, quantity, span
from cli.printing.tables import Entry, Sheet
from cli.rehearsal.command_line import command_line
from cli.rule_words import words_of
from domain.roles import AccountAction
from domain.subscription.decision import Answer, Outcome
from domain.subscription.events import Event, EventName
from domain.subscription.ledger import Kind
from statemachines.account.dunning import ACTOR
from statemachines.simulation.document import LifeReport
from statemachines.simulation.scenario import Scenario

_NOTHING_CHANGED = {Outcome.REFUSED, Outcome.UNCHANGED}


def print_report(console: Console, scenario: Scenario, report: LifeReport, heading: str) -> None:
    """Print the whole course, from the order to the state at the end."""
    console.print(Text(printable(heading), style="bold"), soft_wrap=True)
    for part in textwrap.wrap(purchase_line(scenario), console.width):
        console.print(Text(part, style="dim"), soft_wrap=True)
    console.print()
    for line in Sheet(list(_entries(scenario, report))).lines(console.width):
        console.print(line, soft_wrap=True)
    console.print()
    for label, text in summary(report):
        console.print(Text.assemble((f"{label:<8}", "dim"), text), soft_wrap=True)


def purchase_line(scenario: Scenario) -> str:
    """What was bought, in one sentence."""
    offer, order = scenario.offer, scenario.order
    plan = {"monthly": "billed monthly", "annual": "billed yearly", "one_time": "paid once"}[offer.billing_plan]
    add_ons = "".join(f" + {number} {add_on}" for add_on, number in order.add_ons.items())
    what = f"{offer.id}, by usage" if offer.metered else f"{quantity(order.quantity)} x {offer.id}{add_ons}"
    facts = [f"{what} for {order.customer}", f"{offer.currency} {offer.unit_price:f} a unit"]
    facts.append(f"{offer.term} {plan}")
    if offer.trial_days:
        facts.append(f"{counted(offer.trial_days, 'day')} free")
    if offer.setup == "publisher":
        facts.append("set up by its publisher")
    return " · ".join([*facts, scenario.policy])


def _entries(scenario: Scenario, report: LifeReport) -> Iterator[Entry]:
    """The events in order, each command before the events that it caused; an instant is written once."""
    yield Entry("WHEN (UTC)", ("EVENT", "STATE", "RULE", "WHY"), money=scenario.offer.currency, style="dim")
    rows = _rows_of(report)
    asked = list(zip(scenario.commands, report.answers, strict=True))
    previous = ""
    for place in range(len(report.events) + 1):
        lines: list[tuple[str, Entry]] = []
        if place:
            event = report.events[place - 1]
            cells = (event.event, event.state, event.rule, words_of(event.rule))
            lines += [(instant(event.at), Entry(cells=cells, style="bold"))]
            lines += [("", entry) for entry in rows.get(event.seq, [])]
        while asked and _comes_after(asked[0][1], report.events) == place:
            command, answer = asked.pop(0)
            question = Entry(note=f"$ {command_line(command)}", style="bold cyan")
            lines += [(instant(answer.at), question), ("", _outcome(answer))]
        for when, entry in lines:
            yield replace(entry, when=when if when != previous else "")
            previous = when or previous


def _rows_of(report: LifeReport) -> dict[int, list[Entry]]:
    """A line for each charge or credit, by the number of the event that caused it."""
    writers = {row.key: event.seq for event in report.events for row in event.rows}
    writers |= {charge.key: event.seq for event in report.events for charge in event.usage}
    what = {row.key: f"{row.kind}  {quantity(row.quantity)} x {row.line}" for row in report.rows}
    longest = max(map(len, what.values()), default=0)
    entries: dict[int, list[Entry]] = defaultdict(list)
    for row in report.rows:
        style = "green" if row.kind is Kind.CREDIT else ""
        note = f"{what[row.key]:<{longest}}  {span(row.period)}"
        entries[writers[row.key]].append(Entry(note=note, money=signed(row), indent=2, style=style))
    return entries


def summary(report: LifeReport) -> Iterator[tuple[str, str]]:
    """A label and a line each for money, access, invoices, and the state with what comes next."""
    if report.rows:
        yield "money", balance(report.rows)
    else:
        yield "money", "nothing was charged"
    spans = [f"{instant(i.start)} to {instant(i.end) or 'now'}" for i in report.access]
    yield "access", "; ".join(spans) if spans else "none, at any time"
    if report.invoices is not None:
        yield "billed", " · ".join(map(_invoice, report.invoices)) or "none yet"
    upcoming = [f"{m.what} {instant(m.at)} ({m.rule})" for m in report.timeline]
    state = report.subscription.state
    yield "then", f"{state}: nothing more will happen" if state.ended else f"{state}; next {', '.join(upcoming)}"


def _invoice(document: dict[str, Any]) -> str:
    """One invoice in a few words."""
    if document["invoice"] is None:
        return f"not invoiced yet {document['currency']} {document['total']}"
    due = f"{document['currency']} {document['due']}"
    partly = Decimal(document["owed"]) and document["owed"] != document["due"]
    owed = f", {document['owed']} owed" if partly else ""
    return f"{document['invoice']} {document['state']}: {due}{owed}"


def _outcome(answer: Answer) -> Entry:
    words = {Outcome.REFUSED: f"refused by {answer.rule}", Outcome.UNCHANGED: f"unchanged, {answer.rule}"}
    outcome = words.get(answer.outcome, f"{answer.outcome}, {answer.rule}")
    style = "yellow" if answer.outcome in _NOTHING_CHANGED else "cyan"
    return Entry(note=f"{outcome}: {printable(answer.message)}", indent=2, style=style)


def _comes_after(answer: Answer, events: tuple[Event, ...]) -> int:
    """The number of events that came before the command.

    An answer has the number of the last event that its command caused. A request to the account is numbered by the
    account; the events that it caused in the subscription came after it.
    """
    if answer.do in set(AccountAction):
        before = (event.at < answer.at or (event.at == answer.at and event.actor != ACTOR) for event in events)
        return sum(before)
    if answer.outcome in _NOTHING_CHANGED or answer.do == "report_usage":
        return answer.seq
    trial_too = events[answer.seq - 1].event is EventName.TRIAL_STARTED
    return answer.seq - (2 if trial_too else 1)
