"""The commands of docs/runbook.md, typed as they stand there."""

import asyncio
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from activities.settings import Settings
from tests.support.live.repairs import Place
from tests.support.paths import ROOT

PAGE = (ROOT / "docs" / "runbook.md").read_text()
SECTIONS = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))
_ROW = re.compile(r"^\| (?!-)(.+?) \| (.+?) \| (.+?) \| (.+?) \|$", re.MULTILINE)
_FENCE = re.compile(r"^```\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def commands(section: str) -> list[str]:
    """The lines of the section's code blocks, in order; those that go on in the next line are one."""
    return "".join(_FENCE.findall(SECTIONS[section])).replace("\\\n", " ").splitlines()


def entries(section: str) -> dict[str, tuple[str, str, str]]:
    """The rows of the section's table: what is seen, with its cause, check and cure."""
    (_, *rows) = _ROW.findall(SECTIONS[section])
    return {seen: (cause, check, cure) for seen, cause, check, cure in rows}


@dataclass(frozen=True)
class Terminal:
    """Where an operator types, with the settings of the workers."""

    address: str
    settings: Settings

    @classmethod
    def at(cls, place: Place, **settings: object) -> Self:
        """An operator's, with these settings instead of the place's."""
        changed = place.settings.model_copy(update=settings)
        return cls(place.client.service_client.config.target_host, changed)

    async def type(self, command: str, *, fails: bool | None = False, **ids: str) -> str:
        """What the command prints, with these ids for those of the page (`my_first` for `my-first`).

        It must fail, or not, as said; None for either. No traceback is ever printed.
        """
        for name, found in ids.items():
            command = command.replace(name.replace("_", "-"), found)
        binaries = Path(sys.executable).parent
        process = await asyncio.create_subprocess_exec(
            *("bash", "-euc", command),
            cwd=ROOT,
            env={
                **os.environ,
                "PATH": f"{binaries}:{os.environ['PATH']}",
                "TEMPORAL_ADDRESS": self.address,
                "PERENNIAL_DATABASE_URL": self.settings.database_url,
                "PERENNIAL_DATA_DIR": str(self.settings.data_dir),
                "PERENNIAL_TASK_QUEUE": self.settings.task_queue,
                "PERENNIAL_DEPLOYMENT": self.settings.deployment or "",
            },
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        out, _ = await process.communicate()
        printed = out.decode()
        assert fails is None or (process.returncode != 0) == fails, printed
        assert "Traceback" not in printed, printed
        return printed

    async def until_clean(self, command: str, **ids: str) -> None:
        """Type this `reconcile` until it finds nothing."""
        async with asyncio.timeout(100):
            while True:
                if "agree" in await self.type(command, fails=None, **ids):
                    return
                await asyncio.sleep(0.5)
