"""Checks the invariants of docs/domain.md on one recorded subscription: pure, shared by the tests and `check`."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from decimal import Decimal
from itertools import pairwise

from domain.policy import PACKS
from domain.subscription.effects import AccessInterval
from domain.subscription.events import Event, EventName, State
from domain.subscription.ledger import Kind, LedgerRow
from domain.subscription.taken_over import charged_before
from domain.values import Frozen, Worded, format_instant
from statemachines.audit.recorded import Found, Recorded, access_by
from statemachines.audit.usage import usage_otherwise

_SCHEDULED = re.compile(r"term-(\d+)/period-(\d+)/")


class Invariant(Worded):
    """The checks, by number in docs/domain.md; `MON-2` says that records do not change after they were written."""

    PERIODS_TILE = "1", "charged periods follow each other without gap or overlap"
    CHARGED_ONCE = "2", "one ledger row per key, none of zero"
    CREDITS_WITHIN_CHARGES = "3", "credits never exceed the charges of their line"
    CHARGED_WHILE_PAID_FOR = "4", "no licence charge in trial, in suspension or after the end"
    ACCESS = "5", "users had access exactly in trial and active"
    THE_END_IS_FINAL = "6", "nothing happened after the end"
    NUMBERED = "8", "each change follows the one before, with actor and rule"
    TOLD_IN_ORDER = "13", "publishers are notified of every event, in order"
    INVOICED = "14", "invoices plus uninvoiced rows equal the ledger"
    NO_CREDIT_BESIDE_DEBT = "15", "no credit stands beside something due, nobody is held for what it covers"
    HELD = "MON-9", "what is held for nonpayment is held for an unpaid invoice"
    QUANTITIES = "REN-4", "quantities change by their own events, and with a new term as scheduled"
    USAGE = "USE-2", "usage is billed once, at the price and in the period of its use"
    NOT_AHEAD = "16", "nothing is dated after the clock"
    DOUBLE_ENTRY = "MON-5", "every entry balances and matches the ledger"
    AS_RECORDED = "MON-2", "journal and ledger are as they were written"


class Violation(Frozen):
    """One invariant that does not hold, in words, with the rows and events that show it."""

    subscription_id: str
    invariant: Invariant
    words: str
    rows: tuple[LedgerRow, ...] = ()
    events: tuple[Event, ...] = ()


def audit(life: Recorded) -> list[Violation]:
    """Every violation in the subscription's records; empty if all is well."""
    return [
        Violation(subscription_id=life.subscription_id, invariant=invariant, words=words, rows=rows, events=events)
        for invariant, check in CHECKS.items()
        for words, rows, events in check(life)
    ]


def _periods_tile(life: Recorded) -> Iterator[Found]:
    lines: dict[str, list[tuple[tuple[int, int], LedgerRow]]] = defaultdict(list)
    for row in life.rows:
        scheduled = _SCHEDULED.match(row.key) if row.key not in life.settled_keys else None
        if scheduled and not (life.offer.metered and row.line == life.offer.id):
            lines[row.line].append(((int(scheduled[1]), int(scheduled[2])), row))
    for line, charged in lines.items():
        yield from _after_what_was_paid(life, line, charged)
        for _, row in charged:
            if row.period.start >= row.period.end:
                yield f"the period of {row.key} is empty", (row,), ()
        for ((term, number), before), (following, after) in pairwise(charged):
            overlaps = before.period.end > after.period.start
            gap = following == (term, number + 1) and before.period.end != after.period.start
            if following <= (term, number) or overlaps or gap:
                yield f"the period of {after.key} does not follow that of {before.key}", (before, after), ()


def _after_what_was_paid(
    life: Recorded, line: str, charged: list[tuple[tuple[int, int], LedgerRow]]
) -> Iterator[Found]:
    """What another system charged is a period like any other: the first charge here follows it (MOV-4)."""
    before = life.taken_over
    if before is None or before.paid_through is None:
        return
    first, row = charged[0]
    held = line == life.offer.id or line in life.events[0].after.add_ons
    gap = held and first == (before.term, before.period + 1) and row.period.start != before.paid_through
    if gap or row.period.start < before.paid_through or first <= (before.term, before.period):
        until = format_instant(before.paid_through)
        yield (
            f"the period of {row.key} does not follow what was charged before it was taken over, until {until}",
            (row,),
            (),
        )


def _charged_once(life: Recorded) -> Iterator[Found]:
    known: dict[str, LedgerRow] = {}
    for row in life.rows:
        if row.key in known:
            yield f"{row.key} is in the ledger twice", (known[row.key], row), ()
        if not row.amount:
            yield f"{row.key} has an amount of zero", (row,), ()
        known[row.key] = row


def _credits_within_charges(life: Recorded) -> Iterator[Found]:
    balance: dict[str, Decimal] = defaultdict(Decimal, charged_before(life.taken_over))
    for row in life.rows:
        if life.offer.metered and row.line == life.offer.id:
            # Corrections of several rows, each rounded once, may come to a minor unit more: USAGE counts units.
            continue
        balance[row.line] += row.amount if row.kind is Kind.CHARGE else -row.amount
        if balance[row.line] < 0:
            of_line = tuple(other for other in life.rows if other.line == row.line)
            yield f"{row.key} credits {row.currency} {-balance[row.line]:f} more than was charged", of_line, ()
            return


