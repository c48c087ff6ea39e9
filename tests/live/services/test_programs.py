"""The program of docs/programs.md buys, previews, cancels and reads what happened, on a real server."""

import asyncio
import os
import re
import sys

import pytest

from activities.settings import Settings
from hosting.assembly import World
from hosting.embedded.server import EmbeddedServer
from perennial.use_cases import Perennial
from tests.support.paths import ROOT
from tests.support.shop.live import Shop

PAGE = (ROOT / "docs" / "programs.md").read_text()


def program() -> str:
    """The page's program."""
    (found,) = re.findall(r"<!-- program -->\n```python\n(.*?)```", PAGE, re.DOTALL)
    return str(found)


async def ran(customer: str, server: EmbeddedServer, settings: Settings) -> tuple[int | None, str]:
    """Its exit code, and what it prints."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-c", program(), customer),
        cwd=ROOT,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "TEMPORAL_ADDRESS": server.address,
            "PERENNIAL_DATABASE_URL": settings.database_url,
            "PERENNIAL_TASK_QUEUE": settings.task_queue,
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    return process.returncode, said.decode()


@pytest.mark.live
async def test_it_buys_previews_cancels_and_reads(
    world: World, shop: Shop, server: EmbeddedServer, settings: Settings
) -> None:
    customer = await shop.customer()
    code, said = await ran(customer, server, settings)
    assert code == 0, said
    assert "would be cancelled_with_credit, by CXL-2: credit USD " in said
    assert "cancelled_with_credit: " in said
    assert [event.event for event in await world.books.subscriptions.events(f"first-{customer}-1")] == [
        "purchased",
        "cancelled",
    ]


@pytest.mark.live
async def test_what_it_cannot_buy_ends_it_with_one_line(
    world: World, server: EmbeddedServer, settings: Settings
) -> None:
    code, said = await ran("nobody", server, settings)
    assert (code, said) == (1, "There is no customer nobody. Import the customer's record first.\n")


def test_the_page_names_every_use_case() -> None:
    """Every attribute of the object that `opened` yields is in the page's table."""
    named = set(re.findall(r"`(\w+)`", PAGE.partition("| attribute |")[2].partition("\n\n")[0]))
    assert set(Perennial(None).__dict__) - {"sources"} <= named  # type: ignore[arg-type]


def test_it_is_short() -> None:
    assert len([line for line in program().splitlines() if line.strip()]) <= 40
