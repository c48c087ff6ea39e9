"""Simulates a scenario: its subscriptions, with the customer's account if the scenario includes it."""

from typing import Any

from domain.account.requests import AccountRequest
from domain.subscription.commands import Command
from domain.subscription.decision import Answer
from statemachines.preview.simulator import Simulator
from statemachines.simulation.customer import CustomerSimulator
from statemachines.simulation.document import LifeReport, ScenarioReport, scenario_invoices
from statemachines.simulation.scenario import SIMULATED, Scenario
from statemachines.subscription.life import LifeSteps

_Lived = tuple[dict[str, Simulator], list[Answer], tuple[dict[str, Any], ...] | None]
"""The subscriptions by name, all answers in order, and the documents of the invoices."""


def simulate(scenario: Scenario, steps: LifeSteps | None = None) -> ScenarioReport:
    """Run the scenario in the simulator."""
    lives, answers, invoices = _customer(scenario, steps) if scenario.billed else _alone(scenario, steps)
    return ScenarioReport(
        name=scenario.name,
        several=scenario.several,
        lives={name: LifeReport.of(lives[name], name, scenario.until) for name in scenario.subscriptions},
        of=scenario.of,
        answers=tuple(answers),
        invoices=invoices,
    )


def _alone(scenario: Scenario, steps: LifeSteps | None) -> _Lived:
    simulator = Simulator(scenario.order_for(SIMULATED), steps)
    for step in scenario.steps:
        if isinstance(step.command, Command):
            simulator.ask(step.command, step.at)
    simulator.advance(scenario.until)
    return {SIMULATED: simulator}, simulator.answers, None


def _customer(scenario: Scenario, steps: LifeSteps | None) -> _Lived:
    """With the account. The ids of the subscriptions are their names."""
    taxes = (scenario.tax_table, scenario.buyer.sale) if scenario.tax_table and scenario.buyer else None
    customer = CustomerSimulator(scenario.customer, scenario.terms, scenario.opened_at, steps, taxes)
    answers: list[Answer] = []
    for step in scenario.steps:
        if isinstance(step.command, AccountRequest):
            answers.append(customer.request(step.command, step.at))
            continue
        assert step.of is not None
        if step.command is None:
            customer.buy(scenario.order_for(step.of, step.of))
        else:
            answers.append(customer.ask(step.of, step.command, step.at))
    customer.advance(scenario.until)
    book = customer.book
    names = {name: name for name in customer.subscriptions} if scenario.several else None
    invoices = scenario_invoices(book.invoices, book.events, book.uninvoiced(), names)
    return customer.subscriptions, answers, tuple(invoices)
