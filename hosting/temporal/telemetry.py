"""The SDK's runtime of a process: what its core logs, and where it exports metrics."""

import functools
from typing import Literal

from temporalio.client import Client
from temporalio.common import MetricMeter
from temporalio.runtime import LoggingConfig, PrometheusConfig, Runtime, TelemetryConfig, TelemetryFilter

from hosting.temporal.errors import PortInUse, one_line

CoreLog = Literal["OFF", "ERROR", "WARN", "INFO", "DEBUG"]

BUCKETS: dict[str, list[float]] = {
    "perennial_milestone_lateness_seconds": [0.1, 0.5, 1, 5, 15, 60, 300, 600, 3_600, 21_600, 86_400],
    "perennial_command_seconds": [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
    "perennial_database": [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
}
"""The upper bounds of our histograms, in seconds, by how the names begin. The SDK's own end at 10 seconds."""


@functools.cache
def runtime(core_log: CoreLog, metrics: str | None = None) -> Runtime:
    """The SDK's runtime. Its core logs to stdout, where it would break `--json`: off by default.

    With `metrics`, an IP address and port, it exports its metrics there, and those of the program. Raises PortInUse.
    """
    level = TelemetryFilter(core_level=core_log, other_level="OFF" if core_log == "OFF" else "ERROR")
    try:
        return Runtime(
            telemetry=TelemetryConfig(
                logging=LoggingConfig(filter=level),
                metrics=_exported(metrics) if metrics else None,
                attach_service_name=False,
            )
        )
    except (RuntimeError, ValueError) as error:
        raise PortInUse(f"Metrics cannot be served at {metrics}: {one_line(str(error))}. Choose another.") from None


def _exported(address: str) -> PrometheusConfig:
    """In the units and with the suffixes that Prometheus expects."""
    return PrometheusConfig(
        bind_address=address,
        counters_total_suffix=True,
        unit_suffix=True,
        durations_as_seconds=True,
        histogram_bucket_overrides=BUCKETS,
    )


def meter_of(client: Client) -> MetricMeter:
    """What records metrics for the client's process; nothing is recorded where it exports none."""
    runs_in = client.service_client.config.runtime
    return runs_in.metric_meter if runs_in is not None else MetricMeter.noop
