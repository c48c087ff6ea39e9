"""The subscriptions that a customer has to each offer; eligibility depends on them (ELG-1, ELG-2, ELG-10, TRI-4)."""

from collections import defaultdict
from collections.abc import Collection

from sqlalchemy import ColumnElement, Connection, select

from activities.adapters.sql.database import Database
from activities.adapters.sql.subscription import claims
from activities.adapters.sql.tables.account import account, account_event
from activities.adapters.sql.tables.account import nonpayment_hold as placed
from activities.adapters.sql.tables.orders import order_line
from activities.adapters.sql.tables.subscription import journal, subscription
from activities.orders.contracts import LineStatus
from domain.account.events import AccountEvent, AccountEventName
from domain.account.terms import BillingTerms
from domain.ordering.eligibility import Owned, Ownership, UnpaidHold
from domain.ordering.placement import one_per_customer, one_trial
from domain.roles import Party
from domain.subscription.events import EventName, State
from domain.subscription.holds import Reason

_ENDED = [state.value for state in State if state.ended]
_DECIDED = [LineStatus.PLACED.value, LineStatus.BOUGHT.value]


class SqlHoldings:
    """Reads customers' subscriptions by offer. Raises BooksUnavailable or SchemaMismatch."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def holdings(self, customer_id: str, offer_ids: Collection[str]) -> dict[str, Ownership]:
        """The customer's subscriptions to each offer, and whether its trial is used."""
        return await self._database.read(holdings_of, customer_id, offer_ids)

    async def held(self, customer_id: str) -> tuple[UnpaidHold, ...]:
        """What the customer's account holds for nonpayment (MON-9)."""
        return await self._database.read(held_for_nonpayment, customer_id)

    async def unpaid(self, customer_id: str) -> tuple[UnpaidHold, ...]:
        """The holds for nonpayment that keep the customer from buying (ELG-10)."""
        return await self._database.read(unpaid_holds, customer_id)


def holdings_of(connection: Connection, customer_id: str, offer_ids: Collection[str]) -> dict[str, Ownership]:
    """The customer's subscriptions to each offer, oldest first, and then those that are about to start.

    A claim whose holder is not known otherwise counts as a subscription too: its purchase is in progress.
    """
    living = _living(connection, customer_id, offer_ids)
    ones = {offer_id: one_per_customer(customer_id, offer_id).key for offer_id in offer_ids}
    trials = {offer_id: one_trial(customer_id, offer_id).key for offer_id in offer_ids}
    holders = claims.holders(connection, [*ones.values(), *trials.values()])
    for offer_id, key in ones.items():
        holder = holders.get(key)
        if holder is not None and all(owned.subscription_id != holder for owned in living[offer_id]):
            living[offer_id].append(Owned(subscription_id=holder, state=State.PENDING))
    return {
        offer_id: Ownership(living=tuple(living[offer_id]), trial_of=holders.get(trials[offer_id]))
        for offer_id in offer_ids
    }


def unpaid_holds(connection: Connection, customer_id: str) -> tuple[UnpaidHold, ...]:
    """The holds for nonpayment that keep the customer from buying: none if its account's terms sell (ELG-10)."""
    held = held_for_nonpayment(connection, customer_id)
    return () if held and _sells_while_held(connection, customer_id) else held


def held_for_nonpayment(connection: Connection, customer_id: str) -> tuple[UnpaidHold, ...]:
    """What the customer's account holds, and for which invoice.

    What a person has reactivated meanwhile is not held any more, although the account has not lifted it.
    """
    standing = (placed.c.customer_id == customer_id) & placed.c.lifted_by.is_(None)
    found = connection.execute(select(placed).where(standing).order_by(placed.c.subscription_id, placed.c.seq)).all()
    stand = {each: _stands(connection, each) for each in {row.subscription_id for row in found}}
    return tuple(
        UnpaidHold(subscription_id=row.subscription_id, invoice=row.invoice_id)
        for row in found
        if stand[row.subscription_id]
    )


def _sells_while_held(connection: Connection, customer_id: str) -> bool:
    """By the account's last change of terms, or by those that it was opened with."""
    changed = select(account_event.c.record).where(
        account_event.c.customer_id == customer_id, account_event.c.event == AccountEventName.TERMS_CHANGED.value
    )
    last: AccountEvent | None = connection.scalar(changed.order_by(account_event.c.seq.desc()).limit(1))
    opened = select(account.c.terms).where(account.c.customer_id == customer_id)
    terms: BillingTerms | None = last.terms if last else connection.scalar(opened)
    return terms is not None and terms.sell_while_held


def _stands(connection: Connection, subscription_id: str) -> bool:
    """Whether the subscription is held by the system for nonpayment, or was when it ended."""
    events = select(journal).where(journal.c.subscription_id == subscription_id)
    end = connection.execute(events.where(journal.c.state.in_(_ENDED)).order_by(journal.c.seq).limit(1)).one_or_none()
    latest = events.order_by(journal.c.seq.desc()).limit(1)
    facts = end.before if end else connection.execute(latest).one().after
    nonpayment = (journal.c.event == EventName.SUSPENDED.value) & (journal.c.reason == Reason.NONPAYMENT.value)
    last = connection.execute(latest.where(nonpayment)).one_or_none()
    return Reason.NONPAYMENT in facts.holds and last is not None and last.by == Party.SYSTEM.value


def not_ended() -> ColumnElement[bool]:
    """Filters `subscription`: it has not ended."""
    return subscription.c.state.not_in(_ENDED)


def about_to_begin() -> ColumnElement[bool]:
    """Filters `order_line`: it is placed, and its subscription has no event on record yet."""
    recorded = select(subscription.c.id).where(subscription.c.id == order_line.c.subscription_id)
    return order_line.c.status.in_(_DECIDED) & ~recorded.exists()


def _living(connection: Connection, customer_id: str, offer_ids: Collection[str]) -> dict[str, list[Owned]]:
    living: dict[str, list[Owned]] = defaultdict(list)
    theirs = (subscription.c.customer_id == customer_id) & subscription.c.offer_id.in_(offer_ids)
    begun = select(subscription.c.offer_id, subscription.c.id, subscription.c.state).where(theirs & not_ended())
    for row in connection.execute(begun.order_by(subscription.c.ordered_at, subscription.c.id)):
        living[row.offer_id].append(Owned(subscription_id=row.id, state=State(row.state)))
    asked = (order_line.c.customer_id == customer_id) & order_line.c.offer_id.in_(offer_ids)
    coming = select(order_line.c.offer_id, order_line.c.subscription_id).where(asked & about_to_begin())
    for line in connection.execute(coming.order_by(order_line.c.subscription_id)):
        living[line.offer_id].append(Owned(subscription_id=line.subscription_id, state=State.PENDING))
    return living
