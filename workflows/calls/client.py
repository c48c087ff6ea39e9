"""What the clients of all workflows are built from."""

from collections.abc import Callable
from datetime import datetime

from temporalio.client import Client


class WorkflowClient:
    """Base of the clients: the Temporal client, the workers' task queue, and the caller's clock."""

    def __init__(self, client: Client, task_queue: str, wall_clock: Callable[[], datetime] | None = None) -> None:
        """Queries are answered as of `wall_clock`: between its tasks a workflow does not know the time."""
        self._client = client
        self._task_queue = task_queue
        self._wall_clock = wall_clock

    def _as_of(self) -> tuple[datetime, ...]:
        """The optional last argument of a query that depends on the time."""
        return (self._wall_clock(),) if self._wall_clock else ()
