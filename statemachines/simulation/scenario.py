"""A scenario: subscriptions of one customer as data, what is asked of them, until when. See docs/scenarios.md."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import Field, field_validator

from domain.account.own_terms import OwnTerms
from domain.account.requests import AccountRequest, AnyAccountRequest
from domain.account.terms import BillingTerms, terms_of
from domain.catalog.customers import Name, by_tax_id
from domain.catalog.offers import Offer
from domain.countries import Country
from domain.ordering.lines import PositiveQuantity
from domain.ordering.terms import Order
from domain.policy import PackName
from domain.subscription.commands import AnyCommand, Command
from domain.taxes.sale import Buyer, Sale, TaxStatus
from domain.taxes.table import TaxTable
from domain.values import Id, RequestInstant, Strict

SIMULATED = "simulated"
"""The subscription of a scenario that has only one: its name, and its id in the simulator."""


class ScenarioOrder(Strict):
    """The order of one subscription."""

    at: RequestInstant
    begins_at: RequestInstant | None = None
    quantity: PositiveQuantity = 1
    add_ons: Annotated[dict[Id, PositiveQuantity], Field(max_length=50)] = {}


class Bought(Strict):
    """One subscription of the customer: the offer and the order."""

    offer: Offer
    order: ScenarioOrder


class ScenarioAccount(Strict):
    """Includes the customer's account in the scenario, with or without suspension for nonpayment (MON-6).

    `terms` are the customer's own.
    """

    nonpayment_suspension: bool = True
    terms: OwnTerms = OwnTerms()


class ScenarioBuyer(Strict):
    """The customer, as far as taxes ask (MON-13)."""

    country: Country
    tax_id: Name | None = None
    tax_status: Annotated[TaxStatus, Field(strict=False)] = TaxStatus.TAXED

    exempt_by_its_tax_id = field_validator("tax_status")(by_tax_id)

    @property
    def sale(self) -> Sale:
        """What it buys; the seller's country is not known."""
        return Sale(buyer=Buyer(country=self.country, tax_id=self.tax_id, status=self.tax_status))


ScenarioCommand = Annotated[AnyCommand | AnyAccountRequest, Field(discriminator="do")]


@dataclass(frozen=True)
class Step:
    """A purchase, which has no `command`, or a command. `of` names the subscription; the account has no name."""

    at: datetime
    of: str | None
    command: Command | AccountRequest | None = None


@dataclass(frozen=True)
class Scenario:
    """One customer's life as data: the subscriptions by name, the commands, and the instant until which to run it.

    `of` has the name of the subscription for each command, None for a request to the account. `several` says that the
    file names its subscriptions; otherwise it has one, SIMULATED.
    """

    name: str
    policy: PackName
    account_opened: datetime | None
    customer: str
    subscriptions: Mapping[str, Bought]
    account: ScenarioAccount | None
    commands: tuple[Command | AccountRequest, ...]
    of: tuple[str | None, ...]
    until: datetime
    several: bool = False
    tax_table: TaxTable | None = None
    buyer: ScenarioBuyer | None = None

    @property
    def billed(self) -> bool:
        """Whether the customer's account is simulated too."""
        asked = any(isinstance(command, AccountRequest) for command in self.commands)
        return self.several or self.account is not None or asked or self.tax_table is not None

    @property
    def terms(self) -> BillingTerms:
        account = self.account or ScenarioAccount()
        terms = account.terms.instead_in(terms_of(self.policy))
        return terms if account.nonpayment_suspension else terms.without_suspension()

    @property
    def opened_at(self) -> datetime:
        """The instant of the first order, at which the account opens."""
        return min(bought.order.at for bought in self.subscriptions.values())

    @property
    def only(self) -> Bought:
        """The subscription of a scenario that has one."""
        (bought,) = self.subscriptions.values()
        return bought

    @property
    def steps(self) -> list[Step]:
        """What is bought and asked, in order: at one instant the orders by name, then the commands."""
        orders = (Step(bought.order.at, name) for name, bought in sorted(self.subscriptions.items()))
        asked = zip(self.commands, self.of, strict=True)
        commands = (Step(command.at, of, command) for command, of in asked if command.at is not None)
        return sorted([*orders, *commands], key=lambda step: (step.at, step.command is not None))

    def order_for(self, subscription_id: str, name: str = SIMULATED) -> Order:
        """The order of the subscription of that name, under that id."""
        bought = self.subscriptions[name]
        opened = self.account_opened or (self.opened_at if self.several else None)
        return Order(
            subscription_id=subscription_id,
            customer=self.customer,
            offer=bought.offer,
            policy=self.policy,
            account_opened=opened,
            **dict(bought.order),
        )
