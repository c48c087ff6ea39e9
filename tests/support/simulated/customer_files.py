"""Random customers whose life a scenario file can tell: one pack, bought in time, and what is asked is no fault."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from domain.account.own_terms import OwnTerms
from domain.account.requests import AccountRequest
from domain.catalog.offers import PinnedOffer
from domain.subscription.commands import ChangePrice, Command, SetAddOn
from domain.subscription.decision import Answer
from domain.values import format_instant
from statemachines.simulation.customer import CustomerSimulator
from tests.support.simulated.random_customers import CHANGING, HORIZON, Asking, RandomCustomer, Settling, customers
from tests.support.simulated.random_lives import START


class Recorded(CustomerSimulator):
    """A customer that notes what is asked of it, and of which subscription."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self.asked: list[tuple[str | None, Command | AccountRequest, datetime]] = []

    def ask(self, subscription_id: str, command: Command, at: datetime) -> Answer:
        self.asked.append((subscription_id, command, at))
        return super().ask(subscription_id, command, at)

    def request(self, request: AccountRequest, at: datetime) -> Answer:
        self.asked.append((None, request, at))
        return super().request(request, at)


def file_customers(within: timedelta) -> st.SearchStrategy[RandomCustomer]:
    """Such customers, with all that they buy and ask within so long."""
    return customers.map(lambda customer: _as_in_a_file(customer, within / HORIZON))


def _as_in_a_file(customer: RandomCustomer, scale: float) -> RandomCustomer:
    opened = min(purchase.order.at for purchase in customer.purchases)
    purchases = []
    for purchase in customer.purchases:
        order = purchase.order
        at = opened + (order.at - opened) * scale
        begins_at = order.begins_at and at + (order.begins_at - order.at)
        update = {"policy": customer.terms.name, "account_opened": opened, "at": at, "begins_at": begins_at}
        purchases.append(replace(purchase, order=order.model_copy(update=update), late=timedelta(0)))
    steps: list[Asking | Settling] = []
    for step in customer.steps:
        moved = replace(step, since=opened - START + step.since * scale)
        steps.append(replace(moved, named=None) if isinstance(moved, Settling) else moved)
    # Several may live in the same books, which have one table of rates.
    taxes = CHANGING if customer.taxes else None
    return replace(customer, purchases=purchases, steps=steps, opened=opened, taxes=taxes)


def a_customer(number: int, within: timedelta) -> RandomCustomer:
    """A random customer with several subscriptions: the same one for a number until the code changes."""
    found: list[RandomCustomer] = []
    quiet = settings(
        max_examples=10, database=None, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
    )

    def collect(customer: RandomCustomer) -> None:
        found.append(customer)

    seed(number)(quiet(given(file_customers(within).filter(lambda customer: len(customer.purchases) > 1))(collect)))()
    # The first ones are the simplest.
    return found[-1]


def lived_with_its_file(random: RandomCustomer, until: datetime) -> tuple[CustomerSimulator, dict[str, Any]]:
    """The simulated customer, and its scenario file as data."""
    customer, _ = random.live(Recorded, until)
    assert isinstance(customer, Recorded)
    orders = {purchase.order.subscription_id: purchase.order for purchase in random.purchases}
    commands = [
        {"at": format_instant(at), **({"of": of} if of else {}), **_in_a_file(command)}
        for of, command, at in customer.asked
        if not (of and _is_a_fault(command, customer.subscriptions[of].life.subscription.offer, at))
    ]
    return customer, {
        "name": "a random customer",
        "policy": random.terms.name,
        "account_opened": format_instant(random.opened),
        "account": {
            "nonpayment_suspension": random.terms.suspends_after is not None,
            "terms": OwnTerms.of(random.terms).model_dump(mode="json"),
        },
        **_taxes_in_a_file(random),
        "customer": "fabrikam",
        "subscriptions": {
            name: {
                "offer": order.offer.model_dump(mode="json"),
                "order": order.model_dump(mode="json", include={"at", "begins_at", "quantity", "add_ons"}),
            }
            for name, order in orders.items()
            if order.at <= until
        },
        "commands": commands,
        "until": format_instant(until),
    }


def _taxes_in_a_file(random: RandomCustomer) -> dict[str, Any]:
    if random.taxes is None:
        return {}
    table, sale = random.taxes
    return {"tax_table": table.model_dump(mode="json"), "buyer": {"country": sale.buyer.country}}


def _in_a_file(command: Command | AccountRequest) -> dict[str, Any]:
    """The command's fields. A file names an invoice by its number."""
    fields = command.model_dump(mode="json", exclude_none=True)
    return fields | ({"invoice": int(fields["invoice"].rpartition("-")[2])} if "invoice" in fields else {})


def _is_a_fault(command: Command | AccountRequest, offer: PinnedOffer, at: datetime) -> bool:
    """Whether a file may not have the command, which a running subscription refuses: it changes nothing."""
    if isinstance(command, SetAddOn):
        return offer.add_on(command.add_on) is None
    return isinstance(command, ChangePrice) and any(command.faults(offer, at))
