"""Customers lived on a real server, their accounts with them, are the simulator's, to the instant and the cent."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from cli.rehearsal.scenario import load
from domain.account.requests import AccountRequest, ChangeTerms
from domain.account.terms import terms_of
from domain.ordering.terms import Order
from domain.policy import DEFAULT_PACK
from domain.subscription.commands import Cancel, ChangeQuantity, Command, Reactivate, Suspend
from domain.subscription.decision import Answer
from domain.subscription.holds import Reason
from hosting.assembly import World
from perennial.rehearsal.scenario_runner import ScenarioRun
from statemachines.simulation.course import simulate
from statemachines.simulation.customer import CustomerSimulator
from statemachines.simulation.scenario_file import parse_scenario
from tests.support.live.payers import OPENED, Payer, failure, new_customer, payment
from tests.support.live.purchases import order
from tests.support.paths import ROOT
from tests.support.shop.offers import offer
from tests.support.simulated.customer_files import a_customer, lived_with_its_file

pytestmark = [pytest.mark.live, pytest.mark.timeout(180)]

BILLED = ROOT / "tests" / "replay" / "lives" / "two-years-billed.yaml"

RANDOM, WATCHED = (5, 8), timedelta(days=200)
"""Which random customers, and how long each is lived after its first order."""
SUSPENSION = datetime(2027, 5, 2, tzinfo=UTC)
"""January's invoice is due on April 2; thirty days later its customer is suspended (MON-6)."""


async def test_a_billed_life_is_the_simulators(world: World) -> None:
    """MON-5, MON-6: paid in full, in part, too late, twice, in advance; suspended twice; other terms."""
    scenario = parse_scenario(load(BILLED))
    story = await ScenarioRun(scenario, new_customer(), world).run(datetime.now(UTC))
    assert story.document() == simulate(scenario).document()


class Both:
    """A customer that is lived on the server and by the simulator, step by step."""

    def __init__(self, world: World) -> None:
        self.live = Payer(world)
        self.simulated = CustomerSimulator(self.live.id, terms_of(DEFAULT_PACK), self.live.at)

    async def buy(self, wanted: Order) -> str:
        """The same subscription in both."""
        if self.live.clocks:
            await self.live.live_until(wanted.at)
        self.simulated.buy(wanted)
        return await self.live.buy(wanted)

    async def request(self, request: AccountRequest, at: datetime) -> Answer:
        """The same of both accounts, answered alike."""
        answer = await self.live.request(request, at)
        assert answer == self.simulated.request(request, at)
        return answer

    async def ask(self, subscription_id: str, command: Command, at: datetime) -> Answer:
        """The same of both subscriptions, answered alike."""
        named = command.model_copy(update={"command_id": f"command-{at:%Y%m%d}"})
        answer = await self.live.ask(subscription_id, named, at)
        assert answer == self.simulated.ask(subscription_id, named, at)
        return answer

    async def compare(self, to: datetime) -> None:
        """Live both until then: journals, ledgers, access and invoices are the same."""
        await self.live.live_until(to)
        self.simulated.advance(to)
        reader, account_reader, book = (
            self.live.world.books.subscriptions,
            self.live.world.books.accounts,
            self.simulated.book,
        )
        for subscription_id, simulator in self.simulated.subscriptions.items():
            assert await reader.events(subscription_id) == simulator.book.events
            assert await reader.rows(subscription_id) == simulator.book.rows
            assert await reader.access(subscription_id) == simulator.book.access
        assert await account_reader.events(self.live.id) == book.events
        assert await account_reader.documents(self.live.id) == book.invoices
        assert await account_reader.uninvoiced(self.live.id) == list(book.uninvoiced())
        assert (await self.live.life()).account == self.simulated.life.account


async def test_several_subscriptions_of_one_customer_are_the_simulators(world: World) -> None:
    """MON-5: one account for all; one invoice for each currency. A usage subscription is not suspended (MON-6)."""
    await asyncio.gather(_one_known_customer(world), *(_one_random_customer(world, number) for number in RANDOM))


async def _one_random_customer(world: World, number: int) -> None:
    customer = a_customer(number, WATCHED)
    _, data = lived_with_its_file(customer, customer.opened + WATCHED)
    scenario = parse_scenario(data)
    story = await ScenarioRun(scenario, new_customer(), world).run(datetime.now(UTC))
    assert story.document() == simulate(scenario).document(), number


async def _one_known_customer(world: World) -> None:
    """What one subscription is credited covers the invoice that another is held for, and settles it (MON-8, MON-5)."""
    both = Both(world)
    customer = both.live.id
    first = await both.buy(order(customer=customer, at=OPENED))
    euros = offer(id="northwind", currency="EUR", unit_price="7.00")
    second = await both.buy(order(euros, customer=customer, at=datetime(2027, 1, 20, 8, 30, tzinfo=UTC)))
    metered = offer(id="metered", billing_type="usage")
    third = await both.buy(order(metered, customer=customer, at=datetime(2027, 2, 3, tzinfo=UTC), quantity=1))
    await both.request(payment("usd-1", "30.00"), datetime(2027, 2, 20, tzinfo=UTC))
    await both.ask(first, ChangeQuantity(by="admin_agent", quantity=5), datetime(2027, 3, 2, 12, tzinfo=UTC))
    await both.request(failure("eur-0"), datetime(2027, 4, 3, tzinfo=UTC))
    # January's invoice in euros leads to a hold on what it charges; what is charged in dollars is paid (MON-9).
    await both.request(payment("usd-2", "200.00"), datetime(2027, 4, 20, tzinfo=UTC))
    year = offer(id="a-year", currency="EUR", unit_price="60.00", term="P1Y", billing_plan="annual")
    fourth = await both.buy(order(year, customer=customer, at=datetime(2027, 4, 25, tzinfo=UTC), quantity=1))
    await both.ask(second, Suspend(by="admin_agent", reason=Reason.CUSTOMER_REQUEST), SUSPENSION + timedelta(days=1))
    held = [both.simulated.life.account.holds]
    cancel = Cancel(by="admin_agent", reason=Reason.CUSTOMER_REQUEST)
    await both.ask(fourth, cancel, datetime(2027, 5, 4, 12, tzinfo=UTC))
    assert [*held, both.simulated.life.account.holds] == [True, False]
    states = [both.simulated.subscriptions[each].life.subscription.state for each in (first, second, third)]
    assert [str(state) for state in states] == ["active", "suspended", "active"]
    await both.request(payment("eur-1", "84.00", currency="EUR"), datetime(2027, 5, 20, tzinfo=UTC))
    await both.ask(second, Reactivate(by="admin_agent"), datetime(2027, 6, 1, 9, tzinfo=UTC))
    await both.request(ChangeTerms(by="billing_admin", suspends=False), datetime(2027, 7, 1, tzinfo=UTC))
    await both.compare(datetime(2027, 11, 10, tzinfo=UTC))
    assert {
        *("suspended_for_nonpayment", "holds_lifted", "reminder_skipped"),
        *("payment_failed", "invoice_carried", "invoice_settled"),
    } <= set(await both.live.journal())
