"""Every example of docs/publisher-gateway.md does what the page says, in Python and by curl."""

import asyncio
import os
import re
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from activities.settings import Settings
from domain.subscription.events import State
from hosting.assembly import World
from hosting.gateway import refusals
from hosting.gateway.refusals import Refused
from hosting.gateway.server import running_gateway
from tests.support.paths import ROOT
from tests.support.publisher.signing import CONTOSO, PUBLISHERS
from tests.support.shop.live import Shop

PAGE = (ROOT / "docs" / "publisher-gateway.md").read_text()
EXAMPLES = [
    (expected, f"python - <<'CODE'\n{code}CODE\n" if language == "python" else code)
    for expected, language, code in re.findall(
        r"<!-- run on: pending; shows: (.*?) -->\n```(sh|python)\n(.*?)```", PAGE, re.DOTALL
    )
]


@pytest.mark.live
@pytest.mark.skipif(not (shutil.which("curl") and shutil.which("openssl")), reason="the page's examples use both")
@pytest.mark.parametrize(("expected", "code"), EXAMPLES, ids=["python", "curl", "unsigned"])
async def test_example(world: World, settings: Settings, shop: Shop, expected: str, code: str) -> None:
    subscription_id = await shop.buy_one(await shop.customer(), "set-up")
    link = await world.books.setup_links.issue(subscription_id, datetime.now(UTC))
    async with running_gateway(
        world.perennial, settings.model_copy(update={"gateway_port": 0}), lambda: PUBLISHERS
    ) as address:
        process = await asyncio.create_subprocess_exec(
            "bash",
            "-euc",
            code,
            env={
                **os.environ,
                "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
                "GATEWAY": str(address),
                "PUBLISHER": "contoso",
                "SECRET": CONTOSO,
                "TOKEN": link.url.partition("?token=")[2],
                "ID": subscription_id,
            },
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        out, _ = await process.communicate()
    assert (process.returncode, expected in out.decode()) == (0, True), out.decode()
    activates = '"activate"' in code
    details = await world.server.subscriptions.details(subscription_id)
    assert details.state is (State.ACTIVE if activates else State.PENDING)


def test_the_page_names_every_refusal() -> None:
    kinds = [kind for kind in vars(refusals).values() if isinstance(kind, type) and issubclass(kind, Refused)]
    rows = re.findall(r"^\| (\d+) \| `(\w+)` \|", PAGE, re.MULTILINE)
    assert {(str(kind.status), kind.__name__) for kind in kinds if kind is not Refused} | {("500", "Failed")} == set(
        rows
    )