def _charged_while_paid_for(life: Recorded) -> Iterator[Found]:
    pack = PACKS.get(life.policy)
    # A pack that this program does not know may bill while suspended.
    bills_on = pack is None or pack.bill_while_suspended
    paid = {State.ACTIVE, State.SUSPENDED} if bills_on else {State.ACTIVE}
    for event in life.events:
        for row in event.rows:
            if row.key in life.settled_keys:
                continue
            if row.at != event.at:
                yield f"{row.key} has another date than its event {event.seq}", (row,), (event,)
            if row.kind is not Kind.CHARGE:
                continue
            if event.state not in paid:
                yield f"{row.key} is charged while {event.state}", (row,), (event,)
            elif not row.period.start <= event.at < row.period.end:
                yield f"{row.key} is charged outside its period", (row,), (event,)


def _access_as_decided(life: Recorded) -> Iterator[Found]:
    """The access log may lag behind the last events, but must otherwise match them."""
    logged, settled = list(life.access), life.settled_access
    if any(logged == access_by(life.events[:length], settled) for length in range(len(life.events), -1, -1)):
        return
    wanted = "; ".join(map(_words_of, access_by(life.events, settled))) or "never"
    yield f"users had access {'; '.join(map(_words_of, logged)) or 'never'}; the events say {wanted}", (), ()


def _the_end_is_final(life: Recorded) -> Iterator[Found]:
    for before, after in pairwise(life.events):
        noted = after.settled or after.event is EventName.USAGE_SETTLED
        if before.state.ended and not (noted and after.state is before.state):
            yield f"event {after.seq} came after the end ({before.state})", (), (before, after)


def _numbered(life: Recorded) -> Iterator[Found]:
    for number, event in enumerate(life.events, start=1):
        if event.seq != number:
            yield f"event {event.seq} is where event {number} should be", (), (event,)
        if not (event.by and event.rule):
            yield f"event {event.seq} has no actor or no rule", (), (event,)
        if event.event is EventName.SUSPENDED and not event.reason:
            yield f"event {event.seq} has no reason", (), (event,)
        if event.after.state is not event.state:
            yield f"event {event.seq} names the state {event.state} but leaves {event.after.state}", (), (event,)
    for before, after in pairwise(life.events):
        if not life.settled_numbers.isdisjoint((before.seq, after.seq)):
            continue
        if after.at < before.at:
            yield f"event {after.seq} is dated before event {before.seq}", (), (before, after)
        if after.before != before.after:
            yield f"event {after.seq} does not start from the facts that event {before.seq} left", (), (before, after)


def _quantities(life: Recorded) -> Iterator[Found]:
    own = {EventName.QUANTITY_CHANGED, EventName.ADD_ON_CHANGED}
    for event in life.events:
        before, after = event.before, event.after
        if event.settled or (before.quantity, before.add_ons) == (after.quantity, after.add_ons) or event.event in own:
            continue
        scheduled = {**before.add_ons, life.offer.id: before.quantity, **before.scheduled_changes}
        became = {**after.add_ons, life.offer.id: after.quantity}
        if became != {line: number for line, number in scheduled.items() if number}:
            yield f"event {event.seq} changes the quantities to other than what was scheduled", (), (event,)


def _not_ahead(life: Recorded) -> Iterator[Found]:
    for event in life.events:
        if life.latest is not None and event.at > life.latest:
            yield f"event {event.seq} is dated in the future ({format_instant(event.at)})", (), (event,)


CHECKS: dict[Invariant, Callable[[Recorded], Iterator[Found]]] = {
    Invariant.PERIODS_TILE: _periods_tile,
    Invariant.CHARGED_ONCE: _charged_once,
    Invariant.CREDITS_WITHIN_CHARGES: _credits_within_charges,
    Invariant.CHARGED_WHILE_PAID_FOR: _charged_while_paid_for,
    Invariant.ACCESS: _access_as_decided,
    Invariant.THE_END_IS_FINAL: _the_end_is_final,
    Invariant.NUMBERED: _numbered,
    Invariant.QUANTITIES: _quantities,
    Invariant.USAGE: usage_otherwise,
    Invariant.NOT_AHEAD: _not_ahead,
}
"""AS_RECORDED is not here: only the books know the digests of what was written. The customer's money is checked by
`audit.account`."""


def _words_of(interval: AccessInterval) -> str:
    return f"{format_instant(interval.start)} to {format_instant(interval.end) if interval.end else 'now'}"


class Audited(Frozen):
    """What was looked at of one life, and what does not hold."""

    subscription_id: str
    events: int
    rows: int
    access_confirmed: bool
    violations: tuple[Violation, ...]
    noted: tuple[Event, ...] = ()
    """The events by which an operator settled a conflict with the books: deviations that are known (REP-1)."""
