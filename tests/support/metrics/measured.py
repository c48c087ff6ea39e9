"""A meter whose measurements a test can look at."""

from collections import defaultdict

from temporalio.common import MetricMeter
from temporalio.runtime import MetricBuffer, Runtime, TelemetryConfig

_ROOM = 10_000


class Measured:
    """`meter` records; the rest reads what was recorded so far."""

    def __init__(self) -> None:
        self._buffer = MetricBuffer(_ROOM)
        telemetry = TelemetryConfig(metrics=self._buffer, logging=None, attach_service_name=False)
        self._runtime = Runtime(telemetry=telemetry)
        self._found: dict[tuple[str, frozenset[tuple[str, object]]], list[float]] = defaultdict(list)

    @property
    def meter(self) -> MetricMeter:
        return self._runtime.metric_meter

    def of(self, name: str, **labels: str) -> list[float]:
        """The values recorded under the name and exactly these labels, in order."""
        for update in self._buffer.retrieve_updates():
            self._found[update.metric.name, frozenset(update.attributes.items())].append(update.value)
        return self._found[name, frozenset(labels.items())]
