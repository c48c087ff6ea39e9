"""The Nexus service `subscriptions`: workflows elsewhere send commands without knowing a workflow id."""

import asyncio
from collections.abc import Awaitable
from datetime import timedelta
from typing import TypeVar

from nexusrpc import HandlerError, HandlerErrorType
from nexusrpc.handler import StartOperationContext, service_handler, sync_operation
from pydantic import ValidationError
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError

from domain.faults import Fault
from domain.subscription.decision import Answer
from domain.values import Strict
from perennial.use_cases import Perennial
from statemachines.subscription.not_now import NotNow
from workflows.calls.errors import NotAnswered, NotFound, Rejected, WorkflowFailed, no_worker
from workflows.durable import options
from workflows.durable.arguments import malformed
from workflows.guard.converter import DATA_CONVERTER, reason_of
from workflows.nexus.messages import (
    SERVICE,
    CancelSubscription,
    NexusRequest,
    ReactivateSubscription,
    ShowSubscription,
    SuspendSubscription,
)
from workflows.subscription.messages import Details

R = TypeVar("R", bound=Strict)
T = TypeVar("T")


@service_handler(name=SERVICE)
class NexusSubscriptions:
    """Each operation is one update or query; a refusal by a rule is an answer.

    A retried operation has the request id of the first try, and so one effect. A malformed or untimely request fails
    with BAD_REQUEST, an unknown subscription with NOT_FOUND; neither is retried. Where no worker answers in time, the
    operation fails with UNAVAILABLE, and the server retries it.
    """

    def __init__(self, perennial: Perennial, patience: timedelta = options.NEXUS_TIMEOUT) -> None:
        self._perennial = perennial
        self._patience = patience.total_seconds()

    @sync_operation
    async def cancel(self, context: StartOperationContext, given: RawValue) -> Answer:
        """End it (CXL-2, CXL-3)."""
        return await self._ask(context, read(given, CancelSubscription))

    @sync_operation
    async def suspend(self, context: StartOperationContext, given: RawValue) -> Answer:
        """Place a hold (SUS-1)."""
        return await self._ask(context, read(given, SuspendSubscription))

    @sync_operation
    async def reactivate(self, context: StartOperationContext, given: RawValue) -> Answer:
        """Lift holds (SUS-5, SUS-9)."""
        return await self._ask(context, read(given, ReactivateSubscription))

    @sync_operation
    async def details(self, context: StartOperationContext, given: RawValue) -> Details:
        """The subscription's details, ended or not."""
        subscription_id = read(given, ShowSubscription).subscription_id
        return await self._answered(subscription_id, self._perennial.subscriptions.details(subscription_id))

    async def _ask(self, context: StartOperationContext, request: NexusRequest) -> Answer:
        return await self._answered(request.subscription_id, self._decided(request, context.request_id))

    async def _decided(self, request: NexusRequest, request_id: str) -> Answer:
        """The answer, of a subscription that has ended too. Raises HandlerError for a request that is not a command."""
        try:
            command = request.command(request_id)
        except ValidationError as error:
            raise HandlerError(malformed(reason_of(error)).message, type=HandlerErrorType.BAD_REQUEST) from None
        return await self._perennial.commands.answer(request.subscription_id, command)

    async def _answered(self, subscription_id: str, asking: Awaitable[T]) -> T:
        """The answer within the time of one try. Raises HandlerError, with one line, for every failure."""
        try:
            async with asyncio.timeout(self._patience):
                return await asking
        except (NotFound, WorkflowFailed) as error:
            raise HandlerError(str(error), type=HandlerErrorType.NOT_FOUND) from None
        except (Rejected, NotNow) as error:
            raise HandlerError(str(error), type=HandlerErrorType.BAD_REQUEST) from None
        except NotAnswered as error:
            raise HandlerError(str(error), type=HandlerErrorType.UNAVAILABLE) from None
        except TimeoutError:
            raise HandlerError(str(no_worker(subscription_id)), type=HandlerErrorType.UNAVAILABLE) from None


def read(given: RawValue, model: type[R]) -> R:
    """The request. Raises HandlerError of type BAD_REQUEST that says what is wrong.

    The SDK would only say that the input cannot be decoded.
    """
    try:
        request: object = DATA_CONVERTER.payload_converter.from_payload(given.payload, model)
    except ApplicationError as error:
        words = error.message
    except (KeyError, RuntimeError, UnicodeDecodeError) as error:
        words = f"Malformed request: it cannot be decoded: {' '.join(str(error).split())}"
    else:
        if isinstance(request, model):
            return request
        words = f"Malformed request: {Fault((), request, 'a mapping of fields')}"
    raise HandlerError(words, type=HandlerErrorType.BAD_REQUEST)
