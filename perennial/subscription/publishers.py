"""What publishers do with subscriptions to their offers: resolve, activate, reject a quantity, look (ISV-3, ISV-4)."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import Field

from domain.next_step import PerennialError
from domain.ordering.setup_link import Resolved
from domain.roles import Party
from domain.subscription.commands import Activate, Command, RejectQuantity
from domain.subscription.decision import Answer, Outcome
from domain.subscription.events import State
from domain.values import Frozen, Instant
from perennial.sources.sources import Sources
from statemachines.subscription.refusals import activated_again, refused_by_its_end
from workflows.calls.errors import AlreadyEnded, CallError, NotFound, Rejected


class RequestRepeated(PerennialError):
    """The publisher used this request id before."""


class NotYourSubscription(PerennialError):
    """The subscription is to another publisher's offer, or does not exist: which of the two is not said."""


class TokenOfAnother(PerennialError):
    """The set-up token belongs to another subscription (ISV-3)."""


class NotReady(PerennialError):
    """No answer at the moment; the request may have been carried out, and can be sent again."""

    def __init__(self, message: str = "No answer at the moment.") -> None:
        super().__init__(message)


@dataclass(frozen=True)
class Sender:
    """A publisher, and the id of its request."""

    publisher: str
    request_id: str


class Seen(Frozen):
    """A subscription as its publisher sees it; `trial_end` is not kept after the trial."""

    subscription_id: str
    customer: str = Field(validation_alias="customer_id")
    offer: str = Field(validation_alias="offer_id")
    state: State
    quantity: int
    add_ons: dict[str, int]
    auto_renew: bool
    trial_end: Instant | None = None
    allowed: tuple[str, ...] = ()


class ForPublishers:
    """Each method is for a publisher that has proved who it is. `now` is the time of its request.

    Raises NotYourSubscription, NotReady, and BooksUnavailable or SchemaMismatch.
    """

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    async def take(self, sender: Sender, now: datetime) -> None:
        """Use the request's id up. Raises RequestRepeated where it was used before."""
        if not await (await self._sources.books()).publisher_requests.take(sender.publisher, sender.request_id, now):
            raise RequestRepeated(f"Request {sender.request_id} was taken before.")

    async def resolve(self, sender: Sender, token: str, now: datetime) -> Resolved:
        """What was bought under the token. Raises TokenRefused."""
        found = await (await self._sources.books()).setup_links.resolve(token, now)
        await self._require_own(sender, found.subscription_id)
        return found

    async def activate(
        self, sender: Sender, subscription_id: str, token: str, actor: str | None, now: datetime
    ) -> Answer:
        """Report that the set-up is done. Raises TokenRefused, TokenOfAnother, and Rejected."""
        await self._require_own(sender, subscription_id)
        purchase = await (await self._sources.books()).setup_links.resolve(token, now)
        if purchase.subscription_id != subscription_id:
            raise TokenOfAnother(f"{subscription_id} is not the subscription of this token (ISV-3).")
        answer = await self._send(sender, subscription_id, actor, Activate, now)
        if answer.outcome is Outcome.REFUSED and (state := await self._living_state(subscription_id)):
            return activated_again(answer, state)
        return answer

    async def reject_quantity(
        self, sender: Sender, subscription_id: str, sequence: int, reason: str | None, actor: str | None, now: datetime
    ) -> Answer:
        """Reject the quantity that this event changed (MON-4). Raises Rejected."""
        await self._require_own(sender, subscription_id)
        rejected = {"sequence": sequence, "details": reason}
        return await self._send(sender, subscription_id, actor, RejectQuantity, now, **rejected)

    async def details(self, sender: Sender, subscription_id: str) -> Seen:
        """The subscription, ended or not."""
        await self._require_own(sender, subscription_id)
        books = (await self._sources.books()).subscriptions
        listed = await books.listed(subscription_id)
        if listed is None or not listed.state.ended:
            try:
                details = await (await self._sources.server()).subscriptions.details(subscription_id)
                return Seen.model_validate(details, from_attributes=True)
            except NotFound:
                # It has ended since, and the server has forgotten it; or it has not started yet.
                listed = await books.listed(subscription_id)
            except CallError:
                raise NotReady from None
        if listed is None or not listed.state.ended:
            raise NotReady("The subscription is about to begin.")
        return Seen.model_validate(listed, from_attributes=True)

    async def _send(
        self, sender: Sender, subscription_id: str, actor: str | None, kind: type[Command], now: datetime, **fields: Any
    ) -> Answer:
        """The command's answer. Where the request names no actor, the publisher is recorded as the actor (ROL-3)."""
        # After a broken connection the command is sent again under this id, and has one effect.
        key = hashlib.sha256(f"{sender.publisher} {sender.request_id}".encode()).hexdigest()[:32]
        command = kind(
            by=Party.PUBLISHER.value, actor=actor or sender.publisher, command_id=f"publisher-{key}", **fields
        )
        try:
            return await (await self._sources.server()).subscriptions.ask(subscription_id, command)
        except (AlreadyEnded, NotFound):
            listed = await (await self._sources.books()).subscriptions.listed(subscription_id)
            if listed is None or not listed.state.ended:
                raise NotReady("The subscription is about to begin, or just ending.") from None
            return refused_by_its_end(listed.state, command.action, now, listed.last_seq)
        except Rejected:
            raise
        except CallError:
            raise NotReady from None

    async def _living_state(self, subscription_id: str) -> State | None:
        """None where its workflow takes no requests any more."""
        try:
            return (await (await self._sources.server()).subscriptions.details(subscription_id)).state
        except (AlreadyEnded, NotFound):
            return None
        except CallError:
            raise NotReady from None

    async def _require_own(self, sender: Sender, subscription_id: str) -> None:
        if await (await self._sources.books()).catalog.publisher_of(subscription_id) != sender.publisher:
            raise NotYourSubscription(f"Subscription {subscription_id} is not to an offer of {sender.publisher}.")
