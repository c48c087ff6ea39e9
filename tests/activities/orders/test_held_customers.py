"""A customer that its account holds for nonpayment is sold nothing, by the books of that moment (ELG-10)."""

import asyncio
from datetime import timedelta
from decimal import Decimal

import pytest

from activities.accounts.contracts import AccountOpening, HoldInput, LiftInput
from activities.adapters.sql.account.books import SqlAccountBooks
from activities.adapters.sql.account.holds import SqlNonpaymentHolds
from activities.adapters.sql.database import Database
from activities.adapters.sql.orders.carts import SqlCarts
from activities.adapters.sql.orders.orders import SqlOrders
from activities.adapters.sql.subscription.holdings import SqlHoldings
from domain.account.events import AccountEvent, AccountEventName
from domain.account.terms import BillingTerms, HoldScope, terms_of
from domain.ordering.eligibility import UnpaidHold
from domain.subscription.commands import Cancel, Command, Reactivate, Suspend
from domain.subscription.events import State
from domain.subscription.holds import Reason
from statemachines.account.holds import hold_command, lift_command
from tests.support.books.account import AccountsInSql, Customer
from tests.support.books.player import Player
from tests.support.instants import DAY, START
from tests.support.shop.buyers import customer, partner, request
from tests.support.shop.offers import listed
from tests.support.shop.orders import placed, rules, started, statuses, stock

INVOICE = "northwind-000001"
SELLS = terms_of("csp-2019").model_copy(update={"sell_while_held": True, "tolerance": Decimal(2)})


