"""Clients that ask again where the worker that was asked has died, and a world seen through them."""

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar
from uuid import uuid4

from temporalio.client import Client
from temporalio.common import QueryRejectCondition

from activities.adapters.sql.database import Database
from activities.wall_clock import wall_clock
from tests.support.live.outside import FromOutside, seen_from_outside
from workflows.account.client import Accounts
from workflows.calls.errors import NotAnswered
from workflows.calls.target import Target
from workflows.subscription.client import Subscriptions

ATTEMPTS = 20
PAUSE = 0.5
"""Seconds before each: a query of a workflow whose task has just failed is refused at once, until the next task."""

T = TypeVar("T")


async def patiently(look: Callable[[], Awaitable[T]]) -> T:
    """What a look finds, looking again where the worker that was asked has died."""
    for _ in range(ATTEMPTS):
        try:
            return await look()
        except NotAnswered:
            await asyncio.sleep(PAUSE)
    return await look()


class PatientTarget(Target):
    """Asks again; an update under one id."""

    async def query(
        self,
        query: str,
        result: type[T],
        args: Sequence[object] = (),
        *,
        reject: QueryRejectCondition | None = None,
    ) -> T:
        ask = super().query
        return await patiently(lambda: ask(query, result, args, reject=reject))

    async def update(
        self,
        update: str,
        request: object,
        result: type[T],
        *,
        update_id: str | None = None,
        repeatable: bool = True,
    ) -> T:
        send, one_id = super().update, update_id or str(uuid4())
        if not repeatable:
            return await send(update, request, result, update_id=one_id, repeatable=False)
        return await patiently(lambda: send(update, request, result, update_id=one_id))


class PatientAccounts(Accounts):
    """Looks again."""

    def _target(self, customer_id: str) -> Target:
        target = super()._target(customer_id)
        return PatientTarget(target.client, target.workflow_id, target.name, target.not_found)


class PatientSubscriptions(Subscriptions):
    """Looks again."""

    def _target(self, subscription_id: str) -> Target:
        target = super()._target(subscription_id)
        return PatientTarget(target.client, target.workflow_id, target.name, target.not_found)


def seen_patiently(client: Client, task_queue: str, database: Database) -> FromOutside:
    """The clients of that server, of which those of subscriptions and accounts look again; and the readers."""
    seen = seen_from_outside(client, task_queue, database)
    accounts = PatientAccounts(client, task_queue, wall_clock)
    subscriptions = PatientSubscriptions(client, task_queue, wall_clock)
    return dataclasses.replace(
        seen, server=dataclasses.replace(seen.server, accounts=accounts, subscriptions=subscriptions)
    )
