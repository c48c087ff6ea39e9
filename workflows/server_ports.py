"""The activities' ports that are implemented by workflows on the Temporal server."""

from collections.abc import Awaitable
from datetime import datetime, timedelta
from typing import TypeVar

from temporalio.service import RPCError

from activities.accounts.contracts import OpenAccount
from activities.billing.contracts import AskedCommand
from activities.billing.ports import FirstAnswers
from activities.errors import NotTaken, NotThere, OrderConflict, ServerUnavailable
from activities.wall_clock import wall_clock
from domain.bulk.items import Item, ItemStatus
from domain.bulk.requests import MoveRun, TakePolicy
from domain.ordering.terms import Order
from domain.roles import Party
from domain.subscription.commands import Command
from domain.subscription.decision import Answer
from workflows.account.client import Accounts
from workflows.account.messages import StartAccount
from workflows.calls.errors import (
    AlreadyEnded,
    AlreadyExists,
    CallError,
    NotAnswered,
    NotFound,
    Rejected,
    WorkflowFailed,
    server_unavailable,
)
from workflows.calls.test_clocks import ClockPermit
from workflows.calls.versions import Versions
from workflows.durable.clock import TestClock
from workflows.durable.operator import Operator
from workflows.subscription.client import Subscriptions
from workflows.subscription.messages import Migration

T = TypeVar("T")
_ENDED = "The subscription has ended and takes no more commands."


class ServerLauncher:
    """Starts subscriptions: the port `Launcher`.

    A life belongs to the order that it began with: under a subscription id that has another one's life, the
    order is refused for good.
    """

    def __init__(self, subscriptions: Subscriptions, spread: timedelta = timedelta(0)) -> None:
        self._subscriptions = subscriptions
        self._spread = spread

    async def launch(
        self,
        order: Order,
        *,
        partner: str | None,
        ahead_by: timedelta | None,
        periods_per_run: int,
        order_id: str | None = None,
    ) -> None:
        """Start the subscription, once. Raises OrderConflict, ClocksRefused and ServerUnavailable."""
        clock = None if ahead_by is None else TestClock.ahead_by(ahead_by)
        try:
            try:
                await self._subscriptions.buy(
                    order,
                    partner=partner,
                    clock=clock,
                    periods_per_run=periods_per_run,
                    spread=self._spread,
                    placed=True,
                    order_id=order_id,
                )
            except AlreadyExists:
                if not await self._subscriptions.began_with(order):
                    words = f"Subscription {order.subscription_id} was bought otherwise already. Choose another id."
                    raise OrderConflict(words) from None
        except RPCError as error:
            raise server_unavailable(order.subscription_id, error) from None


class ServerCommandSender:
    """Sends commands to subscriptions: the port `CommandSender`."""

    def __init__(self, subscriptions: Subscriptions) -> None:
        self._subscriptions = subscriptions

    async def send(self, subscription_id: str, command: Command) -> Answer | None:
        """The subscription's answer; None if it has ended. Raises NotThere, NotTaken and ServerUnavailable."""
        return await _or_ended(self._subscriptions.ask(subscription_id, command, wait=False))


async def _or_ended(calling: Awaitable[T]) -> T | None:
    """The result; None if the subscription has ended. Raises NotThere, NotTaken and ServerUnavailable."""
    try:
        return await calling
    except AlreadyEnded:
        return None
    except (NotFound, WorkflowFailed) as error:
        raise NotThere(str(error)) from None
    except Rejected as error:
        raise NotTaken(str(error)) from None
    except NotAnswered as error:
        raise ServerUnavailable(str(error)) from None


