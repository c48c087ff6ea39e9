"""Puts the faults of a plan into a worker's activities; the product knows nothing of it."""

import asyncio
import os
import signal
import time
from collections import Counter
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from sqlalchemy import Connection
from temporalio import activity, client, workflow
from temporalio.worker import (
    ActivityInboundInterceptor,
    ExecuteActivityInput,
    Interceptor,
    StartActivityInput,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
    WorkflowOutboundInterceptor,
)

from activities.adapters.sql.database import Database
from activities.adapters.sql.locks import Lock
from tests.chaos.faults import Call, Kind, Plan, Stage

HANG_SECONDS = 3.0
"""Longer than an attempt may take in these tests, and than a workflow's task may block."""


class Injected(Exception):
    """Raised on purpose."""


class _Running:
    """A call that runs here, and how many transactions it has begun."""

    def __init__(self, call: Call) -> None:
        self.call = call
        self.writes = 0


_running: ContextVar[_Running | None] = ContextVar("running", default=None)


class Injection(client.Interceptor, Interceptor):
    """Puts the plan's faults into the activities of the workers whose client has it, and into their acknowledgement.

    A worker takes the interceptors of its client, so the product needs no switch for it.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._counts: Counter[str] = Counter()
        self._calls: dict[tuple[str, str], Call] = {}

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002
        return _Activity(next, self)

    def workflow_interceptor_class(
        self,
        input: WorkflowInterceptorClassInput,  # noqa: A002
    ) -> type[WorkflowInboundInterceptor]:
        injection = self

        class Bound(_Workflow):
            """Knows the injection; the SDK makes one for each run."""

            def init(self, outbound: WorkflowOutboundInterceptor) -> None:
                super().init(_Outbound(outbound, injection))

        return Bound

    def call_of(self, entry: object) -> Call:
        """The call that runs now."""
        info = activity.info()
        place = (info.workflow_run_id or "", info.activity_id)
        if place not in self._calls:
            number = 0
            if info.attempt == 1:
                self._counts[info.activity_type] += 1
                number = self._counts[info.activity_type]
            self._calls[place] = Call(info.activity_type, number, info.workflow_id or "", _key(entry))
        return self._calls[place]

    def reached(self, call: Call, stage: Stage, write: int = 0) -> None:
        """Do what the plan has there, in a thread that may block."""
        if (kind := self._struck(call, stage, write)) is Kind.HANG:
            time.sleep(HANG_SECONDS)
        elif kind is Kind.RAISE:
            raise Injected(f"{stage} of {call.activity} {call.key}")

    async def reached_in_loop(self, call: Call, stage: Stage, write: int = 0) -> None:
        """The same where the other activities of the process have to go on."""
        if (kind := self._struck(call, stage, write)) is Kind.HANG:
            await asyncio.sleep(HANG_SECONDS)
        elif kind is Kind.RAISE:
            raise Injected(f"{stage} of {call.activity} {call.key}")

    def acknowledged(self, info: workflow.Info, seq: int, name: str, entry: object) -> None:
        """The server has the activity's result, and the workflow is about to read it."""
        call = self._calls.get((info.run_id, str(seq)))
        if call is None:
            if self._plan.numbered():
                return
            call = Call(name, 0, info.workflow_id, _key(entry))
        self.reached(call, Stage.ACKNOWLEDGED)
        self._plan.done(call)

    def _struck(self, call: Call, stage: Stage, write: int) -> Kind | None:
        kind = self._plan.reached(call, stage, write)
        if kind is Kind.KILL:
            os.kill(os.getpid(), signal.SIGKILL)
        return kind

    def into_transactions(self) -> None:
        """Wrap `Database._write`, through which each transaction of the books goes."""
        original = Database._write

        async def write(database: Database, locks: tuple[Lock, ...], change: Callable[[Connection], Any]) -> Any:
            running = _running.get()
            if running is None:
                return await original(database, locks, change)
            running.writes += 1
            call, number = running.call, running.writes

            def doomed(connection: Connection) -> Any:
                result = change(connection)
                self.reached(call, Stage.BEFORE_COMMIT, number)
                return result

            result = await original(database, locks, doomed)
            await self.reached_in_loop(call, Stage.AFTER_COMMIT, number)
            return result

        Database._write = write  # type: ignore[method-assign,assignment]


def _key(entry: object) -> str:
    """What a call is about, such as `record 3`: the same in each attempt and each run."""
    of = next((found for name in ("record", "provision") if (found := getattr(entry, name, None)) is not None), entry)
    parts = (getattr(of, name, None) for name in ("seq", "number", "last", "period", "access"))
    return " ".join(str(part) for part in parts if part is not None)


class _Activity(ActivityInboundInterceptor):
    def __init__(self, next: ActivityInboundInterceptor, injection: Injection) -> None:  # noqa: A002
        super().__init__(next)
        self._injection = injection

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002
        call = self._injection.call_of(input.args[0] if input.args else None)
        await self._injection.reached_in_loop(call, Stage.BEFORE)
        token = _running.set(_Running(call))
        try:
            return await super().execute_activity(input)
        finally:
            _running.reset(token)


class _Workflow(WorkflowInboundInterceptor):
    """Nothing inbound."""


class _Outbound(WorkflowOutboundInterceptor):
    def __init__(self, next: WorkflowOutboundInterceptor, injection: Injection) -> None:  # noqa: A002
        super().__init__(next)
        self._injection = injection

    def start_activity(self, input: StartActivityInput) -> workflow.ActivityHandle[Any]:  # noqa: A002
        handle = super().start_activity(input)
        entry = input.args[0] if input.args else None
        handle.add_done_callback(lambda done: self._done(done, input.activity, entry))
        return handle

    def _done(self, handle: Any, name: str, entry: object) -> None:
        if workflow.unsafe.is_replaying() or handle.cancelled() or handle.exception() is not None:
            return
        try:
            self._injection.acknowledged(workflow.info(), handle._seq, name, entry)
        except Injected as error:
            # The SDK only logs what a callback raises: this is how it fails the task.
            loop: Any = asyncio.get_running_loop()
            loop._current_activation_error = error
