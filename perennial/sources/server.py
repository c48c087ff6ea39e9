"""The clients of one Temporal server, by noun."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from temporalio.client import Client

from workflows.account.client import Accounts
from workflows.bulk.client import BulkClient
from workflows.calls.runs import Runs
from workflows.calls.versions import Versions
from workflows.durable import options
from workflows.notifications.client import Notifications
from workflows.order.client import OrderClient
from workflows.price_changes.client import PriceClient
from workflows.subscription.client import Subscriptions


@dataclass(frozen=True)
class Server:
    """A connected server and the workflows that run there."""

    client: Client
    subscriptions: Subscriptions
    accounts: Accounts
    orders: OrderClient
    prices: PriceClient
    bulks: BulkClient
    notifications: Notifications
    runs: Runs
    task_queue: str
    periods_per_run: int
    spread: timedelta
    versions: Versions | None = None

    @classmethod
    def of(
        cls,
        client: Client,
        task_queue: str,
        now: Callable[[], datetime],
        periods_per_run: int = options.PERIODS_PER_RUN,
        deployment: str | None = None,
        spread: timedelta = timedelta(0),
    ) -> Self:
        """The clients on that connection. Queries are answered as of `now`.

        New workflows go to the task queue; a subscription's run lasts for `periods_per_run` billing periods, and
        its renewals come up to `spread` later than their instants. The workers have versions where there is a
        `deployment`.
        """
        return cls(
            client=client,
            subscriptions=Subscriptions(client, task_queue, now),
            accounts=Accounts(client, task_queue, now),
            orders=OrderClient(client, task_queue),
            prices=PriceClient(client, task_queue),
            bulks=BulkClient(client, task_queue),
            notifications=Notifications(client, task_queue),
            runs=Runs(client),
            task_queue=task_queue,
            periods_per_run=periods_per_run,
            spread=spread,
            versions=Versions(client, task_queue, deployment) if deployment else None,
        )
