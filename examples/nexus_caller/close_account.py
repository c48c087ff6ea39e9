"""A workflow of another service that cancels subscriptions by Perennial's Nexus service. It needs only `temporalio`.

    python close_account.py SUBSCRIPTION...

It uses its own task queue on the server at TEMPORAL_ADDRESS (default localhost:7233). PERENNIAL_ENDPOINT names the
Nexus endpoint (default `perennial`). An operator creates it once:

    temporal operator nexus endpoint create --name perennial \
        --target-namespace default --target-task-queue perennial

The definitions of the service are written out here: copy the ones and the fields that you need. The whole contract is
in docs/contract/nexus-subscriptions.md.
"""

import asyncio
import atexit
import os
import sys
import time
from dataclasses import dataclass
from datetime import timedelta

import nexusrpc
from temporalio import workflow
from temporalio.client import Client
from temporalio.exceptions import NexusOperationError
from temporalio.worker import Worker

# A program that ends right after a call may abort at exit: the SDK's threads need a moment.
atexit.register(time.sleep, 0.05)

TASK_QUEUE = "account-closing"


@dataclass
class CancelSubscription:
    """`reason` is one of customer_request, nonpayment, fraud; `actor` names the caller, for the journal."""

    subscription_id: str
    reason: str
    actor: str = "account-closing"
    details: str | None = None


@dataclass
class Money:
    """An exact amount as text, never a float."""

    amount: str
    currency: str


@dataclass
class Answer:
    """The fields of an answer that this caller reads. A refusal by a rule is an answer with `outcome` refused."""

    outcome: str
    rule: str
    message: str
    seq: int
    effective_at: str | None = None
    credit: Money | None = None


@nexusrpc.service(name="subscriptions")
class Subscriptions:
    """The operations that this caller uses."""

    cancel: nexusrpc.Operation[CancelSubscription, Answer]


@dataclass
class Closing:
    """The subscriptions to cancel, and the Nexus endpoint to call."""

    subscription_ids: list[str]
    endpoint: str = "perennial"


@workflow.defn
class AccountClosing:
    """Cancels each of a customer's subscriptions and returns the results."""

    @workflow.run
    async def run(self, closing: Closing) -> list[str]:
        """One line per subscription. A refusal does not stop the others."""
        subscriptions = workflow.create_nexus_client(service=Subscriptions, endpoint=closing.endpoint)
        lines = []
        for subscription_id in closing.subscription_ids:
            request = CancelSubscription(subscription_id, "customer_request")
            try:
                # Retried until then while Perennial is unavailable. However often, it has one effect.
                answer = await subscriptions.execute_operation(
                    Subscriptions.cancel, request, schedule_to_close_timeout=timedelta(minutes=5)
                )
            except NexusOperationError as error:
                lines.append(f"{subscription_id}: not asked: {_reason(error)}")
            else:
                lines.append(f"{subscription_id}: {_line(answer)}")
        return lines


def _line(answer: Answer) -> str:
    if answer.outcome == "refused":
        return f"refused by {answer.rule}: {answer.message}"
    credit = f", {answer.credit.currency} {answer.credit.amount} come back" if answer.credit else ""
    return f"{answer.outcome}, effective {answer.effective_at}{credit}"


def _reason(error: NexusOperationError) -> str:
    """The handler's message: malformed, unknown or too late."""
    cause = error.cause
    if isinstance(cause, nexusrpc.HandlerError):
        return f"{cause.type.value}: {cause.message}"
    return str(cause or error)


async def main(subscription_ids: list[str]) -> None:
    """Run a worker for as long as the one workflow takes."""
    client = await Client.connect(os.environ.get("TEMPORAL_ADDRESS", "localhost:7233"))
    closing = Closing(subscription_ids, os.environ.get("PERENNIAL_ENDPOINT", "perennial"))
    workflow_id = f"account-closing:{'+'.join(subscription_ids)}"
    async with Worker(client, task_queue=TASK_QUEUE, workflows=[AccountClosing]):
        lines = await client.execute_workflow(AccountClosing.run, closing, id=workflow_id, task_queue=TASK_QUEUE)
    print("\n".join(lines))


if __name__ == "__main__":
    if not sys.argv[1:]:
        sys.exit("usage: python close_account.py SUBSCRIPTION...")
    asyncio.run(main(sys.argv[1:]))
