"""Each example under examples/ runs as it stands, from any directory, with the variables that it names."""

import asyncio
import os
import shutil
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path

import pytest

from hosting.assembly import World
from hosting.embedded.server import EmbeddedServer
from tests.support.live.purchases import Buy
from tests.support.paths import ROOT

EXAMPLES = ROOT / "examples"
SUSPENDING = ["python_client/suspend.py", "shell/suspend_by_cli.sh", "shell/suspend_by_http.sh"]

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed: an example uses it"),
]

Ran = Callable[..., Coroutine[None, None, tuple[int, str]]]


@pytest.fixture
def run(server: EmbeddedServer) -> Ran:
    """An example's exit code, and all that it says."""

    async def ran(example: str, *words: str) -> tuple[int, str]:
        binaries = Path(sys.executable).parent
        program = [sys.executable] if example.endswith(".py") else ["bash"]
        process = await asyncio.create_subprocess_exec(
            *program,
            str(EXAMPLES / example),
            *words,
            cwd="/",
            env={
                **os.environ,
                "PATH": f"{binaries}:{os.environ['PATH']}",
                "TEMPORAL_ADDRESS": server.address,
                "API": f"{server.endpoints.http_address}/api/v1/namespaces/default",
            },
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        out, _ = await process.communicate()
        assert process.returncode is not None
        return process.returncode, out.decode()

    return ran


@pytest.mark.parametrize("example", SUSPENDING)
async def test_it_suspends_once_however_often_it_runs(world: World, buy: Buy, run: Ran, example: str) -> None:
    """SUS-1. A second run under the same case gets the first answer."""
    bought = await buy()
    for _ in range(2):
        code, said = await run(example, bought.id, "case-17")
        assert code == 0, said
        assert "done" in said
    life = await world.server.subscriptions.settled(bought.id)
    assert [event.event.value for event in life.recent] == ["purchased", "suspended"]
    assert life.recent[-1].actor == "fraud-detection"


@pytest.mark.parametrize("example", SUSPENDING)
async def test_it_says_what_is_wrong(world: World, buy: Buy, run: Ran, example: str) -> None:
    """A case that is no id, a subscription that is not there, and no words at all."""
    bought = await buy()
    before = await world.server.subscriptions.life(bought.id)
    code, said = await run(example, bought.id, "case 17")
    assert (code, "command_id: got 'case 17'; takes 1 to 64 letters" in said) == (1, True), said
    code, said = await run(example, "nobody", "case-17")
    assert (code, "not found" in said) == (1, True), said
    code, said = await run(example)
    assert (code, said.startswith("usage: ")) == (1, True), said
    assert await world.server.subscriptions.life(bought.id) == before


def test_no_example_uses_code_of_ours() -> None:
    """They are copied to where there is none of it."""
    ours = ("domain", "statemachines", "activities", "workflows", "hosting", "cli", "worker", "starter")
    for source in [*EXAMPLES.glob("python_client/*.py"), *EXAMPLES.glob("nexus_caller/*.py")]:
        lines = source.read_text().splitlines()
        assert not [
            line for line in lines if line.startswith(tuple(f"{w} {name}" for w in ("from", "import") for name in ours))
        ]
