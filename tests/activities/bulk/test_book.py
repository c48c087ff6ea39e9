"""Bulk operations in the books: begun once, each item noted once, totals by SQL as by the domain."""

import asyncio
from decimal import Decimal

import pytest

from activities.adapters.sql.bulk.book import SqlBulks
from activities.adapters.sql.database import Database
from activities.bulk.contracts import StateInput
from activities.errors import BooksConflict
from domain.bulk.items import Item, ItemStatus
from domain.bulk.operations import BulkState, Operation, Refusals, refusals_of
from domain.bulk.requests import BulkRequest, Selection, sent_by
from domain.bulk.totals import Totals
from domain.money import Money
from domain.subscription.commands import Cancel, ChangeQuantity, SetAutoRenew
from domain.subscription.decision import Outcome
from domain.subscription.events import State
from domain.subscription.holds import Reason
from tests.support.books.short_lives import LICENCE, METER, bought
from tests.support.books.subscription import InSql
from tests.support.instants import DAY, START
from tests.support.shop.buyers import customer, partner
from tests.support.shop.offers import listed
from tests.support.shop.orders import stock

ASK = sent_by(ChangeQuantity(by="admin_agent", quantity=4), "more")
MORE = Item(
    position=1,
    subject="s-1",
    status=ItemStatus.WAITING,
    ask=ASK,
    outcome=Outcome.DONE,
    rule="MON-4",
    message="4 licences.",
    credit=Money(amount=Decimal("10.00"), currency="USD"),
    charge=Money(amount=Decimal("40.00"), currency="USD"),
)
YEN = {"credit": None, "charge": Money(amount=Decimal(900), currency="JPY")}
REFUSED = {"status": ItemStatus.REFUSED, "ask": None, "outcome": Outcome.REFUSED, "credit": None, "charge": None}
ITEMS = [
    MORE,
    MORE.model_copy(update={"position": 2, "subject": "s-2"}),
    MORE.model_copy(update={"position": 3, "subject": "s-3", **YEN}),
    MORE.model_copy(update={"position": 4, "subject": "s-4", "rule": "ELG-8", "message": "Too many.", **REFUSED}),
    MORE.model_copy(update={"position": 5, "subject": "s-5", "rule": "LIF-1", "message": "Suspended.", **REFUSED}),
    MORE.model_copy(update={"position": 6, "subject": "s-6", "rule": "ELG-8", "message": "Too many.", **REFUSED}),
]


def operation(bulk_id: str = "more", **changes: object) -> Operation:
    request = BulkRequest(ask=ASK, selection=Selection(customer="fabrikam"))
    plain = Operation(bulk_id=bulk_id, request=request, started_at=START, shown=Totals.of(ITEMS), per_second=50)
    return plain.model_copy(update=changes)


@pytest.fixture
def bulks(database: Database) -> SqlBulks:
    return SqlBulks(database)


async def test_what_is_begun_is_read_back_as_it_was(bulks: SqlBulks) -> None:
    assert await bulks.operation("more") is None
    assert await bulks.begin(operation(), ITEMS) == operation()
    assert await bulks.operation("more") == operation()
    assert await bulks.items("more") == ITEMS
    assert await bulks.items("more", limit=2, after=2) == ITEMS[2:4]
    assert await bulks.items("more", [ItemStatus.REFUSED]) == ITEMS[3:]
    assert await bulks.totals("more") == Totals.of(ITEMS)
    assert (
        await bulks.refusals("more")
        == refusals_of(ITEMS)
        == [
            Refusals(status=ItemStatus.REFUSED, rule="ELG-8", items=2, subject="s-4", message="Too many."),
            Refusals(status=ItemStatus.REFUSED, rule="LIF-1", items=1, subject="s-5", message="Suspended."),
        ]
    )


async def test_an_id_is_begun_once(bulks: SqlBulks) -> None:
    begun = await asyncio.gather(
        *(bulks.begin(operation(started_at=START + n * DAY), ITEMS) for n in range(4)),
    )
    assert len({each.started_at for each in begun}) == 1
    assert len(await bulks.items("more")) == len(ITEMS)


