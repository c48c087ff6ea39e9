"""The smallest scenario document, changed in one place, and the faults found in it."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from domain.faults import MalformedFile
from statemachines.simulation.scenario_file import parse_scenario
from tests.support.shop.offers import offer_fields

AT = "2026-01-31T09:00:00Z"
LATER, AFTER = "2026-02-10T09:00:00Z", "2026-03-10T09:00:00Z"
OFFER = offer_fields(id="crm")
ORDER = {"at": AT, "customer": "fabrikam"}
LEAST = {"name": "a life", "offer": OFFER, "order": ORDER, "until": "2026-06-01T00:00:00Z"}


def faults(data: object) -> list[str]:
    """The faults' lines; none where the scenario is sound."""
    try:
        parse_scenario(data)
    except MalformedFile as malformed:
        return [str(fault) for fault in malformed.faults]
    return []


def fields(lines: Iterable[str]) -> list[str]:
    """The fields that the lines begin with."""
    return [re.split(": got ", line)[0] for line in lines]


def changed(**changes: Any) -> dict[str, Any]:
    """The least scenario with other top-level fields."""
    return {**LEAST, **changes}


def asking(**command: Any) -> dict[str, Any]:
    """The least scenario with one command."""
    return changed(commands=[{"at": LATER, **command}])


MAIL = offer_fields(id="mail", currency="EUR")
SEVERAL = {
    "name": "a customer",
    "customer": "fabrikam",
    "subscriptions": {
        "crm": {"offer": OFFER, "order": {"at": AT}},
        "mail": {"offer": MAIL, "order": {"at": "2026-02-05T09:00:00Z"}},
    },
    "until": "2026-06-01T00:00:00Z",
}
"""The smallest scenario with two subscriptions, in two currencies."""


def of_several(**changes: Any) -> dict[str, Any]:
    """The scenario of two subscriptions with other top-level fields."""
    return {**SEVERAL, **changes}


def asking_several(*commands: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    """The scenario of two subscriptions with these commands, at one instant if they do not say when."""
    return of_several(commands=[{"at": LATER, **command} for command in commands], **changes)
