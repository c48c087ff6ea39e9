"""Checks every message before its handler, so that nothing a caller sends can block or fail a workflow."""

from typing import Any

from temporalio import workflow
from temporalio.api.sdk.v1 import WorkflowMetadata
from temporalio.exceptions import ApplicationError, FailureError
from temporalio.worker import (
    HandleQueryInput,
    HandleSignalInput,
    HandleUpdateInput,
    Interceptor,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
)

from activities import measures
from domain.values import Strict
from workflows.account.messages import ACCOUNT_UPDATES, ACCOUNT_WORKFLOW
from workflows.bulk.messages import BULK_UPDATES, BULK_WORKFLOW
from workflows.calls.links import links_of
from workflows.durable import options, search_attributes
from workflows.durable.arguments import malformed
from workflows.durable.markdown import Shown
from workflows.durable.memory import FENCES
from workflows.notifications.messages import DELIVERY_UPDATES, DELIVERY_WORKFLOW
from workflows.price_changes.messages import PRICE_CHANGE_UPDATES, PRICE_CHANGE_WORKFLOW
from workflows.subscription.messages import SUBSCRIPTION_WORKFLOW, UPDATES

TAKES: dict[str, dict[str, type[Strict]]] = {
    SUBSCRIPTION_WORKFLOW: UPDATES,
    ACCOUNT_WORKFLOW: ACCOUNT_UPDATES,
    DELIVERY_WORKFLOW: DELIVERY_UPDATES,
    PRICE_CHANGE_WORKFLOW: PRICE_CHANGE_UPDATES,
    BULK_WORKFLOW: BULK_UPDATES,
}
"""What each update of a workflow takes, by the workflow's type. A test compares it with the workflows."""


class Guard(WorkflowInboundInterceptor):
    """Refuses a wrong number of arguments before the handler is called; a signal's error never fails the workflow."""

    def handle_update_validator(self, input: HandleUpdateInput) -> None:  # noqa: A002  the SDK's name
        """An update takes exactly one request. Raises ApplicationError of type `Malformed`."""
        takes = TAKES.get(workflow.info().workflow_type, {}).get(input.update)
        try:
            if takes is not None and (len(input.args) != 1 or not isinstance(input.args[0], takes)):
                came = f"{len(input.args)} arguments" if len(input.args) != 1 else type(input.args[0]).__name__
                raise malformed(f"{input.update} takes one argument, a mapping of its fields; it got {came}")
            super().handle_update_validator(input)
        except ApplicationError as error:
            update = input.update if takes is not None else measures.OTHER
            measures.count_rejection(workflow.metric_meter(), update, error.type or measures.OTHER)
            raise

    async def handle_signal(self, input: HandleSignalInput) -> None:  # noqa: A002
        """An error that escapes a signal handler would fail the whole workflow: a lost subscription."""
        try:
            await super().handle_signal(input)
        except FailureError as error:
            workflow.logger.warning("signal %s was not taken: %s", input.signal, error)

    async def handle_query(self, input: HandleQueryInput) -> Any:  # noqa: A002
        """A query with a wrong number of arguments fails in one line, as does one before a look at the books."""
        fence = FENCES.get(workflow.info().run_id)
        if fence is not None and fence.up:
            raise ApplicationError(options.READING_BOOKS, type=options.BUSY)
        try:
            found = await super().handle_query(input)
        except TypeError as error:
            raise ApplicationError(f"{input.query}: {error}", type="Malformed", non_retryable=True) from None
        # The Web UI's own query.
        if isinstance(found, WorkflowMetadata) and isinstance(shown := workflow.instance(), Shown):
            found.current_details = _with_links(shown.current_details())
        return found


def _with_links(details: str) -> str:
    """The details with a line below their heading that leads to what belongs to them."""
    info = workflow.info()
    customer_id = info.typed_search_attributes.get(search_attributes.CUSTOMER)
    heading, _, rest = details.partition("\n")
    line = links_of(info.workflow_id, info.namespace, customer_id, workflow.memo)
    return f"{heading}\n\n{line}\n{rest}" if line else details


class GuardInterceptor(Interceptor):
    """Adds the guard to every workflow of a worker."""

    def workflow_interceptor_class(
        self,
        input: WorkflowInterceptorClassInput,  # noqa: A002
    ) -> type[WorkflowInboundInterceptor] | None:
        """The guard, for every workflow."""
        return Guard
