"""MON-5, MON-6: a worker killed while its customer is billed leaves the simulator's invoices, payments and holds."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from activities.adapters.sql.account.auditor import SqlAccountAuditor
from activities.adapters.sql.database import Database
from activities.adapters.sql.schema import upgrade
from activities.adapters.sql.subscription.auditor import SqlAuditor
from cli.rehearsal.scenario import load
from hosting.embedded.server import EmbeddedServer
from hosting.temporal.connection import connect_to
from perennial.rehearsal.scenario_runner import ScenarioRun, customer_of_run
from perennial.sources.account import AccountReader
from statemachines.simulation.course import simulate
from statemachines.simulation.scenario_file import parse_scenario
from tests.support.live.patience import seen_patiently
from tests.support.live.purchases import settings_in
from tests.support.live.worker_process import MortalWorker
from tests.support.paths import ROOT
from workflows.durable import options

LIFE = ROOT / "tests" / "replay" / "lives" / "two-years-billed.yaml"
QUEUE = "mortal-account"
SCENARIO = parse_scenario(load(LIFE))
CUSTOMER = customer_of_run(SCENARIO, QUEUE)
KILLED_AT = (1, 4, 12, 17, 40)
"""Events of the account: an invoice, a partial payment, both ways of a suspension, and an invoice much later."""

pytestmark = [pytest.mark.live, pytest.mark.chaos, pytest.mark.timeout(300)]


class Fate:
    """Kills the worker as soon as an event is in the books: before the activity that wrote it can say so."""

    def __init__(self, worker: MortalWorker, reader: AccountReader) -> None:
        self._worker = worker
        self._reader = reader

    async def watch(self) -> None:
        """Until it is cancelled."""
        for seq in KILLED_AT:
            while len(await self._reader.events(CUSTOMER)) < seq:
                await asyncio.sleep(0.005)
            self._worker.kill()


async def test_killed_five_times_in_two_billed_years(
    server: EmbeddedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = settings_in(tmp_path).database_url
    monkeypatch.setenv("PERENNIAL_DATABASE_URL", url)
    # What the worker that died had in its hands is asked, and done, once more after these.
    monkeypatch.setattr(options, "ANSWER_TIMEOUT", timedelta(seconds=5))
    monkeypatch.setattr(options, "TASK_TIMEOUT", timedelta(seconds=2))
    await upgrade(url)
    client = await connect_to(server.address)
    worker = MortalWorker(server.address, tmp_path, QUEUE)
    try:
        async with Database(url) as database:
            world = seen_patiently(client, QUEUE, database)
            fate = asyncio.create_task(Fate(worker, world.books.accounts).watch())
            story = await asyncio.wait_for(ScenarioRun(SCENARIO, QUEUE, world).run(datetime.now(UTC)), 280)
            fate.cancel()
            (audited,) = await SqlAuditor(database).page()
            auditor = SqlAccountAuditor(database)
            (account,), gaps = await auditor.page(), await auditor.series()
    finally:
        worker.stop()
    assert worker.kills == len(KILLED_AT)
    expected = simulate(SCENARIO)
    assert story.document() == expected.document()
    assert (audited.violations, audited.access_confirmed) == ((), True)
    assert (account.customer_id, account.violations, gaps) == (CUSTOMER, (), [])
    assert account.invoices == sum(invoice["invoice"] is not None for invoice in expected.invoices or ())
