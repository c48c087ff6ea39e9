"""Scenario files: their fields, and how they are read. See docs/scenarios.md."""

import json
from typing import Annotated, Any

from pydantic import Field, ValidationError

from domain.catalog.offers import Offer
from domain.faults import Fault, MalformedFile, faults_of
from domain.policy import DEFAULT_PACK, PackName
from domain.taxes.table import TaxTable
from domain.values import Id, RequestInstant, Strict
from statemachines.simulation.file_commands import MAX_COMMANDS, FileCommands
from statemachines.simulation.scenario import (
    SIMULATED,
    Bought,
    Scenario,
    ScenarioAccount,
    ScenarioBuyer,
    ScenarioCommand,
    ScenarioOrder,
)
from statemachines.simulation.scenario_faults import faults_in, in_file_order

MAX_SUBSCRIPTIONS = 50
ONE = ("offer", "order")
"""The fields of a file with one subscription that a file with `subscriptions` does not have."""


class ScenarioFile(Strict):
    """The fields of every scenario file."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    policy: PackName = DEFAULT_PACK
    account_opened: RequestInstant | None = None
    account: ScenarioAccount | None = None
    tax_table: TaxTable | None = None
    """In a file its path, beside it."""
    buyer: ScenarioBuyer | None = None
    commands: Annotated[tuple[ScenarioCommand, ...], Field(max_length=MAX_COMMANDS, strict=False)] = ()
    until: RequestInstant


class OrderOfCustomer(ScenarioOrder):
    """The order in a file with one subscription."""

    customer: Id


class LifeFile(ScenarioFile):
    """A file with one subscription."""

    offer: Offer
    order: OrderOfCustomer

    def scenario(self, of: tuple[str | None, ...]) -> Scenario:
        order = ScenarioOrder.model_validate(self.order.model_dump(exclude={"customer"}))
        bought = {SIMULATED: Bought(offer=self.offer, order=order)}
        return Scenario(**_shared(self), customer=self.order.customer, subscriptions=bought, of=of)


class CustomerFile(ScenarioFile):
    """A file with several subscriptions of one customer, by name."""

    customer: Id
    subscriptions: dict[Id, Bought]

    def scenario(self, of: tuple[str | None, ...]) -> Scenario:
        return Scenario(**_shared(self), customer=self.customer, subscriptions=self.subscriptions, of=of, several=True)


def _shared(file: ScenarioFile) -> dict[str, Any]:
    return {name: getattr(file, name) for name in ScenarioFile.model_fields}


def parse_scenario(data: object) -> Scenario:
    """Parse a scenario from the data of its file. Raises MalformedFile with every fault."""
    if not isinstance(data, dict):
        raise MalformedFile([Fault(path=(), got=data, takes="a mapping with name, offer, order and until")])
    if number := _wrong_number(data):
        raise MalformedFile([number])
    several = "subscriptions" in data
    commands = FileCommands(data)
    faults, filled = commands.faults, {**data, "commands": commands.filled}
    if several:
        faults += [Fault((name,), data[name], "no such field beside `subscriptions`") for name in ONE if name in data]
        filled = {name: value for name, value in filled.items() if name not in ONE}
    kind: type[LifeFile | CustomerFile] = CustomerFile if several else LifeFile
    try:
        scenario = kind.model_validate_json(json.dumps(filled, default=str)).scenario(tuple(commands.of))
    except ValidationError as error:
        faults += [_worded(fault) for fault in faults_of(error) if not commands.explains(fault)]
        raise MalformedFile(in_file_order(data, faults)) from None
    faults += faults_in(scenario)
    if faults:
        raise MalformedFile(in_file_order(data, faults))
    return scenario


def _wrong_number(data: dict[Any, Any]) -> Fault | None:
    """The fault of too many commands, or of none or too many subscriptions."""
    commands, named = data.get("commands"), data.get("subscriptions")
    if isinstance(commands, list) and len(commands) > MAX_COMMANDS:
        return Fault(path=("commands",), got=len(commands), takes=f"at most {MAX_COMMANDS} entries")
    if isinstance(named, dict) and not 1 <= len(named) <= MAX_SUBSCRIPTIONS:
        return Fault(("subscriptions",), len(named), f"1 to {MAX_SUBSCRIPTIONS} subscriptions, by name")
    return None


def _worded(fault: Fault) -> Fault:
    """The fault, saying what a file has there: a path, and where a field of the other kind of file belongs."""
    if fault.path == ("tax_table",):
        return fault._replace(takes="the path of a file with `tax_rates`, seen from this one")
    if fault.path[:1] == ("subscriptions",) and fault.path[2:] == ("order", "customer"):
        return fault._replace(takes="no such field: `customer` is given once, beside `subscriptions`")
    return fault
