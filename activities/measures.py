"""What a worker counts and measures of its work, and under which names Prometheus reads it (docs/observability.md).

No label has an unbounded number of values: no ids, and no texts that a caller can choose.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from temporalio.common import MetricCounter, MetricMeter

from domain.money import to_minor
from domain.roles import Party
from domain.rules import Rule
from domain.subscription.decision import Answer
from domain.subscription.effects import Receipt, Record
from domain.subscription.events import Event, EventName
from domain.subscription.ledger import Kind, LedgerRow

EVENTS, RENEWALS = "perennial_events", "perennial_renewals"
COMMANDS, REFUSALS, REJECTIONS = "perennial_commands", "perennial_refusals", "perennial_rejections"
COMMAND_TIME, LATENESS = "perennial_command_seconds", "perennial_milestone_lateness_seconds"
OTHER = "other"
"""The label of what is not one of the known values."""

MILESTONES = {
    EventName.BEGUN,
    EventName.CONVERTED,
    EventName.PERIOD_CHARGED,
    EventName.RENEWAL_ANNOUNCED,
    EventName.RENEWED,
    EventName.EXPIRED,
    EventName.DELETED,
    EventName.USAGE_SETTLED,
}
"""The events that happen by themselves at a known instant, and by nothing else."""
_RULES = frozenset(rule.value for rule in Rule)


def count_answer(meter: MetricMeter, answer: Answer) -> None:
    """Count an answer to a command, and its rule if it is a refusal."""
    labels = {"command": answer.do, "outcome": answer.outcome.value}
    meter.create_counter(COMMANDS, "Commands that were answered").add(1, labels)
    if answer.refused:
        count_refusal(meter, answer)


def count_refusal(meter: MetricMeter, answer: Answer) -> None:
    """Count a refusal by its rule."""
    rule = answer.rule if answer.rule in _RULES else OTHER
    meter.create_counter(REFUSALS, "Refusals by the rule that refuses").add(1, {"rule": rule})


def count_rejection(meter: MetricMeter, update: str, kind: str) -> None:
    """Count an update that was turned away before it was decided, by the type of the error."""
    labels = {"command": update, "error": kind}
    meter.create_counter(REJECTIONS, "Updates turned away before a decision").add(1, labels)


class RecordMeasures:
    """What decisions add to the metrics, once they are in the books.

    An attempt whose result was lost is made again, and then counts twice: the books have the exact figures.
    """

    def __init__(self, meter: MetricMeter = MetricMeter.noop) -> None:
        self._events = meter.create_counter(EVENTS, "Events recorded")
        self._renewals = meter.create_counter(RENEWALS, "Renewals recorded")
        self._rows = {kind: _rows_of(meter, kind) for kind in Kind}
        self._amounts = {kind: _amounts_of(meter, kind) for kind in Kind}
        self._late = meter.create_histogram_float(LATENESS, "From a milestone's instant until it was in the books")
        self._command = meter.create_histogram_float(
            COMMAND_TIME, "From a command's acceptance until it was in the books"
        )
        self._renewals.add(0)

    def note(self, record: Record, receipt: Receipt, now: datetime, *, test_clock: bool) -> None:
        """Count a record that the books have since `now`. Under a test clock no time is measured."""
        for event in record.events:
            self._events.add(1, {"event": event.event.value})
            if event.event is EventName.RENEWED:
                self._renewals.add(1)
            if _by_itself(event) and not test_clock:
                self._late.record(_seconds(now - event.at), {"event": event.event.value})
            self._note_rows(event.rows)
        self._note_rows(receipt.usage_rows)
        if record.answered is not None and not test_clock:
            answer = record.answered.answer
            self._command.record(_seconds(now - answer.at), {"command": answer.do})

    def _note_rows(self, rows: Iterable[LedgerRow]) -> None:
        for row in rows:
            labels = {"currency": row.currency}
            self._rows[row.kind].add(1, labels)
            self._amounts[row.kind].add(to_minor(row.amount, row.currency), labels)


def _by_itself(event: Event) -> bool:
    """Whether it is a milestone. A cancellation is one where a set-up was not done in time (ISV-4)."""
    too_late = event.event is EventName.CANCELLED and event.by == Party.SYSTEM and event.command_id is None
    return event.event in MILESTONES or too_late


def _seconds(time: timedelta) -> float:
    return max(time.total_seconds(), 0)


def _rows_of(meter: MetricMeter, kind: Kind) -> MetricCounter:
    return meter.create_counter(f"perennial_{kind.value}s", f"Ledger rows of kind {kind.value}")


def _amounts_of(meter: MetricMeter, kind: Kind) -> MetricCounter:
    words = f"Amounts of ledger rows of kind {kind.value}, in minor units of the currency"
    return meter.create_counter(f"perennial_{kind.value}s_minor_units", words)
