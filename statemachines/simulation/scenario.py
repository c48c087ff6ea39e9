"""Scenario files: the model, every fault that a file can have, and the simulation. See docs/scenarios.md."""

import json
from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import Field, ValidationError

from domain.account.requests import AccountRequest, AnyAccountRequest
from domain.account.terms import BillingTerms, terms_of
from domain.catalog.offers import Offer
from domain.faults import Fault, MalformedFile, faults_of
from domain.ordering.lines import PositiveQuantity
from domain.ordering.terms import Order
from domain.policy import DEFAULT_PACK, PackName
from domain.roles import DEFAULT_ACTOR, AccountAction, Action
from domain.subscription.commands import AnyCommand, ChangePrice, Command, SetAddOn
from domain.values import Id, RequestInstant, Strict
from statemachines.preview.simulator import Simulator
from statemachines.simulation.customer import CustomerSimulator
from statemachines.simulation.document import LifeReport, scenario_invoices
from statemachines.subscription.life import LifeSteps

DEFAULT_BY: dict[str, str] = {
    Action.ACTIVATE: "publisher",
    Action.REJECT_QUANTITY: "publisher",
    Action.CHANGE_PRICE: "system",
    AccountAction.PAY: "service",
    AccountAction.FAIL_PAYMENT: "service",
}
MAX_COMMANDS = 10_000
SIMULATED = "simulated"
"""The subscription id in the simulator."""


class ScenarioOrder(Strict):
    """The order that the scenario begins with."""

    at: RequestInstant
    customer: Id
    quantity: PositiveQuantity = 1
    add_ons: Annotated[dict[Id, PositiveQuantity], Field(max_length=50)] = {}


class ScenarioAccount(Strict):
    """Includes the customer's account in the scenario, with or without suspension for nonpayment (MON-6)."""

    nonpayment_suspension: bool = True


ScenarioCommand = Annotated[AnyCommand | AnyAccountRequest, Field(discriminator="do")]


class Scenario(Strict):
    """One life as data: the offer and the order, the commands, and the instant until which to run it.

    With an `account`, or an account request among the commands, the customer's account is simulated too.
    """

    name: Annotated[str, Field(min_length=1, max_length=200)]
    policy: PackName = DEFAULT_PACK
    account_opened: RequestInstant | None = None
    offer: Offer
    order: ScenarioOrder
    account: ScenarioAccount | None = None
    commands: Annotated[tuple[ScenarioCommand, ...], Field(max_length=MAX_COMMANDS, strict=False)] = ()
    until: RequestInstant

    @property
    def billed(self) -> bool:
        """Whether the customer's account is simulated too."""
        return self.account is not None or any(isinstance(command, AccountRequest) for command in self.commands)

    @property
    def terms(self) -> BillingTerms:
        terms = terms_of(self.policy)
        return terms if self.account is None or self.account.nonpayment_suspension else terms.without_suspension()

    def order_for(self, subscription_id: str) -> Order:
        return Order(
            subscription_id=subscription_id,
            offer=self.offer,
            policy=self.policy,
            account_opened=self.account_opened,
            **dict(self.order),
        )


_FILLED_IN: dict[str, tuple[str, ...]] = {
    AccountAction.PAY: ("currency", "invoice"),
    AccountAction.FAIL_PAYMENT: ("invoice",),
}
"""Fields that a scenario may not set: it pays in the offer's currency, the earliest due invoice first."""


def parse_scenario(data: object) -> Scenario:
    """Parse a scenario from the data of its file. Raises MalformedFile with every fault."""
    if not isinstance(data, dict):
        raise MalformedFile([Fault(path=(), got=data, takes="a mapping with name, offer, order and until")])
    commands = data.get("commands")
    if isinstance(commands, list) and len(commands) > MAX_COMMANDS:
        raise MalformedFile([Fault(path=("commands",), got=len(commands), takes=f"at most {MAX_COMMANDS} entries")])
    faults, filled = _with_defaults(data)
    try:
        scenario = Scenario.model_validate_json(json.dumps(filled, default=str))
    except ValidationError as error:
        faults += [fault for fault in faults_of(error) if not _filled_in(data, fault)]
        raise MalformedFile(_in_file_order(data, faults)) from None
    faults += [Fault(path=path, got=got, takes=takes) for path, got, takes in _semantic_faults(scenario)]
    if faults:
        raise MalformedFile(_in_file_order(data, faults))
    return scenario


def _filled_in(data: dict[Any, Any], fault: Fault) -> bool:
    """Whether the fault is in the currency of a payment, which is the offer's: it is reported there alone."""
    if fault.path[:1] != ("commands",) or fault.path[2:] != ("currency",):
        return False
    return bool(data["commands"][fault.path[1]]["do"] == AccountAction.PAY)


