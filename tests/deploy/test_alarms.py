"""Each alarm of deploy/prometheus/alerts.yaml is true just behind its limit, and not at it."""

import re

import pytest

from tests.support.metrics.alarms import EXPRESSIONS, RULES, fires, firing
from tests.support.metrics.scrape import Scrape

LIMITS = re.compile(r"\((?:perennial|temporal)_\w+\) > (\d+)$")


@pytest.mark.parametrize("name", [name for name, expression in EXPRESSIONS.items() if LIMITS.search(expression)])
def test_an_alarm_is_true_behind_its_limit(name: str) -> None:
    expression = EXPRESSIONS[name]
    limit = int(LIMITS.search(expression)[1])  # type: ignore[index]  # it has one
    metric, label = re.search(r"\((perennial_\w+)\)", expression), re.search(r"by \((\w+)\)", expression)
    assert metric
    labels = f'{{{label[1]}="one"}}' if label else ""
    quiet, loud = [Scrape(f"{metric[1]}{labels} {value}\n") for value in (limit, limit + 1)]
    assert not fires(expression, [quiet])
    assert fires(expression, [quiet, loud])


def test_a_worker_that_reads_nothing_and_none_at_all_are_noticed() -> None:
    reads = 'perennial_overdue_subscriptions 0\nperennial_figures_read{source="books"} 1\n'
    blind = reads.replace("} 1", "} 0")
    assert firing([]) == {"PerennialNoWorker"}
    assert firing([Scrape(reads)]) == set()
    assert firing([Scrape(reads), Scrape(blind)]) == {"PerennialBlind"}


def test_every_alarm_says_what_to_do_and_how_urgent_it_is() -> None:
    assert {rule["labels"]["severity"] for rule in RULES} == {"page", "ticket"}
    assert [rule["alert"] for rule in RULES if not rule["annotations"]["summary"]] == []


def test_an_expression_of_another_form_is_not_passed_over() -> None:
    with pytest.raises(AssertionError, match="teach"):
        fires("rate(perennial_renewals_total[5m]) == 0", [])
