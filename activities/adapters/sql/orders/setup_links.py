"""Set-up links in SQL. A token is shown once; only its digest is stored (ISV-1, ISV-3)."""

import hashlib
import secrets
from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, delete, insert, select

from activities.adapters.sql import locks
from activities.adapters.sql.catalog.rows import offers_of
from activities.adapters.sql.database import Database
from activities.adapters.sql.tables.orders import order_line, setup_token
from activities.adapters.sql.tables.subscription import subscription
from activities.errors import TokenRefused
from domain.catalog.offers import PinnedOffer, Setup
from domain.next_step import Do, NextStep
from domain.ordering.setup_link import TOKEN_LIFE, Resolved, SetupLink, link_to, valid
from domain.ordering.terms import Order
from domain.subscription.events import State

TOKEN_BYTES = 32
# One message for all cases, so that guessing tokens reveals nothing.
_NOT_VALID = "This set-up token is not valid (ISV-3): it must come exactly as it stands in the link, within 24 hours."


class SqlSetupLinks:
    """Issues set-up links and resolves their tokens. All methods raise BooksUnavailable or SchemaMismatch."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def issue(self, subscription_id: str, now: datetime) -> SetupLink:
        return await self._database.write_under([locks.subscription(subscription_id)], _issue, subscription_id, now)

    async def issue_for(self, subscription_ids: Collection[str], now: datetime) -> dict[str, SetupLink]:
        if not await self._database.read(_waiting, subscription_ids):
            return {}
        return await self._database.write_under([], _issue_for, subscription_ids, now)

    async def resolve(self, token: str, now: datetime) -> Resolved:
        return await self._database.read(_resolve, token, now)


class _Purchase(NamedTuple):
    customer: str
    offer: PinnedOffer
    quantity: int
    add_ons: dict[str, int]
    state: State
    ordered_at: datetime


def _waiting(connection: Connection, subscription_ids: Collection[str]) -> dict[str, str]:
    """Return the set-up address of each of the subscriptions that is pending, or about to start so."""
    known = select(order_line.c.subscription_id, order_line.c.purchase, subscription.c.state)
    known = known.outerjoin(subscription, subscription.c.id == order_line.c.subscription_id)
    offers = {
        row.subscription_id: row.purchase.offer.id
        for row in connection.execute(known.where(order_line.c.subscription_id.in_(subscription_ids)))
        if row.purchase.offer.setup is Setup.PUBLISHER and row.state in {None, State.PENDING.value}
    }
    listed = offers_of(connection, set(offers.values()))
    return {key: url for key, offer in offers.items() if offer in listed and (url := listed[offer].setup_url)}


def _issue_for(connection: Connection, subscription_ids: Collection[str], now: datetime) -> dict[str, SetupLink]:
    waiting = _waiting(connection, subscription_ids)
    return {key: _link(connection, key, address, now) for key, address in waiting.items()}


def _issue(connection: Connection, subscription_id: str, now: datetime) -> SetupLink:
    return _link(connection, subscription_id, _address(connection, subscription_id), now)


def _link(connection: Connection, subscription_id: str, address: str, now: datetime) -> SetupLink:
    token = secrets.token_hex(TOKEN_BYTES)
    of_it = setup_token.c.subscription_id == subscription_id
    connection.execute(delete(setup_token).where(of_it & (setup_token.c.expires_at <= now)))
    expires_at = now + TOKEN_LIFE
    columns = {"token_hash": _digest(token), "subscription_id": subscription_id, "expires_at": expires_at}
    connection.execute(insert(setup_token).values(columns))
    return SetupLink(subscription_id=subscription_id, url=link_to(address, token), expires_at=expires_at)


def _address(connection: Connection, subscription_id: str) -> str:
    purchase = _purchase(connection, subscription_id)
    if purchase is None:
        raise TokenRefused(f"There is no subscription {subscription_id}.", NextStep(Do.LIST_SUBSCRIPTIONS))
    offer_id = purchase.offer.id
    if purchase.offer.setup is Setup.NONE:
        raise TokenRefused(f"Subscription {subscription_id} needs no set-up (ISV-5): {offer_id} is active at once.")
    listed = offers_of(connection, [offer_id]).get(offer_id)
    if listed is None or listed.setup_url is None:
        raise TokenRefused(
            f"The catalog has no set-up address for {offer_id}: import the offer with its setup_url, then ask again."
        )
    return listed.setup_url


def _resolve(connection: Connection, token: str, now: datetime) -> Resolved:
    found = select(setup_token).where(setup_token.c.token_hash == _digest(token))
    row = connection.execute(found).one_or_none()
    purchase = _purchase(connection, row.subscription_id) if row and valid(row.expires_at, now) else None
    if row is None or purchase is None:
        raise TokenRefused(_NOT_VALID, NextStep(Do.ISSUE_SETUP_LINK))
    token_of = {"subscription_id": row.subscription_id, "expires_at": row.expires_at}
    return Resolved.model_validate(purchase._asdict() | {"offer": purchase.offer.id} | token_of)


def _purchase(connection: Connection, subscription_id: str) -> _Purchase | None:
    """The purchase from the subscription or, before its first event is recorded, from the order line."""
    found = connection.execute(select(subscription).where(subscription.c.id == subscription_id)).one_or_none()
    if found is not None:
        state = State(found.state)
        return _Purchase(found.customer_id, found.offer, found.quantity, found.add_ons, state, found.ordered_at)
    placed = select(order_line.c.purchase).where(order_line.c.subscription_id == subscription_id)
    order: Order | None = connection.scalar(placed)
    if order is None:
        return None
    return _Purchase(order.customer, order.offer, order.quantity, dict(order.add_ons), State.PENDING, order.at)


def _digest(token: str) -> str:
    # The input can be anything, even an unpaired surrogate.
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()