def _in_file_order(data: object, faults: list[Fault]) -> list[Fault]:
    """The faults in the order of the file; missing fields come last."""
    ranks: dict[int, dict[Any, int]] = {}

    def place(fault: Fault) -> list[int]:
        places: list[int] = []
        within = data
        for part in fault.path:
            if isinstance(within, dict):
                # Each mapping is ranked once: a file may have a fault in every key of a large one.
                if (ranked := ranks.get(id(within))) is None:
                    ranked = ranks[id(within)] = {key: rank for rank, key in enumerate(within)}
                places.append(ranked.get(part, len(ranked)))
                within = within.get(part)
            elif isinstance(within, list) and isinstance(part, int):
                places.append(part)
                within = within[part] if part < len(within) else None
        return places

    return sorted(faults, key=place)


def _with_defaults(data: dict[Any, Any]) -> tuple[list[Fault], dict[str, Any]]:
    """The faults of fields that scenarios may not set, and the data with defaults filled in."""
    commands = data.get("commands")
    if commands is None:
        return [], {**data, "commands": []}
    if not isinstance(commands, list):
        return [], data
    faults: list[Fault] = []
    filled = []
    offer = data.get("offer")
    currency = offer.get("currency") if isinstance(offer, dict) else None
    for index, command in enumerate(commands):
        if not isinstance(command, dict):
            filled.append(command)
            continue
        do = command.get("do")
        foreign = {"command_id", "expected", "actor", *_FILLED_IN.get(do if isinstance(do, str) else "", ())}
        foreign &= set(command)
        faults += [Fault(path=("commands", index, name), got=command[name], takes="no such field") for name in foreign]
        if command.get("at") is None:
            faults.append(Fault(path=("commands", index, "at"), got=None, takes="the instant of the command"))
        default = DEFAULT_BY.get(do, DEFAULT_ACTOR) if isinstance(do, str) else DEFAULT_ACTOR
        given = {k: v for k, v in command.items() if k not in foreign}
        filled.append({"by": default, **given, **({"currency": currency} if do == AccountAction.PAY else {})})
    return faults, {**data, "commands": filled}


def _semantic_faults(scenario: Scenario) -> Iterator[tuple[tuple[str | int, ...], object, str]]:
    order_names = {"at": ("order", "at"), "customer": ("order", "customer"), "add_ons": ("order", "add_ons")}
    for path, got, takes in scenario.order_for("scenario").faults():
        yield (*order_names.get(str(path[0]), path[:1]), *path[1:]), got, takes
    previous, previous_name = scenario.order.at, "the order"
    if scenario.until < scenario.order.at:
        yield ("until",), scenario.until, "an instant not before the order's"
    for index, command in enumerate(scenario.commands):
        at = ("commands", index)
        if command.at is not None:
            if command.at < previous:
                yield (*at, "at"), command.at, f"an instant not before {previous_name}'s"
            elif command.at > scenario.until:
                yield (*at, "at"), command.at, "an instant not after `until`"
            previous, previous_name = max(previous, command.at), "the previous command"
        if isinstance(command, SetAddOn) and scenario.offer.add_on(command.add_on) is None:
            known = ", ".join(a.id for a in scenario.offer.add_ons) or "none: the offer has no add-ons"
            yield (*at, "add_on"), command.add_on, f"an add-on of the offer ({known})"
        if isinstance(command, ChangePrice):
            for path, got, takes in command.faults(scenario.offer, command.at):
                yield (*at, *path), got, takes


def simulate(scenario: Scenario, steps: LifeSteps | None = None) -> LifeReport:
    """Run the scenario in the simulator, with the customer's account if the scenario includes it."""
    if scenario.billed:
        return _simulate_billed(scenario, steps)
    simulator = Simulator(scenario.order_for(SIMULATED), steps)
    for command in scenario.commands:
        assert command.at is not None
        assert isinstance(command, Command)
        simulator.ask(command, command.at)
    simulator.advance(scenario.until)
    return LifeReport.of(simulator, scenario.name, scenario.until)


def _simulate_billed(scenario: Scenario, steps: LifeSteps | None) -> LifeReport:
    customer = CustomerSimulator(scenario.order.customer, scenario.terms, scenario.order.at, steps)
    life = customer.buy(scenario.order_for(SIMULATED))
    for command in scenario.commands:
        assert command.at is not None
        if isinstance(command, AccountRequest):
            life.answers.append(customer.request(command, command.at))
        else:
            customer.ask(SIMULATED, command, command.at)
    customer.advance(scenario.until)
    book = customer.book
    invoices = scenario_invoices(book.invoices, book.events, book.uninvoiced())
    return LifeReport.of(life, scenario.name, scenario.until).model_copy(update={"invoices": tuple(invoices)})
