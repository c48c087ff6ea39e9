"""What is wrong with a scenario whose fields are right one by one, and the order of a file's faults."""

from collections.abc import Iterator
from typing import Any

from domain.account.own_terms import OwnTerms
from domain.account.requests import ChangeTerms
from domain.faults import Fault
from domain.money import EXPONENTS, fits
from domain.subscription.commands import ChangePrice, SetAddOn
from domain.taxes.table import faults_of_rates
from statemachines.simulation.scenario import Scenario

IN_ORDER = ("at", "customer", "add_ons", "begins_at")
"""Fields of an order's terms that a file has under `order`."""


def faults_in(scenario: Scenario) -> Iterator[Fault]:
    """Yield the faults that concern several fields."""
    for name in scenario.subscriptions:
        above = ("subscriptions", name) if scenario.several else ()
        for fault in scenario.order_for("scenario", name).faults():
            within = ("order",) if fault.path[0] in IN_ORDER else ()
            yield fault.under(*above, *within)
    last = max(bought.order.at for bought in scenario.subscriptions.values())
    if scenario.until < last:
        whose = "the last order's" if scenario.several else "the order's"
        yield Fault(("until",), scenario.until, f"an instant not before {whose}")
    if scenario.account:
        yield from _faults_of_terms(scenario, scenario.account.terms, ("account", "terms"))
    yield from _faults_of_taxes(scenario)
    yield from _faults_of_commands(scenario)


def _faults_of_taxes(scenario: Scenario) -> Iterator[Fault]:
    """MON-13: a table and a buyer whose country it has, or neither; and no class without rates."""
    table, buyer = scenario.tax_table, scenario.buyer
    if table is None:
        if buyer is not None:
            yield Fault(("tax_table",), None, "the file with the tax rates, beside this one, because there is a buyer")
        return
    yield from (fault.under("tax_table") for fault in faults_of_rates(table.tax_rates))
    countries, classes = ({each.country for each in table.tax_rates}, {each.tax_class for each in table.tax_rates})
    if buyer is None:
        yield Fault(("buyer",), None, "country and tax_id of the customer, because there is a tax table")
    elif buyer.country not in countries:
        yield Fault(("buyer", "country"), buyer.country, f"a country of the tax table ({', '.join(sorted(countries))})")
    for name, bought in scenario.subscriptions.items():
        if bought.offer.tax_class is not None and bought.offer.tax_class not in classes:
            path = ("subscriptions", name, "offer", "tax_class") if scenario.several else ("offer", "tax_class")
            yield Fault(path, bought.offer.tax_class, f"a class of the tax table ({', '.join(sorted(classes))})")


def _faults_of_terms(scenario: Scenario, terms: OwnTerms, path: tuple[str | int, ...]) -> Iterator[Fault]:
    """Yield a fault for a tolerance with more decimals than any currency of the customer has."""
    currencies = (bought.offer.currency for bought in scenario.subscriptions.values())
    finest = max(currencies, key=lambda currency: EXPONENTS[currency])
    if terms.tolerance is not None and not fits(terms.tolerance, finest):
        yield Fault((*path, "tolerance"), terms.tolerance, f"at most {EXPONENTS[finest]} decimals in {finest}")


def _faults_of_commands(scenario: Scenario) -> Iterator[Fault]:
    previous, previous_name = scenario.opened_at, "the first order" if scenario.several else "the order"
    for index, (command, of) in enumerate(zip(scenario.commands, scenario.of, strict=True)):
        path = ("commands", index)
        bought = scenario.subscriptions[of] if of is not None else None
        if command.at is not None:
            if command.at < previous:
                yield Fault((*path, "at"), command.at, f"an instant not before {previous_name}'s")
            elif command.at > scenario.until:
                yield Fault((*path, "at"), command.at, "an instant not after `until`")
            elif bought and command.at < bought.order.at:
                yield Fault((*path, "at"), command.at, f"an instant not before the order of {of}")
            previous, previous_name = max(previous, command.at), "the previous command"
        if isinstance(command, ChangeTerms):
            yield from _faults_of_terms(scenario, command, path)
        if bought is None:
            continue
        if isinstance(command, SetAddOn) and bought.offer.add_on(command.add_on) is None:
            known = ", ".join(a.id for a in bought.offer.add_ons) or "none: the offer has no add-ons"
            yield Fault((*path, "add_on"), command.add_on, f"an add-on of the offer ({known})")
        if isinstance(command, ChangePrice):
            yield from (fault.under(*path) for fault in command.faults(bought.offer, command.at))


def in_file_order(data: object, faults: list[Fault]) -> list[Fault]:
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
