"""The bare engine: a workflow that only sleeps and writes one ledger row per renewal, by one regular activity.

It decides nothing, carries nothing, shows nothing, and continues as new only if it is asked to. It imports only what
it needs: the sandbox imports this module again for every workflow.
"""

from dataclasses import dataclass, replace
from datetime import timedelta

from temporalio import workflow

ATTEMPT = timedelta(seconds=10)
"""One attempt of an activity, as long as Perennial's."""


@dataclass
class BareLife:
    """What one bare workflow begins with. `told` performs a second activity per renewal, after the first one.

    `first_at`, in seconds since 1970, is when its first renewal is due; one period after its start by default. It
    continues as new after `rows_per_run`, if given, and has written `rows` before this run.
    """

    id: str
    period_seconds: float
    told: bool = False
    first_at: float | None = None
    rows_per_run: int | None = None
    rows: int = 0


@dataclass
class Row:
    """A ledger row."""

    id: str
    period: int
    amount_minor: int = 1000


@workflow.defn
class Bare:
    """Writes a row when it begins, and one after each period."""

    @workflow.init
    def __init__(self, life: BareLife) -> None:
        self._life = life
        self._rows = life.rows

    @workflow.run
    async def run(self, life: BareLife) -> None:
        """Renew for ever."""
        period = timedelta(seconds=life.period_seconds)
        if not life.rows:
            await self._renew()
        await workflow.sleep(period if life.first_at is None else max(life.first_at - workflow.time(), 0.001))
        while True:
            await self._renew()
            if life.rows_per_run and self._rows - life.rows >= life.rows_per_run:
                workflow.continue_as_new(replace(life, first_at=None, rows=self._rows))
            await workflow.sleep(period)

    async def _renew(self) -> None:
        await self._write()
        if self._life.told:
            await workflow.execute_activity("tell", Row(self._life.id, self._rows), start_to_close_timeout=ATTEMPT)

    async def _write(self) -> int:
        self._rows += 1
        row = Row(self._life.id, self._rows)
        await workflow.execute_activity("write", row, start_to_close_timeout=ATTEMPT)
        return row.period

    @workflow.update
    def answer(self) -> int:
        """An empty update."""
        return self._rows

    @workflow.update
    async def write(self) -> int:
        """An update that writes a row before it answers."""
        return await self._write()

    @workflow.query
    def rows(self) -> int:
        """How many rows it has written, or is writing."""
        return self._rows
