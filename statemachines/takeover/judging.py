"""Judges the rows of a file together: each by itself, against the books, and against the rows before it (MOV-1)."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from domain.account.requests import MovedInvoice
from domain.faults import Fault
from domain.ordering.placement import Claim, one_per_customer, one_trial
from domain.subscription.events import State
from domain.takeover.row import TakeoverRow
from domain.values import format_instant
from statemachines.takeover.invoices import OpenInvoices
from statemachines.takeover.known import Known, Named, Standing
from statemachines.takeover.takeover import Takeover, taken_over

RowFault = tuple[int, Fault]
"""A fault, and the number of its row, from 0."""


@dataclass(frozen=True)
class Plan:
    """What an import would do. `known` are in the books already, by the same rows; `living` are all that have to run.

    `overdue` of the new ones have something due since their rows' instants: it happens at once (MOV-4). `invoices` are
    the open ones that the books lack, by customer (MOV-6). `by` and `actor` import them.
    """

    new: tuple[Takeover, ...]
    known: int
    living: tuple[str, ...]
    customers: tuple[str, ...]
    overdue: int
    invoices: dict[str, tuple[MovedInvoice, ...]]
    by: str
    actor: str | None

    @property
    def states(self) -> dict[State, int]:
        """How many of the new ones are in each state."""
        return dict(Counter(each.subscription.state for each in self.new))


def named_by(rows: Sequence[TakeoverRow]) -> Named:
    """What the books are asked about."""
    keys = (claim.key for row in rows for claim in _claims(row))
    return Named(
        subscriptions=frozenset(row.id for row in rows),
        customers=frozenset(row.customer for row in rows),
        offers=frozenset(row.offer for row in rows),
        claims=frozenset(keys),
    )


def judged(
    rows: Sequence[TakeoverRow], standing: Standing, now: datetime, by: str, actor: str | None
) -> Plan | list[RowFault]:
    """The plan, or every fault of every row."""
    seen: dict[str, int] = {}
    claimed = dict(standing.holders)
    faults: list[RowFault] = []
    new: list[Takeover] = []
    living: list[str] = []
    invoices, known = OpenInvoices(standing, now), 0
    for index, row in enumerate(rows):
        first = seen.setdefault(row.id, index)
        if first != index:
            faults.append((index, Fault(_named(row), row.id, "an id that no row before it has")))
            continue
        faults += [(index, fault) for fault in invoices.take(row)]
        if row.id in standing.here:
            found = list(_differences(row, standing))
            faults += [(index, fault) for fault in found]
            known += not found
            if not standing.here[row.id].ended:
                living.append(row.id)
        else:
            takeover = _one(row, standing, claimed, now, by, actor)
            if isinstance(takeover, list):
                faults += [(index, fault) for fault in takeover]
            else:
                new.append(takeover)
                living.append(row.id)
    if faults:
        return faults
    customers = tuple(dict.fromkeys(row.customer for row in rows))
    overdue = sum(each.overdue(now) for each in new)
    return Plan(tuple(new), known, tuple(living), customers, overdue, invoices.lacking(), by, actor)


def _one(
    row: TakeoverRow, standing: Standing, claimed: dict[str, str], now: datetime, by: str, actor: str | None
) -> Takeover | list[Fault]:
    if row.id in standing.ordered:
        return [Fault(_named(row), row.id, "an id that no order here has")]
    known = Known(standing.offers.get(row.offer), standing.customers.get(row.customer), standing.catalog_version)
    found = taken_over(row, known, now, by, actor)
    if isinstance(found, list):
        return found
    if faults := list(_claimed_by_others(row, found.claims, claimed)):
        return faults
    wanted = tuple(claim for claim in found.claims if claim.key not in claimed)
    claimed |= {claim.key: row.id for claim in wanted}
    return replace(found, claims=wanted)


def _claims(row: TakeoverRow) -> tuple[Claim, ...]:
    return one_per_customer(row.customer, row.offer), one_trial(row.customer, row.offer)


def _named(row: TakeoverRow) -> tuple[str]:
    return ("subscription_id" if row.subscription_id else "reference",)


def _claimed_by_others(row: TakeoverRow, claims: Sequence[Claim], claimed: dict[str, str]) -> Iterator[Fault]:
    """ELG-1, TRI-4. A trial that is over is not claimed again: the customer has had one."""
    for claim in claims:
        holder = claimed.get(claim.key)
        if holder is None:
            continue
        if not claim.permanent:
            words = f"an offer that the customer does not have: it is sold once per customer, who has {holder} (ELG-1)"
            yield Fault(("offer",), row.offer, words)
        elif row.term_start is None:
            words = f"nothing: a customer gets one trial per offer, and {holder} has had it (TRI-4)"
            yield Fault(("trial_end",), row.trial_end, words)


def _differences(row: TakeoverRow, standing: Standing) -> Iterator[Fault]:
    """What the row says otherwise than when it was taken over; what it leaves out and its instant do not count."""
    kept = standing.here[row.id].row
    if kept is None:
        yield Fault(_named(row), row.id, "an id that no subscription here has: it was bought here")
        return
    before = TakeoverRow.model_validate_json(json.dumps(kept))
    for field in TakeoverRow.model_fields:
        was, got = getattr(before, field), getattr(row, field)
        ignored = field in {"subscription_id", "as_of"} or (was is None and field in {"refund_from", "refundable"})
        if got is not None and was != got and not ignored:
            words = f"{_shown(was)}, as when it was taken over; change it by commands"
            yield Fault((field,), _shown(got), words)


def _shown(value: object) -> str:
    """A field's value in words."""
    match value:
        case None:
            return "nothing"
        case dict() if value:
            return ", ".join(f"{key}={each}" for key, each in value.items())
        case tuple() if value:
            return ", ".join(" ".join(_shown(each) for _, each in entry) for entry in value)
        case datetime():
            return format_instant(value)
        case _:
            return str(value) if value not in ((), {}) else "nothing"
