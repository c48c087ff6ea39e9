"""Another service in Python that suspends a subscription and shows it. It needs only `temporalio`.

    python suspend.py SUBSCRIPTION CASE

TEMPORAL_ADDRESS is the server's host:port (default localhost:7233), TEMPORAL_NAMESPACE its namespace (default default).
CASE is an id of your own: repeating it has no further effect and returns the first answer. Every message and field is
described in docs/contract/subscription.md.
"""

import asyncio
import atexit
import os
import sys
import time
from datetime import timedelta
from typing import Any

from temporalio.client import Client, WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

# A program that ends right after a call may abort at exit: the SDK's threads need a moment.
atexit.register(time.sleep, 0.05)

ATTEMPTS = 5
PATIENCE = timedelta(seconds=10)


async def suspend(client: Client, subscription_id: str, case: str) -> dict[str, Any]:
    """Suspend the subscription and return the answer, which can be a refusal. Raises SystemExit without an answer."""
    workflow = client.get_workflow_handle(f"subscription:{subscription_id}")
    request = {"by": "service", "actor": "fraud-detection", "reason": "fraud", "command_id": case}
    for attempt in range(1, ATTEMPTS + 1):
        try:
            # With the same update id and command id, a repeat is the same update and the same command.
            answer: dict[str, Any] = await workflow.execute_update("suspend", request, id=case, rpc_timeout=PATIENCE)
            return answer
        except WorkflowUpdateFailedError as error:
            # Malformed, or the id was used for another command; the message says which. Nothing was decided.
            cause = error.cause
            sys.exit(cause.message if isinstance(cause, ApplicationError) else str(cause))
        except WorkflowUpdateRPCTimeoutOrCancelledError:
            if attempt == ATTEMPTS:
                sys.exit(f"subscription {subscription_id}: no worker answers. It may still be decided: run this again")
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                sys.exit(f"subscription {subscription_id}: {error.message}")
            if attempt == ATTEMPTS:
                raise
        await asyncio.sleep(2**attempt / 10)
    raise AssertionError("unreachable")


async def main(subscription_id: str, case: str) -> None:
    """Suspend the subscription and show the result."""
    client = await Client.connect(
        os.environ.get("TEMPORAL_ADDRESS", "localhost:7233"), namespace=os.environ.get("TEMPORAL_NAMESPACE", "default")
    )
    answer = await suspend(client, subscription_id, case)
    print(f"{answer['outcome']} by {answer['rule']}: {answer['message']}")
    details: dict[str, Any] = await client.get_workflow_handle(f"subscription:{subscription_id}").query("details")
    print(f"now {details['state']}, held for {', '.join(hold['reason'] for hold in details['holds']) or 'nothing'}")
    for milestone in details["timeline"][:3]:
        print(f"  {milestone['at']}  {milestone['what']}: {milestone['why']}")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: python suspend.py SUBSCRIPTION CASE")
    asyncio.run(main(sys.argv[1], sys.argv[2]))
