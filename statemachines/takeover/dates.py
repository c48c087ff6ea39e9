"""The dates of a row: their order, and a term and a paid period that fit the anchor (TIM-2 to TIM-4)."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from domain.calendar import boundary
from domain.catalog.offers import PinnedOffer
from domain.faults import Fault
from domain.subscription.events import State
from domain.subscription.holds import Reason
from domain.subscription.subscription import Term
from domain.takeover.row import TakeoverRow
from domain.values import format_instant

OF_A_TERM = ("anchor", "term_number", "term_start", "term_end", "paid_until")


def date_faults(row: TakeoverRow, as_of: datetime, now: datetime, longest_pause: timedelta) -> Iterator[Fault]:
    """Yield the dates that are missing, not wanted in that state, or out of order."""
    if as_of > now:
        yield Fault(("as_of",), as_of, f"an instant that has come (it is {format_instant(now)})")
        return
    yield from _missing(row)
    before = row.ordered_at
    yield from _not_after(row, "ordered_at", as_of, "as_of")
    for field in ("anchor", "term_start"):
        yield from _not_after(row, field, as_of, "as_of")
    for field in ("trial_end", "first_billing", "anchor", "term_start", "cancellation_at", "refund_from"):
        if (at := getattr(row, field)) is not None and at < before:
            yield Fault((field,), at, f"an instant from ordered_at ({format_instant(before)}) on")
    for field in ("cancellation_at", "refund_from"):
        yield from _not_after(row, field, as_of, "as_of")
    if row.term_start is not None:
        yield from _not_after(row, "trial_end", row.term_start, "term_start")
        yield from _not_after(row, "anchor", row.term_start, "term_start")
        yield from _not_after(row, "first_billing", row.term_start, "term_start")
    previous, name = before, "ordered_at"
    for index, hold in enumerate(row.holds):
        if not previous <= hold.at <= as_of:
            span = f"from {name} ({format_instant(previous)}) to as_of ({format_instant(as_of)})"
            yield Fault(("holds", index, "at"), hold.at, f"an instant {span}")
        previous, name = max(previous, hold.at), "the hold before"
        if hold.until is None:
            continue
        if hold.reason is not Reason.CUSTOMER_REQUEST:
            takes = "nothing: only a pause for customer_request has it (SUS-11)"
            yield Fault(("holds", index, "until"), hold.until, takes)
        elif not hold.at < hold.until <= (last := hold.at + longest_pause):
            span = f"after the hold's own, up to {format_instant(last)} (SUS-11)"
            yield Fault(("holds", index, "until"), hold.until, f"an instant {span}")


def _missing(row: TakeoverRow) -> Iterator[Fault]:
    if row.state is State.TRIAL:
        if row.trial_end is None:
            yield Fault(("trial_end",), None, "a value: a trial has one")
    elif row.state is State.ACTIVE or row.term_start is not None:
        for field in ("term_start", "paid_until"):
            if getattr(row, field) is None:
                yield Fault((field,), None, "a value: with a term it is required")
    elif row.trial_end is None:
        yield Fault(("term_start",), None, "a value; or trial_end, where the trial was suspended")
    if row.state is State.TRIAL or (row.state is State.SUSPENDED and row.term_start is None):
        for field in OF_A_TERM:
            if (got := getattr(row, field)) is not None:
                yield Fault((field,), got, "nothing: a trial has no term yet")


def _not_after(row: TakeoverRow, field: str, latest: datetime, named: str) -> Iterator[Fault]:
    if (at := getattr(row, field)) is not None and at > latest:
        yield Fault((field,), at, f"an instant up to {named} ({format_instant(latest)})")


def term_of(row: TakeoverRow, offer: PinnedOffer) -> Term | list[Fault]:
    """The running term by the anchor, or what does not fit it. The row must have `term_start`."""
    anchor, start, step = row.first_anchor, row.term_start, offer.term.months
    assert anchor is not None
    assert start is not None
    rule = offer.anchor_rule
    months = (start.year - anchor.year) * 12 + start.month - anchor.month
    first = months - months % step
    if boundary(anchor, first, rule) > start:
        first -= step
    if boundary(anchor, first, rule) != start:
        others = [boundary(anchor, each, rule) for each in (first, first + step)]
        near = " or ".join(format_instant(each) for each in others)
        words = f"the beginning of a term of {offer.term}, counted from the anchor {format_instant(anchor)}"
        return [Fault(("term_start",), start, f"{words} (TIM-2): {near}")]
    end = boundary(anchor, months + step, rule)
    if row.term_end not in {None, end}:
        words = f"the end of a term of {offer.term} that began then, counted from the anchor"
        return [Fault(("term_end",), row.term_end, f"{format_instant(end)}, {words} (TIM-2)")]
    return Term(number=row.term_number or months // step + 1, start=start, end=end, months_in=months)


def paid_period(row: TakeoverRow, offer: PinnedOffer, term: Term, as_of: datetime) -> int | Fault:
    """The number of the last billing period that was charged, in the running term; or what is wrong with it."""
    paid, anchor, step = row.paid_until, row.first_anchor, offer.months_per_period
    assert paid is not None
    assert anchor is not None
    ends = [
        boundary(anchor, term.months_in + months, offer.anchor_rule)
        for months in range(step, offer.term.months + 1, step)
    ]
    begun = [end for end, start in zip(ends, [term.start, *ends], strict=False) if start <= as_of]
    running = begun[-1]
    if paid in begun and (row.state is State.SUSPENDED or paid == running):
        return ends.index(paid) + 1
    takes = f"{format_instant(running)}, the end of the billing period that runs at {format_instant(as_of)}"
    if row.state is State.SUSPENDED and len(begun) > 1:
        takes += f", or of an earlier one of the term, from {format_instant(begun[0])} on"
    if row.as_of is None and paid < running:
        takes += "; if the row is of an earlier instant, give that as as_of: what began since is charged then"
    elif paid > running:
        takes += "; what is paid further ahead is not taken over"
    return Fault(("paid_until",), paid, takes)
