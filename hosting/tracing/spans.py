"""Spans that follow a command: from its sender through the workflow to the transaction that writes its rows.

The SDK's interceptor makes one trace of a whole workflow, and a subscription lives for years. Here a trace belongs to a
command, and ends with what was decided by it; what happens by itself, such as a renewal, has a trace of its own.
"""

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from opentelemetry.context import Context
from opentelemetry.trace import SpanKind, set_span_in_context
from temporalio import workflow
from temporalio.api.common.v1 import Payload
from temporalio.contrib.opentelemetry import TracingInterceptor
from temporalio.worker import (
    ExecuteWorkflowInput,
    HandleUpdateInput,
    StartActivityInput,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
    WorkflowOutboundInterceptor,
)

from activities.accounts.contracts import AccountOpening, AccountRecordInput
from activities.billing.contracts import RecordInput
from activities.billing.ports import Books
from activities.provisioning.contracts import ProvisionInput
from hosting.tracing.books import TracedBooks
from workflows.account.messages import ACCOUNT_WORKFLOW
from workflows.notifications.messages import DELIVERY_WORKFLOW
from workflows.subscription.messages import SUBSCRIPTION_WORKFLOW

KEPT = 100
"""How many commands of a run are remembered until their effects are performed; as many effects may wait."""
PURCHASE = 1
"""The number of the event that a workflow's start decides."""
LONG_LIVED = frozenset({SUBSCRIPTION_WORKFLOW, ACCOUNT_WORKFLOW, DELIVERY_WORKFLOW})
"""Workflows that outlive the trace of their start. All of another one, such as an order, belongs to that trace."""

Headers = Mapping[str, Payload]


class CommandTracing(TracingInterceptor):
    """The SDK's spans of clients and activities, and ours of workflows."""

    def workflow_interceptor_class(  # type: ignore[override]
        self,
        input: WorkflowInterceptorClassInput,  # noqa: A002, ARG002  the SDK's name
    ) -> type[WorkflowInboundInterceptor]:
        """One that knows this interceptor."""
        tracing = self

        class Traced(_Workflow):
            def __init__(self, next: WorkflowInboundInterceptor) -> None:  # noqa: A002  the SDK's name
                super().__init__(next, tracing)

        return Traced

    def traced(self, books: Books) -> Books:
        """The books, whose writes are traced."""
        return TracedBooks(books, self.tracer)

    @contextmanager
    def sending(self, update: str, workflow_id: str) -> Iterator[Headers]:
        """A span while the update is sent and answered; the headers that go with it."""
        facts = {"temporalWorkflowID": workflow_id}
        with self._start_as_current_span(f"UpdateWorkflow:{update}", attributes=facts, kind=SpanKind.CLIENT):
            yield self._context_to_headers({})

    def handed_on(self, name: str, headers: Headers) -> Headers:
        """The headers of what follows a message: its parent is a span of the workflow, which takes no time.

        A replay makes no span: the message itself is the parent then. Without a trace there is nothing to hand on.
        """
        context = self._context_from_headers(headers)
        if context is None:
            return {}
        if workflow.unsafe.is_replaying():
            return {self.header_key: headers[self.header_key]}
        return self._headers_of(self._instant(name, context))

    def _instant(self, name: str, context: Context) -> Context:
        info, now = workflow.info(), workflow.time_ns()
        facts = {"temporalWorkflowID": info.workflow_id, "temporalRunID": info.run_id}
        span = self.tracer.start_span(name, context, kind=SpanKind.INTERNAL, attributes=facts, start_time=now)
        span.end(now)
        return set_span_in_context(span, context)

    def _headers_of(self, context: Context) -> Headers:
        carrier: dict[str, Any] = {}
        self.text_map_propagator.inject(carrier, context)
        return {self.header_key: self.payload_converter.to_payloads([carrier])[0]}


class _Workflow(WorkflowInboundInterceptor):
    def __init__(self, next: WorkflowInboundInterceptor, tracing: CommandTracing) -> None:  # noqa: A002
        super().__init__(next)
        self._tracing = tracing
        self._by_command: OrderedDict[str, Headers] = OrderedDict()
        self._by_event: OrderedDict[int, Headers] = OrderedDict()

    def init(self, outbound: WorkflowOutboundInterceptor) -> None:
        super().init(_Activities(outbound, self))

    async def execute_workflow(self, input: ExecuteWorkflowInput) -> Any:  # noqa: A002
        info = workflow.info()
        if info.continued_run_id is None:
            self._keep(
                self._by_event, PURCHASE, self._tracing.handed_on(f"RunWorkflow:{info.workflow_type}", input.headers)
            )
        return await super().execute_workflow(input)

    async def handle_update_handler(self, input: HandleUpdateInput) -> Any:  # noqa: A002
        headers = self._tracing.handed_on(f"HandleUpdate:{input.update}", input.headers)
        for command_id in (input.id, *(getattr(each, "command_id", None) for each in input.args)):
            if command_id:
                self._keep(self._by_command, command_id, headers)
        return await super().handle_update_handler(input)

    def headers_for(self, argument: object) -> Headers:
        """The trace that an activity with this argument belongs to; empty where it belongs to none."""
        if isinstance(argument, ProvisionInput):
            return self._by_event.get(argument.provision.seq, {})
        if not isinstance(argument, RecordInput | AccountRecordInput):
            begins = isinstance(argument, AccountOpening) or workflow.info().workflow_type not in LONG_LIVED
            return self._by_event.get(PURCHASE, {}) if begins else {}
        seqs = [event.seq for event in argument.record.events]
        headers = self._by_event.get(seqs[0]) or self._of_commands(_command_ids(argument))
        for seq in seqs:
            self._keep(self._by_event, seq, headers)
        return headers

    def _of_commands(self, command_ids: Iterable[str]) -> Headers:
        return next((self._by_command[each] for each in command_ids if each in self._by_command), {})

    @staticmethod
    def _keep(kept: OrderedDict[Any, Headers], key: Any, headers: Headers) -> None:
        if headers:
            kept[key] = headers
            if len(kept) > KEPT:
                kept.popitem(last=False)


class _Activities(WorkflowOutboundInterceptor):
    def __init__(self, next: WorkflowOutboundInterceptor, of: _Workflow) -> None:  # noqa: A002  the SDK's name
        super().__init__(next)
        self._of = of

    def start_activity(self, input: StartActivityInput) -> workflow.ActivityHandle[Any]:  # noqa: A002
        input.headers = {**input.headers, **self._of.headers_for(input.args[0] if input.args else None)}
        return super().start_activity(input)


def _command_ids(entry: RecordInput | AccountRecordInput) -> Iterable[str]:
    """The ids of the command whose decision it is: its own, and the one that the update gave it."""
    if isinstance(entry, RecordInput):
        answered = entry.record.answered
        found = [answered.command_id if answered else None, *(event.command_id for event in entry.record.events)]
        return [each for each in found if each]
    return [event.payment_id for event in entry.record.events if event.payment_id]
