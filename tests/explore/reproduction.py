"""A violation as a scenario file: the shortest sequence of commands that leads to it."""

import json
from typing import Any

from domain.values import format_instant
from tests.explore.asks import NEWER_POLICY, WAIT, asks
from tests.explore.walk import Broken, led_to


def scenario(broken: Broken) -> dict[str, Any]:
    """The data of a scenario file that reproduces it. A new version of a policy pack, and prices to come, cannot."""
    order, path = broken.order, broken.path
    commands = []
    for index, (at, name) in enumerate(path):
        if name not in {WAIT, NEWER_POLICY}:
            simulator = led_to(order, path[:index])
            simulator.advance(at)
            command = asks(simulator, at)[name]
            assert command is not None
            commands.append({**command.model_dump(mode="json", exclude_none=True), "at": format_instant(at)})
    return {
        "name": f"breaks {broken.invariant}"[:200],
        "policy": order.policy,
        "account_opened": format_instant(order.account_opened or order.at),
        "offer": order.offer.model_dump(mode="json"),
        "order": {
            "at": format_instant(order.at),
            "customer": order.customer,
            "quantity": order.quantity,
            "add_ons": order.add_ons,
        },
        "commands": commands,
        "until": format_instant(path[-1][0]),
    }


def text(broken: Broken) -> str:
    """The file's text, JSON that is YAML, under comments that say what is broken."""
    heading = [f"# {broken.invariant}: {line}" for line in broken.words.splitlines()[:5]]
    if learned := [at for at, name in broken.path if name == NEWER_POLICY]:
        heading.append(f"# with a new version of its policy pack, learned at {format_instant(learned[0])}")
    heading += [
        f"# ordered with a price to come: {price.unit_price} from {format_instant(price.at)}"
        for price in broken.order.prices
    ]
    return "\n".join([*heading, json.dumps(scenario(broken), indent=2), ""])
