"""The course of a scenario, line by line: events and commands in order, with the money of each event."""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from cli.printing.ledger import signed
from cli.printing.screen import instant, printable, quantity, span, zone
from cli.printing.tables import Entry
from cli.rehearsal.command_line import command_line
from cli.rule_words import words_of
from domain.roles import AccountAction
from domain.subscription.decision import Answer, Outcome
from domain.subscription.events import Event, EventName
from domain.subscription.ledger import Kind, LedgerRow
from statemachines.account.holds import ACTOR
from statemachines.simulation.document import LifeReport, ScenarioReport
from statemachines.simulation.scenario import Scenario

_NOTHING_CHANGED = {Outcome.REFUSED, Outcome.UNCHANGED}


class _Place(NamedTuple):
    """The place of some lines: milestones and then orders by subscription, each command before what it caused."""

    at: datetime
    phase: int
    command: int = 0
    name: str = ""
    seq: int = 0


_BY_ITSELF, _BOUGHT, _ASKED, _LIFTED = range(4)


@dataclass(frozen=True)
class _Lines:
    place: _Place
    entries: list[Entry]


def course(scenario: Scenario, report: ScenarioReport) -> Iterator[Entry]:
    """The events and commands in order; an instant is written once, and several subscriptions have a column."""
    currencies = sorted({bought.offer.currency for bought in scenario.subscriptions.values()})
    column = ("OF",) if report.several else ()
    heading = "" if len(currencies) > 1 else currencies[0]
    yield Entry(f"WHEN ({zone()})", (*column, "EVENT", "STATE", "RULE", "WHY"), money=heading, style="dim")
    previous = ""
    for lines in sorted(_all_lines(scenario, report, named=len(currencies) > 1), key=lambda lines: lines.place):
        when = instant(lines.place.at)
        for number, entry in enumerate(lines.entries):
            yield replace(entry, when="" if number or when == previous else when)
        previous = when


def _all_lines(scenario: Scenario, report: ScenarioReport, *, named: bool) -> Iterator[_Lines]:
    caused = _caused(report)
    longest = max((len(_what(row)) for life in report.lives.values() for row in life.rows), default=0)
    for name, life in report.lives.items():
        rows = _rows_of(life, longest, named=named)
        for event in life.events:
            place = caused.get((name, event.seq)) or _place_of(event, name, report)
            if place.phase == _BY_ITSELF and event.at == scenario.subscriptions[name].order.at:
                place = place._replace(phase=_BOUGHT)
            cells = (event.event, event.state, event.rule, words_of(event.rule))
            head = Entry(cells=(name, *cells) if report.several else cells, style="bold")
            yield _Lines(place, [head, *rows.get(event.seq, [])])
    for number, (command, answer) in enumerate(zip(scenario.commands, report.answers, strict=True)):
        of = f"{scenario.of[number]}: " if report.several and scenario.of[number] else ""
        question = Entry(note=f"$ {of}{command_line(command)}", style="bold cyan")
        yield _Lines(_Place(answer.at, _ASKED, number), [question, _outcome(answer)])


def _caused(report: ScenarioReport) -> dict[tuple[str, int], _Place]:
    """The places of the events that commands caused, by subscription and number."""
    found = {}
    for number, (of, answer) in enumerate(zip(report.of, report.answers, strict=True)):
        if of is None or answer.outcome in _NOTHING_CHANGED or answer.do == "report_usage":
            continue
        events = report.lives[of].events
        trial_too = events[answer.seq - 1].event is EventName.TRIAL_STARTED
        for seq in range(answer.seq - trial_too, answer.seq + 1):
            found[of, seq] = _Place(answer.at, _ASKED, number, of, seq)
    return found


def _place_of(event: Event, name: str, report: ScenarioReport) -> _Place:
    """The place of an event that no command to its subscription caused: a request to the account may have."""
    held = event.event is EventName.SUSPENDED
    causes = {AccountAction.CHANGE_TERMS} if held else set(AccountAction)
    for number, answer in enumerate(report.answers):
        done = answer.do in causes and answer.outcome not in _NOTHING_CHANGED
        if event.actor == ACTOR and done and answer.at == event.at:
            return _Place(event.at, _ASKED, number, name, event.seq)
    phase = _LIFTED if event.actor == ACTOR and not held else _BY_ITSELF
    return _Place(event.at, phase, name=name, seq=event.seq)


_BY_EVENT = re.compile(r"seq-(\d+)/")


def _rows_of(life: LifeReport, longest: int, *, named: bool) -> dict[int, list[Entry]]:
    """A line for each charge or credit, by the number of the event that caused it; `named`: with its currency."""
    writers = {row.key: event.seq for event in life.events for row in event.rows}
    writers |= {charge.key: event.seq for event in life.events for charge in event.usage}
    # Late usage has the number of its event in its key (USE-2).
    writers |= {row.key: int(found[1]) for row in life.rows if (found := _BY_EVENT.match(row.key))}
    entries: dict[int, list[Entry]] = defaultdict(list)
    for row in life.rows:
        style = "green" if row.kind is Kind.CREDIT else ""
        money = f"{row.currency} {signed(row)}" if named else signed(row)
        note = f"{_what(row):<{longest}}  {span(row.period)}"
        entries[writers[row.key]].append(Entry(note=note, money=money, indent=2, style=style))
    return entries


def _what(row: LedgerRow) -> str:
    return f"{row.kind}  {quantity(row.quantity)} x {row.line}"


def _outcome(answer: Answer) -> Entry:
    words = {Outcome.REFUSED: f"refused by {answer.rule}", Outcome.UNCHANGED: f"unchanged, {answer.rule}"}
    outcome = words.get(answer.outcome, f"{answer.outcome}, {answer.rule}")
    style = "yellow" if answer.outcome in _NOTHING_CHANGED else "cyan"
    return Entry(note=f"{outcome}: {printable(answer.message)}", indent=2, style=style)