class Shop:
    """Fabrikam has o-1-1, of which INVOICE is not paid; `places` orders something else."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.orders, self.holds = SqlOrders(database), SqlNonpaymentHolds(database)
        self.placed = 1

    async def open(self) -> Player:
        await stock(self.database, partner(), customer(), customer(id="tailspin"), listed(), listed(id="mail"))
        await placed(self.orders, request({}))
        return await started(self.database)

    async def hold(self, life: Player, seq: int = 5) -> None:
        """As the activity does: the command, then the note."""
        entry = HoldInput(customer_id="fabrikam", seq=seq, invoice=INVOICE, scope=HoldScope.UNPAID)
        await life.ask(hold_command(seq, None, INVOICE), START + DAY)
        await self.holds.note_held(entry, "o-1-1", placed=True)

    async def lift(self, life: Player, seq: int = 6) -> None:
        await life.ask(lift_command(seq, None), START + 2 * DAY)
        await self.holds.note_lifted(LiftInput(customer_id="fabrikam", seq=seq), "o-1-1")

    async def places(self, **changes: object) -> list[str | None]:
        """By which rule a new order is refused; None if it is placed."""
        self.placed += 1
        wanted = request({"offer": "mail"}, order_id=f"o-{self.placed}", **changes)
        return rules(await placed(self.orders, wanted, START + 3 * DAY))

    async def ask(self, life: Player, command: Command, at: timedelta) -> None:
        await life.ask(command, START + at)


@pytest.fixture
def shop(database: Database) -> Shop:
    return Shop(database)


async def test_elg_10_from_the_hold_on_until_it_is_lifted(shop: Shop) -> None:
    life = await shop.open()
    assert await shop.places() == [None]
    await shop.hold(life)
    assert await shop.places() == ["ELG-10"]
    assert await shop.places(customer="tailspin") == [None]
    await shop.lift(life)
    assert await shop.places() == [None]


async def test_elg_10_a_refused_line_is_placed_by_the_same_order_once_it_is_paid(shop: Shop) -> None:
    life = await shop.open()
    await shop.hold(life)
    wanted = request({"offer": "mail"}, order_id="o-7")
    (refused,) = await placed(shop.orders, wanted)
    assert refused.refusal is not None
    assert refused.refusal.next_step == f"Pay {INVOICE} first."
    assert "(o-1-1)" in refused.refusal.message
    await shop.lift(life)
    assert statuses(await placed(shop.orders, wanted)) == ["placed"]


async def test_elg_10_what_the_customer_has_already_is_told_first(shop: Shop) -> None:
    life = await shop.open()
    await shop.hold(life)
    assert rules(await placed(shop.orders, request({}, order_id="o-9"))) == ["ELG-2"]


async def test_elg_10_a_cart_and_a_listing_are_told_the_same(shop: Shop) -> None:
    life = await shop.open()
    await shop.hold(life)
    held = (UnpaidHold(subscription_id="o-1-1", invoice=INVOICE),)
    carts, (line,) = SqlCarts(shop.database), request({"offer": "mail"}).lines
    await carts.add("fabrikam", "cart-1", line, START)
    facts = await carts.facts("fabrikam")
    assert facts is not None
    assert facts.unpaid == await SqlHoldings(shop.database).unpaid("fabrikam") == held
    assert await SqlHoldings(shop.database).unpaid("tailspin") == ()


async def test_elg_10_a_services_hold_does_not_count(shop: Shop) -> None:
    life = await shop.open()
    await shop.ask(life, Suspend(by="service", reason=Reason.NONPAYMENT), DAY)
    assert await shop.places() == [None]
    await shop.holds.note_held(
        HoldInput(customer_id="fabrikam", seq=5, invoice=INVOICE, scope=HoldScope.ALL), "o-1-1", placed=False
    )
    assert await shop.places() == [None]


async def test_elg_10_what_a_person_has_lifted_does_not_count(shop: Shop) -> None:
    """Also where it is suspended since, by a person or by a service for nonpayment."""
    life = await shop.open()
    await shop.hold(life)
    await shop.ask(life, Reactivate(by="admin_agent"), 2 * DAY)
    assert await shop.places() == [None]
    await shop.ask(life, Suspend(by="admin_agent", reason=Reason.CUSTOMER_REQUEST), 2 * DAY + DAY / 2)
    await shop.ask(life, Suspend(by="service", reason=Reason.NONPAYMENT), 2 * DAY + DAY / 2)
    assert await shop.places() == [None]
    await shop.hold(life, seq=9)
    assert await shop.places() == [None], "the service's hold is not the account's"


async def test_elg_10_another_hold_beside_it_changes_nothing(shop: Shop) -> None:
    life = await shop.open()
    await shop.ask(life, Suspend(by="admin_agent", reason=Reason.CUSTOMER_REQUEST), DAY / 2)
    await shop.hold(life)
    assert await shop.places() == ["ELG-10"]
    await shop.lift(life)
    assert await shop.places() == [None]


async def test_elg_10_what_ended_while_it_was_held_counts_until_it_is_settled(shop: Shop) -> None:
    life = await shop.open()
    await shop.hold(life)
    await life.advance(START + 200 * DAY)
    assert life.life.subscription.state is State.DELETED
    assert await shop.places() == ["ELG-10"]
    await shop.holds.note_lifted(LiftInput(customer_id="fabrikam", seq=6), "o-1-1")
    assert await shop.places() == [None]


async def test_elg_10_what_a_person_has_lifted_does_not_count_after_its_end(shop: Shop) -> None:
    life = await shop.open()
    await shop.hold(life)
    await shop.ask(life, Reactivate(by="admin_agent"), 2 * DAY)
    await shop.ask(life, Cancel(by="admin_agent", reason=Reason.CUSTOMER_REQUEST), 3 * DAY)
    await life.advance(START + 40 * DAY)
    assert life.life.subscription.state.ended
    assert await shop.places() == [None]


async def changed(shop: Shop, seq: int, terms: BillingTerms) -> None:
    await Customer(AccountsInSql(shop.database)).record(
        AccountEvent(
            seq=seq, at=START, event=AccountEventName.TERMS_CHANGED, rule="MON-6", by="billing_admin", terms=terms
        )
    )


@pytest.mark.parametrize("opened", [True, False])
async def test_elg_10_terms_may_sell_while_held(shop: Shop, opened: bool) -> None:
    """By those that the account opened with, and by its last change of terms, with nothing else in the journal."""
    life = await shop.open()
    await shop.hold(life)
    terms = SELLS if opened else terms_of("csp-2019")
    await SqlAccountBooks(shop.database).open(AccountOpening(customer_id="fabrikam", terms=terms, opened_at=START))
    assert await shop.places() == ([None] if opened else ["ELG-10"])
    await changed(shop, 1, terms_of("csp-2019"))
    assert await shop.places() == ["ELG-10"]
    await changed(shop, 2, SELLS)
    assert await shop.places() == [None]


async def test_elg_10_orders_beside_a_hold_are_placed_or_refused_whole(shop: Shop) -> None:
    """Two orders race with the hold: each is decided by what the books have in its own transaction."""
    life = await shop.open()
    await life.ask(hold_command(5, None, INVOICE), START + DAY)
    entry = HoldInput(customer_id="fabrikam", seq=5, invoice=INVOICE, scope=HoldScope.UNPAID)
    first, _, second = await asyncio.gather(
        shop.places(), shop.holds.note_held(entry, "o-1-1", placed=True), shop.places()
    )
    assert {*first, *second} <= {None, "ELG-10"}
    assert await shop.places() == ["ELG-10"]
