"""The orders and commands of lives that a simulator lives, to live them again over other books."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from cli.rehearsal.scenario import load
from domain.ordering.terms import Order
from domain.subscription.commands import Command, ReportUsage
from domain.subscription.decision import Answer
from statemachines.preview.simulator import Simulator
from statemachines.simulation.course import simulate
from statemachines.simulation.scenario_file import parse_scenario
from tests.support.paths import ROOT
from tests.support.simulated.life import LIVING

SCENARIOS = sorted((ROOT / "scenarios").glob("[acl]*/*.yaml"))
"""Every life that is published as data, with an account and without, and of several subscriptions."""


class Trace:
    """A subscription: its order, each command with its instant and an id, and how far it was lived."""

    def __init__(self, order: Order) -> None:
        self.order = order
        self.asked: list[tuple[Command, datetime]] = []
        self.until = order.at

    def note(self, command: Command, at: datetime) -> None:
        if command.command_id is None and not isinstance(command, ReportUsage):
            command = command.model_copy(update={"command_id": f"c-{len(self.asked)}"})
        self.asked.append((command, at))


def traced(live: Callable[[], object]) -> list[Trace]:
    """The subscriptions that are lived meanwhile."""
    traces: dict[int, Trace] = {}
    kept: list[Simulator] = []
    begin, advance, accept = Simulator.__init__, Simulator.advance, Simulator.accept

    def begun(self: Simulator, order: Order, *steps: Any) -> None:
        kept.append(self)
        traces[id(self)] = Trace(order)
        begin(self, order, *steps)

    def advanced(self: Simulator, to: datetime) -> None:
        traces[id(self)].until = max(traces[id(self)].until, to)
        advance(self, to)

    def accepted(self: Simulator, command: Command, at: datetime) -> Answer:
        traces[id(self)].note(command, at)
        return accept(self, command, at)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Simulator, "__init__", begun)
        patch.setattr(Simulator, "advance", advanced)
        patch.setattr(Simulator, "accept", accepted)
        live()
    return list(traces.values())


def of_scenario(path: Any) -> list[Trace]:
    """The subscription of a scenario's file, with the holds of its customer's account."""
    scenario = parse_scenario(load(path))
    return traced(lambda: simulate(scenario, LIVING))
