"""Checks recorded usage against the ledger: billed once, at the price and in the period of its use (USE-1 to USE-3)."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from domain.subscription.effects import AccessInterval
from domain.subscription.events import Event
from domain.subscription.ledger import LedgerRow
from domain.subscription.usage import Report
from domain.values import format_instant
from statemachines.audit.recorded import Found, Recorded, access_by


def usage_otherwise(life: Recorded) -> Iterator[Found]:
    """Not where an operator has settled something with the books: their own rows and events stand then."""
    if not life.offer.metered or life.settled_numbers or life.settled_keys:
        return
    metered = {row.key: row for row in life.rows if row.line == life.offer.id}
    yield from _billed_otherwise(life.events, metered, life.reports)
    # What was used before it was taken over, the other system has taken (MOV-1).
    taken_here = [each for each in life.reports if not life.taken_over or each.used_at >= life.events[0].at]
    yield from _not_as_taken(life.events, access_by(life.events, {}), taken_here)
    if life.settled:
        yield from _left_over(life.events, life.reports)


def _billed_otherwise(
    events: Sequence[Event], rows: Mapping[str, LedgerRow], reports: Sequence[Report]
) -> Iterator[Found]:
    """Each event's usage rows must be those that the reports billed by it give."""
    billed: dict[int | None, list[Report]] = defaultdict(list)
    for report in reports:
        billed[report.billed_by].append(report)
    unexplained = dict(rows)
    for event in events:
        its_reports = billed.pop(event.seq, [])
        included = {one.usage_id for charge in event.usage for one in its_reports if charge.counts(one.used_at)}
        for one in its_reports:
            if one.usage_id not in included:
                words = f"usage {one.usage_id} counts as billed by event {event.seq}, which does not include it"
                yield words, (), (event,)
        for wanted in (row for charge in event.usage for row in charge.rows(its_reports)):
            found = unexplained.pop(wanted.key, None)
            if found is None:
                yield f"event {event.seq} lacks the row {wanted.key} for its usage", (), (event,)
            elif found != wanted:
                yield f"{wanted.key} is not what its usage comes to", (found, wanted), (event,)
    for row in unexplained.values():
        yield f"{row.key} bills usage that no report has", (row,), ()
    for seq in billed:
        if seq is not None:
            yield f"usage {billed[seq][0].usage_id} counts as billed by event {seq}, which does not exist", (), ()


def _left_over(events: Sequence[Event], reports: Sequence[Report]) -> Iterator[Found]:
    """After the settlement nothing is unbilled that would come to an amount (USE-2)."""
    charge = next((charge for event in reversed(events) for charge in event.usage), None)
    if charge is None:
        return
    everything = charge.model_copy(update={"used_before": None, "late_only": True})
    for row in everything.rows(one for one in reports if one.billed_by is None):
        yield f"{row.quantity:f} units of {format_instant(row.period.start)} on were never billed", (), ()


def _not_as_taken(
    events: Sequence[Event], access: Sequence[AccessInterval], reports: Sequence[Report]
) -> Iterator[Found]:
    """Usage lies where users had access, and a correction belongs to the report that it corrects (USE-1, USE-3)."""
    known = {report.usage_id: report for report in reports}
    # What is reported and what ends access may have one instant; access of no length is no interval (LIF-4).
    moments = {event.at for event in events if event.before.state.users_have_access or event.state.users_have_access}
    corrections: dict[str, str] = {}
    for report in reports:
        if not (any(_covers(each, report.used_at) for each in access) or report.used_at in moments):
            yield f"usage {report.usage_id} is of {format_instant(report.used_at)}, when users had no access", (), ()
        if report.corrects is None:
            if report.replaced:
                yield f"usage {report.usage_id} replaces units and corrects no report", (), ()
            continue
        corrected = known.get(report.corrects)
        if corrected is None or (corrected.used_at, corrected.units) != (report.used_at, report.replaced):
            yield f"usage {report.usage_id} is not a correction of {report.corrects} as it is recorded", (), ()
        if corrections.setdefault(report.corrects, report.usage_id) != report.usage_id:
            yield f"usage {report.corrects} is corrected twice", (), ()


def _covers(interval: AccessInterval, at: datetime) -> bool:
    return interval.start <= at and (interval.end is None or at < interval.end)