class ServerItemSender:
    """Sends the items of bulk operations: the port `ItemSender`."""

    def __init__(self, subscriptions: Subscriptions, answers: FirstAnswers, versions: Versions | None) -> None:
        self._subscriptions = subscriptions
        self._commands = ServerCommandSender(subscriptions)
        self._answers = answers
        self._versions = versions

    async def send(self, item: Item) -> Item:
        """Return the item with its result. Raises NotThere, NotTaken, ServerUnavailable, and what the books raise."""
        match item.ask:
            case None:
                return item
            case MoveRun():
                return await self._move(item, item.ask)
            case TakePolicy():
                return await self._give_policy(item, item.ask)
            case command:
                return await self._command(item, command)

    async def _command(self, item: Item, command: Command) -> Item:
        answer = await self._commands.send(item.subject, command)
        if answer is None:
            # It may have ended by this very command, whose answer a killed worker has not recorded.
            answer = await self._first_answer(item.subject, command)
        return item.answered(answer) if answer else item.without_answer(ItemStatus.ENDED, _ENDED)

    async def _first_answer(self, subscription_id: str, command: Command) -> Answer | None:
        assert command.command_id is not None
        system = command.by == Party.SYSTEM.value
        asked = AskedCommand(subscription_id=subscription_id, command_id=command.command_id, system=system)
        found = await self._answers.first_answer(asked)
        return found.answer if found and found.fingerprint == command.fingerprint() else None

    async def _give_policy(self, item: Item, ask: TakePolicy) -> Item:
        """Give the subscription the policy pack, unless it has it: as from an attempt whose worker was killed."""
        life = await _or_ended(self._subscriptions.life(item.subject))
        if life is None or life.ended:
            return item.without_answer(ItemStatus.ENDED, _ENDED)
        if ask.policy not in {life.subscription.policy, life.subscription.next_policy}:
            request = Migration(by=ask.by, note="bulk operation", policy=ask.policy)
            if await _or_ended(self._subscriptions.operate(item.subject, "migrate", request)) is None:
                return item.without_answer(ItemStatus.ENDED, _ENDED)
        return item.model_copy(update={"status": ItemStatus.DONE, "at": wall_clock()})

    async def _move(self, item: Item, ask: MoveRun) -> Item:
        """Let the workflow begin a new run on the build, unless it is there. The routing may place it elsewhere."""
        if self._versions is None:
            raise NotTaken("The workers have no versions here: set PERENNIAL_DEPLOYMENT for them.")
        try:
            run_id, build = await self._versions.placed(item.subject)
            if build != ask.to:
                request = Operator(by=ask.by, note=f"migrate to {ask.to}")
                build = await self._versions.move(item.subject, run_id, request)
        except (AlreadyEnded, NotFound):
            return item.without_answer(ItemStatus.ENDED, "The workflow has ended.")
        except CallError as error:
            # Tried again by people only: each try waits for half a minute, and what fails may fail everywhere.
            raise NotTaken(str(error)) from None
        except RPCError as error:
            raise server_unavailable(item.subject, error) from None
        if build == ask.to:
            return item.model_copy(update={"status": ItemStatus.DONE, "message": "", "at": wall_clock()})
        words = f"The routing has placed its new run on {build or 'workers without a version'}."
        return item.without_answer(ItemStatus.UNCHANGED, words)


class ServerAccounts:
    """Opens billing accounts, and tells them: the port `AccountOpener`."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts

    async def open(self, account: OpenAccount) -> None:
        """Open the customer's account, once. Raises ServerUnavailable."""
        try:
            await self._accounts.open(StartAccount.of(account.opening))
        except RPCError as error:
            raise server_unavailable(f"billing account of {account.customer_id}", error) from None

    async def tell_of_rows(self, customer_id: str, at: datetime) -> None:
        """Tell the account, if the server has it. Raises ServerUnavailable."""
        try:
            await self._accounts.tell_of_rows(customer_id, at)
        except RPCError as error:
            raise server_unavailable(f"billing account of {customer_id}", error) from None


class ServerClocks:
    """Whether the server's namespace takes test clocks: the port `AllowedClocks`."""

    def __init__(self, permit: ClockPermit) -> None:
        self._permit = permit

    async def require(self) -> None:
        """Raise ClocksRefused where it does not, and ServerUnavailable."""
        try:
            await self._permit.require()
        except RPCError as error:
            raise server_unavailable("test clocks", error) from None
