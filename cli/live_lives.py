"""`scenario run --live`: lives on a real server, and nothing left behind."""

from collections.abc import Sequence
from contextlib import aclosing
from pathlib import Path
from tempfile import TemporaryDirectory

from cli.playing import play_all
from cli.progress import Progress
from cli.running import run
from cli.stage import stage
from statemachines.document import Story
from statemachines.scenario import Scenario


def live_stories(scenarios: Sequence[Scenario]) -> list[Story]:
    """What happened in each."""
    with TemporaryDirectory(prefix="perennial-") as directory, Progress() as progress:
        return run(_live(Path(directory), scenarios, progress))


async def _live(directory: Path, scenarios: Sequence[Scenario], progress: Progress) -> list[Story]:
    progress.begin("server", "the server and a worker are up")
    async with stage(directory) as playing:
        progress.end("server")
        async with aclosing(play_all(playing, scenarios, progress)) as lives:
            return [life.story async for life in lives]
