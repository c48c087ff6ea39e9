"""What a publisher's request comes to, once it is known who sent it."""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from activities.billing.contracts import ListedSubscription
from activities.errors import TokenRefused as NoSuchToken
from activities.errors import Transient, one_line
from domain.ordering.setup_link import Resolved
from domain.roles import Party
from domain.subscription.commands import Activate, Command, RejectQuantity
from domain.subscription.decision import Answer, Outcome
from domain.subscription.events import State
from domain.values import Frozen, Instant
from hosting.gateway.authentication import Sender
from hosting.gateway.refusals import Malformed, NotYours, Replayed, TokenRefused, Unavailable
from hosting.gateway.requests import ActivateSubscription, RejectChange, Request, Resolve, ShowDetails, parse
from perennial.sources.sources import Sources
from statemachines.subscription.refusals import refused_by_its_end, told_again
from workflows.calls.errors import AlreadyEnded, CallError, NotFound, Rejected

OK, CONFLICT = 200, 409


class Seen(Frozen):
    """A subscription as its publisher sees it; `trial_end` is not kept beyond its end."""

    subscription_id: str
    customer: str
    offer: str
    state: State
    quantity: int
    add_ons: dict[str, int]
    auto_renew: bool
    trial_end: Instant | None = None
    allowed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reply:
    """The status, and what the response's body holds."""

    status: int
    content: BaseModel


class Answering:
    """Answers what an authenticated publisher asks, each request once."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        # Every request, by its model.
        self._answers: dict[type[Request], Callable[[Sender, Any, datetime], Awaitable[Reply]]] = {
            Resolve: self._resolve,
            ActivateSubscription: self._activate,
            RejectChange: self._reject_quantity,
            ShowDetails: self._details,
        }

    async def answer(self, sender: Sender, body: bytes, now: datetime) -> Reply:
        """The answer as of now. Raises Refused; whatever is raised after Replayed was looked for, the id is used up."""
        try:
            requests = (await self._sources.books()).publisher_requests
            if not await requests.take(sender.publisher, sender.request_id, now):
                raise Replayed
            asked = parse(body)
            return await self._answers[type(asked)](sender, asked, now)
        except Transient:
            raise Unavailable from None

    async def _resolve(self, sender: Sender, asked: Resolve, now: datetime) -> Reply:
        found = await self._purchase(asked.token, now)
        await self._require_own(sender, found.subscription_id)
        return Reply(OK, found)

    async def _activate(self, sender: Sender, asked: ActivateSubscription, now: datetime) -> Reply:
        await self._require_own(sender, asked.subscription_id)
        purchase = await self._purchase(asked.token, now)
        if purchase.subscription_id != asked.subscription_id:
            raise TokenRefused(
                f"subscription_id: {asked.subscription_id} is not the subscription of this token (ISV-3)."
            )
        answer = await self._told(sender, asked.subscription_id, asked.actor, Activate, now)
        if answer.outcome is Outcome.REFUSED and (state := await self._living_state(asked.subscription_id)):
            answer = told_again(answer, state)
        return _reply(answer)

    async def _reject_quantity(self, sender: Sender, asked: RejectChange, now: datetime) -> Reply:
        await self._require_own(sender, asked.subscription_id)
        rejected = {"sequence": asked.sequence, "details": asked.reason}
        return _reply(await self._told(sender, asked.subscription_id, asked.actor, RejectQuantity, now, **rejected))

    async def _details(self, sender: Sender, asked: ShowDetails, _: datetime) -> Reply:
        await self._require_own(sender, asked.subscription_id)
        listed = await (await self._sources.books()).subscriptions.listed(asked.subscription_id)
        if listed is None or not listed.state.ended:
            try:
                return Reply(OK, await self._living(asked.subscription_id))
            except NotFound:
                # It ended meanwhile, long enough ago for the server; or it has not begun.
                listed = await (await self._sources.books()).subscriptions.listed(asked.subscription_id)
            except CallError:
                raise Unavailable from None
        if listed is None or not listed.state.ended:
            raise Unavailable("The subscription is about to begin.")
        return Reply(OK, _ended(listed))

    async def _told(
        self, sender: Sender, subscription_id: str, actor: str | None, kind: type[Command], now: datetime, **fields: Any
    ) -> Answer:
        """The command's answer; the publisher stands in the record as its actor where it names none (ROL-3)."""
        # A broken connection is tried again under this id, and has one effect.
        key = hashlib.sha256(f"{sender.publisher} {sender.request_id}".encode()).hexdigest()[:32]
        command = kind(
            by=Party.PUBLISHER.value, actor=actor or sender.publisher, command_id=f"publisher-{key}", **fields
        )
        try:
            return await (await self._sources.server()).subscriptions.ask(subscription_id, command)
        except (AlreadyEnded, NotFound):
            return await self._refused_by_its_end(subscription_id, command, now)
        except Rejected as error:
            raise Malformed(one_line(str(error))) from None
        except CallError:
            raise Unavailable from None

    async def _living_state(self, subscription_id: str) -> State | None:
        """None where its workflow takes no request any more."""
        try:
            return (await (await self._sources.server()).subscriptions.details(subscription_id)).state
        except (AlreadyEnded, NotFound):
            return None
        except CallError:
            raise Unavailable from None

    async def _refused_by_its_end(self, subscription_id: str, command: Command, now: datetime) -> Answer:
        listed = await (await self._sources.books()).subscriptions.listed(subscription_id)
        if listed is None or not listed.state.ended:
            raise Unavailable("The subscription is about to begin, or just ending.")
        return refused_by_its_end(listed.state, command.action, now, listed.last_seq)

    async def _living(self, subscription_id: str) -> Seen:
        seen = await (await self._sources.server()).subscriptions.details(subscription_id)
        return Seen(
            subscription_id=seen.subscription_id,
            customer=seen.customer_id,
            offer=seen.offer_id,
            state=seen.state,
            quantity=seen.quantity,
            add_ons=seen.add_ons,
            auto_renew=seen.auto_renew,
            trial_end=seen.trial_end,
            allowed=seen.allowed,
        )

    async def _purchase(self, token: str, now: datetime) -> Resolved:
        try:
            return await (await self._sources.books()).setup_links.resolve(token, now)
        except NoSuchToken:
            raise TokenRefused(
                "token: it is not valid (ISV-3). It takes the token exactly as it stands in the link, within 24 hours; "
                "have the buyer ask the seller for a new link."
            ) from None

    async def _require_own(self, sender: Sender, subscription_id: str) -> None:
        if await (await self._sources.books()).offer_publishers.publisher_of(subscription_id) != sender.publisher:
            raise NotYours


def _reply(answer: Answer) -> Reply:
    return Reply(CONFLICT if answer.outcome is Outcome.REFUSED else OK, answer)


def _ended(listed: ListedSubscription) -> Seen:
    """As the books keep it."""
    return Seen(
        subscription_id=listed.subscription_id,
        customer=listed.customer_id,
        offer=listed.offer_id,
        state=listed.state,
        quantity=listed.quantity,
        add_ons=listed.add_ons,
        auto_renew=listed.auto_renew,
    )
