"""Read what a subscription is rebuilt from, in one state of the database."""

from sqlalchemy import Connection, select

from activities.adapters.sql.database import Database
from activities.adapters.sql.notifications.outbox import done_up_to
from activities.adapters.sql.subscription import answers
from activities.adapters.sql.subscription.reader import about_of, events_of
from activities.adapters.sql.tables.orders import order_line
from activities.adapters.sql.tables.subscription import access_change, decision, subscription
from activities.billing.contracts import Restored
from activities.errors import BooksConflict
from domain.subscription.first_answers import ANSWERS_KEPT, DIGESTS_KEPT
from domain.subscription.subscription import Snapshot
from statemachines.rebuilding.subscription import Booked, rebuilt


class SqlLives:
    """The port `Lives`. Raises BooksUnavailable or SchemaMismatch."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def restored(self, subscription_id: str) -> Restored:
        try:
            return await self._database.read(_restored, subscription_id)
        except (ValueError, ArithmeticError) as error:
            # What this program wrote can be read, so it was altered: trying again does not help.
            raise BooksConflict(f"The records of {subscription_id} cannot be read: {error}") from None


def _restored(connection: Connection, subscription_id: str) -> Restored:
    of_it = select(subscription).where(subscription.c.id == subscription_id)
    listed = connection.execute(of_it).mappings().one_or_none()
    if listed is None:
        raise BooksConflict(f"The books do not know subscription {subscription_id}: nothing can be rebuilt.")
    if listed["snapshot"] is None:
        words = f"An earlier version recorded the last event of {subscription_id}, and kept nothing to rebuild it from"
        raise BooksConflict(f"{words}: restore the Temporal server's own backup.")
    of_its = decision.c.subscription_id == subscription_id
    decisions = connection.execute(select(decision.c.seq, decision.c.receipt).where(of_its).order_by(decision.c.seq))
    recorded = decisions.all()
    confirmed = select(access_change.c.seq).where(access_change.c.subscription_id == subscription_id)
    receipt, about = recorded[-1].receipt, about_of(listed)
    booked = Booked(
        subscription_id=subscription_id,
        customer_id=about.customer_id,
        offer=about.offer,
        ordered_at=about.ordered_at,
        snapshot=Snapshot.model_validate(listed["snapshot"]),
        events=tuple(events_of(connection, subscription_id)),
        decisions=tuple(row.seq for row in recorded),
        answered=tuple(answers.last(connection, subscription_id, ANSWERS_KEPT + DIGESTS_KEPT + 1)),
        confirmed=frozenset(connection.scalars(confirmed)),
    )
    bought = select(order_line.c.purchase).where(order_line.c.subscription_id == subscription_id)
    return Restored(
        life=rebuilt(booked),
        ahead_by=listed["ahead_by"],
        purchase=connection.scalar(bought),
        publisher=receipt.publisher,
        told=done_up_to(connection, subscription_id),
    )