async def test_a_result_is_noted_once(bulks: SqlBulks) -> None:
    """A worker that was taken for dead may come with an older result."""
    await bulks.begin(operation(), ITEMS)
    assert await bulks.waiting("more", 2) == ITEMS[:2]
    done = MORE.model_copy(update={"status": ItemStatus.DONE, "at": START + DAY, "message": "Done."})
    failed = ITEMS[1].without_answer(ItemStatus.FAILED, "no worker answered")
    await bulks.note("more", [done, failed])
    await bulks.note("more", [MORE.without_answer(ItemStatus.ENDED, "late")])
    await bulks.note("more", [])
    assert (await bulks.items("more"))[:2] == [done, failed]
    assert await bulks.waiting("more", 9) == ITEMS[2:3]
    assert await bulks.totals("more") == Totals.of([done, failed, *ITEMS[2:]])
    await bulks.wait_again("more")
    (again, other) = await bulks.waiting("more", 9)
    assert (again.subject, again.ask, other.subject) == ("s-2", ASK, "s-3")


async def test_a_final_state_stays(bulks: SqlBulks) -> None:
    await bulks.begin(operation(), ITEMS)
    for state, reason in ((BulkState.PAUSED, "3 failed"), (BulkState.RUNNING, None), (BulkState.STOPPED, "by ann")):
        await bulks.note_state(StateInput(bulk_id="more", state=state, reason=reason, per_second=7))
        found = await bulks.operation("more")
        assert found is not None
        assert (found.state, found.reason, found.per_second) == (state, reason, 7)
        assert (found.ended_at is not None) is state.final
    await bulks.note_state(StateInput(bulk_id="more", state=BulkState.RUNNING, per_second=9))
    assert await bulks.state("more") is BulkState.STOPPED
    with pytest.raises(BooksConflict, match="There is no bulk operation less in the books"):
        await bulks.state("less")


async def test_operations_are_listed_newest_first(bulks: SqlBulks) -> None:
    for number, bulk_id in enumerate(("a", "b", "c")):
        await bulks.begin(operation(bulk_id, started_at=START + number * DAY), ITEMS[:1])
    assert [each.bulk_id for each in await bulks.operations(limit=2)] == ["c", "b"]
    assert [each.bulk_id for each in await bulks.operations(after="b")] == ["a"]


async def test_filters_select_those_that_have_not_ended(database: Database, bulks: SqlBulks) -> None:
    books = InSql(database)
    for number, offer in enumerate((LICENCE, LICENCE, METER, LICENCE)):
        player = await bought(books, offer, f"s-{number}")
        if number == 3:
            await player.ask(Cancel(by="admin_agent", reason=Reason.CUSTOMER_REQUEST), START)
    await stock(database, partner(), customer(), listed(id="wingtip-meter", vendor="wingtip"))

    async def found(**filters: object) -> list[str]:
        return await bulks.matching(Selection(**filters))  # type: ignore[arg-type]  # of the test's own

    assert await found() == ["s-0", "s-1", "s-2"]
    assert await found(customer="fabrikam", offer="contoso-crm") == ["s-0", "s-1"]
    assert await found(publisher="wingtip") == ["s-2"]
    assert await found(partner="northwind") == ["s-0", "s-1", "s-2"]
    assert await found(state=State.ACTIVE, offer="wingtip-meter") == ["s-2"]
    for nothing in ({"customer": "x"}, {"partner": "x"}, {"publisher": "x"}, {"state": State.CANCELLED}):
        assert await found(**nothing) == []
    assert await bulks.unknown(["s-1", "s-9", "s-3", "s-8"]) == {"s-9", "s-8"}


async def test_a_request_of_each_kind_is_kept(bulks: SqlBulks) -> None:
    other = SetAutoRenew(by="admin_agent", enabled=False)
    await bulks.begin(operation(), [MORE.model_copy(update={"ask": other})])
    (item,) = await bulks.items("more")
    assert item.ask == other
