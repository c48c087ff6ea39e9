"""A Prometheus of the machine's, if it has one, that scrapes one worker each second."""

import asyncio
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2

from activities.settings import LOOPBACK
from hosting.embedded.ports import free_ports

PROGRAMS = ("prometheus", "promtool")
MISSING = "no Prometheus: install the system's package (apt-get install prometheus)"
_CONFIGURATION = """
global: {{scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}}
rule_files: [{rules}]
scrape_configs: [{{job_name: perennial, static_configs: [{{targets: ["{target}"]}}]}}]
"""


def installed() -> bool:
    """Whether the machine has its programs."""
    return all(shutil.which(program) for program in PROGRAMS)


class Prometheus:
    """Answers queries."""

    def __init__(self, http: httpx2.AsyncClient) -> None:
        self._http = http

    async def query(self, expression: str) -> list[dict[str, Any]]:
        """The series of the answer. Raises AssertionError for a query that it does not understand."""
        answer = (await self._http.get("/api/v1/query", params={"query": expression})).json()
        assert answer["status"] == "success", (expression, answer)
        found: list[dict[str, Any]] = answer["data"]["result"]
        return found

    async def rules(self) -> list[dict[str, Any]]:
        """The alarms that it evaluates."""
        groups = (await self._http.get("/api/v1/rules")).json()["data"]["groups"]
        return [rule for group in groups for rule in group["rules"]]

    async def scraped(self, times: int) -> None:
        """Wait until it has read the worker so many times, and the alarms once."""
        async with asyncio.timeout(90):
            while True:
                try:
                    found = await self.query("count_over_time(up[5m])")
                    if found and int(found[0]["value"][1]) >= times:
                        return
                except (httpx2.TransportError, ValueError):
                    pass
                await asyncio.sleep(0.3)


@asynccontextmanager
async def running_prometheus(folder: Path, address: str, rules: Path) -> AsyncIterator[Prometheus]:
    """It keeps its data in the folder, and reads the worker at the address and the alarms of the file."""
    (port,) = free_ports(1)
    configuration = folder / "prometheus.yml"
    configuration.write_text(_CONFIGURATION.format(rules=rules, target=address.removeprefix("http://")))
    command = [
        *("prometheus", f"--config.file={configuration}", f"--storage.tsdb.path={folder / 'data'}"),
        *(f"--web.listen-address={LOOPBACK}:{port}", "--log.level=error"),
    ]
    with subprocess.Popen(command, cwd=folder) as process:
        try:
            async with httpx2.AsyncClient(base_url=f"http://{LOOPBACK}:{port}", trust_env=False, timeout=30) as http:
                yield Prometheus(http)
        finally:
            process.kill()
