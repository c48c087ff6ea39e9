"""The activities' ports that are implemented by workflows on the Temporal server."""

from datetime import datetime, timedelta

from temporalio.service import RPCError

from activities.accounts.contracts import OpenAccount
from activities.errors import NotTaken, NotThere, OrderConflict, ServerUnavailable
from domain.ordering.terms import Order
from domain.subscription.commands import Command
from domain.subscription.decision import Answer
from workflows.account.client import Accounts
from workflows.account.messages import StartAccount
from workflows.calls.errors import (
    AlreadyEnded,
    AlreadyExists,
    NotAnswered,
    NotFound,
    Rejected,
    WorkflowFailed,
    server_unavailable,
)
from workflows.calls.test_clocks import ClockPermit
from workflows.durable.clock import TestClock
from workflows.subscription.client import Subscriptions


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
        try:
            return await self._subscriptions.ask(subscription_id, command, wait=False)
        except AlreadyEnded:
            return None
        except (NotFound, WorkflowFailed) as error:
            raise NotThere(str(error)) from None
        except Rejected as error:
            raise NotTaken(str(error)) from None
        except NotAnswered as error:
            raise ServerUnavailable(str(error)) from None


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
