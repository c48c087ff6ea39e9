"""Record the histories that the replay tests hold the workflows to: `.venv/bin/python -m tests.replay.record`.

Lives the scenarios beside this file on a real server, with the accounts of those that are billed; buys orders,
tells prices and signals an account there; and writes each run of each workflow. Existing recordings are kept: they are
runs that may still be open somewhere. Delete one only when no such run can exist any more; `--anew` deletes all first.
"""

import argparse
import asyncio
import gzip
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from temporalio.client import Client, WorkflowHistory

from activities.settings import Settings
from cli.rehearsal.scenario import load
from hosting.assembly import World, prepare_namespace, running_worker
from hosting.embedded.server import EmbeddedServer
from hosting.temporal.connection import connect_to
from perennial.rehearsal.scenario_runner import ScenarioRun, customer_of_run
from statemachines.simulation.scenario_file import parse_scenario
from tests.replay.handed_over import HANDED_OVER, live_handed_over
from tests.replay.rebuilt import REBUILT, live_rebuilt
from tests.replay.sales import Sales
from tests.replay.settled import SETTLED, live_settled
from tests.replay.signalled import CUSTOMER, live_signalled
from tests.replay.steered import BULK, live_steered
from tests.replay.told import GIVEN_UP, TOLD, Telling
from tests.support.live.purchases import settings_in
from tests.support.publisher.endpoint import Endpoint, publishers_at
from tests.support.publisher.imported import listed_in
from workflows.durable.workflow_ids import (
    account_workflow_id,
    bulk_workflow_id,
    delivery_workflow_id,
    price_workflow_id,
    subscription_workflow_id,
)

HERE = Path(__file__).parent
IDENTITY = "recorder"


async def runs_of(world: World, workflow: str) -> list[WorkflowHistory]:
    """The histories of all runs, the first one first: each run names the one that it continues."""
    runs: list[WorkflowHistory] = []
    run_id: str | None = None
    while run_id != "":
        handle = world.server.client.get_workflow_handle(workflow, run_id=run_id)
        runs.insert(0, await handle.fetch_history())
        run_id = runs[0].events[0].workflow_execution_started_event_attributes.continued_execution_run_id
    return runs


async def record(world: World, path: Path) -> None:
    """Live the scenario and write every run's history, unless that was done before."""
    if (HERE / "histories" / f"{path.stem}.01.json.gz").exists():
        sys.stderr.write(f"kept {path.stem}\n")
        return
    scenario = parse_scenario(load(path))
    life = ScenarioRun(scenario, path.stem, world)
    await life.run(datetime.now(UTC))
    for number, history in enumerate(await runs_of(world, subscription_workflow_id(path.stem)), start=1):
        write(f"{path.stem}.{number:02}", history)
    if scenario.billed:
        await record_account(world, customer_of_run(scenario, path.stem), path.stem)


async def hand_over(world: World, settings: Settings) -> None:
    """Live the subscription whose runs end while effects wait, and write every run, unless that was done before."""
    if not (HERE / "histories" / f"{HANDED_OVER}.01.json.gz").exists():
        await live_handed_over(world, settings)
        for number, history in enumerate(await runs_of(world, subscription_workflow_id(HANDED_OVER)), start=1):
            write(f"{HANDED_OVER}.{number:02}", history)


async def rebuild(world: World) -> None:
    """Live the subscription that is rebuilt, and write its runs from then on, unless that was done before."""
    if not (HERE / "histories" / f"{REBUILT}.01.json.gz").exists():
        await live_rebuilt(world)
        for number, history in enumerate(await runs_of(world, subscription_workflow_id(REBUILT)), start=1):
            write(f"{REBUILT}.{number:02}", history)


async def steer(world: World) -> None:
    """Carry out the bulk operation, and write every run, unless that was done before."""
    if not (HERE / "histories" / f"bulk.{BULK}.01.json.gz").exists():
        await live_steered(world)
        for number, history in enumerate(await runs_of(world, bulk_workflow_id(BULK)), start=1):
            write(f"bulk.{BULK}.{number:02}", history)


async def settle(world: World, settings: Settings) -> None:
    """Live the subscriptions whose conflicts are settled, and write all their runs and their accounts'."""
    for name in SETTLED:
        if not (HERE / "histories" / f"{name}.01.json.gz").exists():
            await live_settled(world, settings, name)
            for number, history in enumerate(await runs_of(world, subscription_workflow_id(name)), start=1):
                write(f"{name}.{number:02}", history)
            await record_account(world, name, name)


async def record_account(world: World, customer_id: str, name: str) -> None:
    """Write every run of the customer's account, under the name of what was lived."""
    for number, history in enumerate(await runs_of(world, account_workflow_id(customer_id)), start=1):
        write(f"account.{name}.{number:02}", history)


def write(name: str, history: WorkflowHistory) -> None:
    """The history under that name, unless there is one already."""
    target = HERE / "histories" / f"{name}.json.gz"
    if target.exists():
        sys.stderr.write(f"kept {target.name}\n")
        return
    target.write_bytes(gzip.compress(history.to_json().encode(), mtime=0))
    sys.stderr.write(f"recorded {target.name}: {len(history.events)} events\n")


async def sell(world: World, settings: Settings) -> None:
    """Buy orders and tell prices, and write what their workflows did: see `Sales`."""
    sales = Sales(world)
    await sales.prepare()
    write("order.mixed.01", await sales.mixed_order())
    write("order.mixed.02", await sales.mixed_order_again())
    write("order.waiting.01", await sales.waiting_order(settings))
    write("order.cancelled.01", await sales.cancelled_order(settings))
    version = await sales.told_prices()
    for number, history in enumerate(await runs_of(world, price_workflow_id(version)), start=1):
        write(f"price-changes.{version}.{number:02}", history)


async def tell(client: Client, directory: Path) -> None:
    """Tell publishers of lives, and write what the lives and the delivery did: see `Telling`."""
    async with Endpoint() as endpoint:
        publishers = publishers_at(endpoint.url, contoso={}, wingtip={"terms": {"tries": 2}})
        settings = settings_in(directory, "told")
        async with running_worker(client, settings, await listed_in(settings, publishers)) as world:
            telling = Telling(world, endpoint)
            await telling.prepare()
            await telling.late()
            await telling.given_up()
            for life in (TOLD, GIVEN_UP):
                for number, history in enumerate(await runs_of(world, subscription_workflow_id(life)), start=1):
                    write(f"{life}.{number:02}", history)
            for number, history in enumerate(await runs_of(world, delivery_workflow_id(GIVEN_UP)), start=1):
                write(f"delivery.{GIVEN_UP}.{number:02}", history)


async def main() -> None:
    """A server and a worker of their own, without this machine's name in the histories."""
    with tempfile.TemporaryDirectory() as directory:
        async with EmbeddedServer(Path(directory)) as server:
            client = await connect_to(server.address, identity=IDENTITY)
            await prepare_namespace(client)
            settings = settings_in(Path(directory))
            async with running_worker(client, settings) as world:
                await hand_over(world, settings)
                await rebuild(world)
                await settle(world, settings)
                await steer(world)
                await sell(world, settings)
                await live_signalled(world, settings)
                await record_account(world, CUSTOMER, CUSTOMER)
                for path in sorted((HERE / "lives").glob("*.yaml")):
                    await record(world, path)
            await tell(client, Path(directory) / "told")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.replay.record", description=__doc__)
    parser.add_argument("--anew", action="store_true", help="delete the recordings first")
    if parser.parse_args().anew:
        for recording in (HERE / "histories").glob("*.json.gz"):
            recording.unlink()
    asyncio.run(main())
