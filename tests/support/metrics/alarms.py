"""The alarms of deploy/prometheus/alerts.yaml, evaluated against what workers show, without a Prometheus.

How long an alarm has to be true (`for`) is left to Prometheus.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any

import yaml

from tests.support.metrics.scrape import Scrape
from tests.support.paths import ROOT

ALERTS = ROOT / "deploy" / "prometheus" / "alerts.yaml"
RULES: list[dict[str, Any]] = yaml.safe_load(ALERTS.read_text())["groups"][0]["rules"]
EXPRESSIONS: dict[str, str] = {rule["alert"]: " ".join(rule["expr"].split()) for rule in RULES}
_ABSENT = re.compile(r"absent\((\w+)\)")
_COMPARED = re.compile(r"(max|min)(?: by \((\w+)\))? ?\((\w+)\) (>|==) (\d+)")
_OVER: dict[str, Callable[[list[float]], float]] = {"max": max, "min": min}
_HOLDS: dict[str, Callable[[float, float], bool]] = {
    ">": lambda found, limit: found > limit,
    "==": lambda found, limit: found == limit,
}


def firing(scrapes: Sequence[Scrape]) -> set[str]:
    """The alarms that are true of what all workers show together."""
    return {name for name, expression in EXPRESSIONS.items() if fires(expression, scrapes)}


def fires(expression: str, scrapes: Sequence[Scrape]) -> bool:
    """Whether Prometheus would have a result for the expression. Raises AssertionError for one of another form."""
    samples = [sample for scrape in scrapes for sample in scrape.samples]
    if absent := _ABSENT.fullmatch(expression):
        return not any(sample.name == absent[1] for sample in samples)
    compared = _COMPARED.fullmatch(expression)
    assert compared, f"teach tests/support/metrics/alarms.py this form: {expression}"
    over, label, metric, sign, limit = compared.groups()
    groups: dict[str, list[float]] = {}
    for sample in samples:
        if sample.name == metric:
            groups.setdefault(sample.labels.get(label, "") if label else "", []).append(sample.value)
    return any(_HOLDS[sign](_OVER[over](values), float(limit)) for values in groups.values())
