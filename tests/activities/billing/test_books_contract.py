"""What every kind of books does: once for each key, usage counted once, and never a silent no-op (MON-2, SUS-10)."""

from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal

import pytest
import pytest_asyncio

from activities.errors import BooksConflict
from domain.rules import Rule
from domain.subscription.commands import ChangeQuantity, Deprovision, SetAutoRenew, Suspend
from domain.subscription.decision import Outcome
from domain.subscription.effects import Record
from domain.subscription.holds import Reason
from domain.subscription.ledger import Kind
from domain.subscription.scheduled import When
from tests.support.books.short_lives import LICENCE, METER, bought, report, taken
from tests.support.books.subscription import BooksUnderTest, books_at
from tests.support.instants import DAY, START


@pytest_asyncio.fixture
async def books(url_or_none: str | None) -> AsyncIterator[BooksUnderTest]:
    async with books_at(url_or_none) as opened:
        yield opened


async def test_the_same_decision_again_is_the_same_receipt_and_no_more_rows(books: BooksUnderTest) -> None:
    player = await bought(books, LICENCE)
    await player.advance(START + 70 * DAY)
    rows, events = list(await books.rows(player.id)), list(await books.events(player.id))
    assert len(player.recorded) == 3
    for entry, receipt in [*player.recorded, *reversed(player.recorded)]:
        assert await books.record(entry) == receipt
    assert (await books.rows(player.id), await books.events(player.id)) == (rows, events)


async def test_other_content_under_the_same_key_is_a_conflict(books: BooksUnderTest) -> None:
    player = await bought(books, LICENCE)
    (entry, _) = player.recorded[0]
    event = entry.record.events[0].model_copy(update={"at": START + DAY})
    with pytest.raises(BooksConflict):
        await books.record(player.entry(Record(events=(event,))))
    assert [event.at for event in await books.events(player.id)] == [START]


async def test_a_ledger_key_is_written_once(books: BooksUnderTest) -> None:
    player = await bought(books, LICENCE)
    (entry, _) = player.recorded[0]
    again = entry.record.events[0].model_copy(update={"seq": 2})
    with pytest.raises(BooksConflict, match="term-1/period-1/charge/contoso-crm"):
        await books.record(player.entry(Record(events=(again,))))
    assert len(await books.rows(player.id)) == 1


async def test_usage_is_billed_once_at_its_periods_end(books: BooksUnderTest) -> None:
    player = await bought(books, METER)
    await player.ask(report("a", "1.5"), START + DAY)
    await player.ask(report("b", "2.50"), START + 2 * DAY)
    await player.advance(START + 70 * DAY)
    rows = await books.rows(player.id)
    assert [(row.kind, row.quantity, row.amount) for row in rows] == [(Kind.CHARGE, Decimal(4), Decimal("1.00"))]
    charged = [receipt for _, receipt in player.recorded if receipt.usage_rows]
    assert [receipt.usage_rows for receipt in charged] == [tuple(rows)]


async def test_usage_too_small_to_cost_anything_is_counted_all_the_same(books: BooksUnderTest) -> None:
    player = await bought(books, METER)
    await player.ask(report("a", "0.01"), START + DAY)
    await player.ask(Suspend(by="admin_agent", reason=Reason.FRAUD), START + 40 * DAY)
    assert await books.rows(player.id) == []
    unbilled = player.life.subscription.unbilled
    assert unbilled is not None
    assert unbilled.usage == ()


async def test_a_usage_id_again_changes_nothing_and_with_other_units_is_refused(books: BooksUnderTest) -> None:
    player = await bought(books, METER)
    outcomes = [
        await books.report_usage(player.id, report(usage_id, units), taken(START + DAY))
        for usage_id, units in [("a", "4"), ("a", "4.0"), ("a", "5"), ("b", "4")]
    ]
    assert [answer.outcome for answer in outcomes] == [
        Outcome.DONE,
        Outcome.UNCHANGED,
        Outcome.REFUSED,
        Outcome.DONE,
    ]
    assert {answer.rule for answer in outcomes[1:3]} == {Rule.MON_7}
    ended = await player.ask(Deprovision(by="admin_agent"), START + 2 * DAY)
    assert str(ended.charge) == "USD 2.00"


async def test_a_suspension_counts_what_is_unbilled(books: BooksUnderTest) -> None:
    player = await bought(books, {**METER, "trial_days": 30})
    await player.ask(report("in-trial", "100"), START + DAY)
    await player.ask(report("paid", "0.100"), START + 31 * DAY)
    await player.ask(Suspend(by="admin_agent", reason=Reason.FRAUD), START + 32 * DAY)
    unbilled = player.life.subscription.unbilled
    assert unbilled is not None
    assert [str(one.units) for one in unbilled.usage] == ["0.100"]


async def test_use_2_usage_of_before_is_counted_by_period_while_suspended(books: BooksUnderTest) -> None:
    player = await bought(books, METER)
    await player.ask(Suspend(by="admin_agent", reason=Reason.FRAUD), START + 40 * DAY)
    await player.ask(report("a", "1", START + DAY), START + 41 * DAY)
    await player.ask(report("b", "2", START + 2 * DAY), START + 42 * DAY)
    await player.ask(report("c", "4", START + 39 * DAY), START + 43 * DAY)
    unbilled = player.life.subscription.unbilled
    assert unbilled is not None
    assert [str(one.units) for one in unbilled.usage] == ["3", "4"]
    await player.advance(START + 70 * DAY)
    assert [(row.quantity, row.key) for row in await books.rows(player.id)] == [
        (Decimal(3), "seq-4/term-1/period-1/charge/wingtip-meter"),
        (Decimal(4), "term-2/period-1/charge/wingtip-meter"),
    ]


async def test_use_3_a_correction_replaces_the_units_once(books: BooksUnderTest) -> None:
    player = await bought(books, METER)
    await player.ask(report("a", "25"), START + DAY)
    corrections = [
        ("less", "20", "a"),
        ("less", "20", "a"),
        ("less", "21", "a"),
        ("again", "20", "a"),
        ("lost", "1", "nothing"),
        ("itself", "1", "itself"),
        ("none", "0", "less"),
    ]
    answers = [
        await player.ask(report(usage_id, units, corrects=corrected), START + 2 * DAY)
        for usage_id, units, corrected in corrections
    ]
    assert [f"{answer.outcome} {answer.rule}" for answer in answers] == [
        "done CXL-6",
        "unchanged MON-7",
        "refused MON-7",
        "refused USE-3",
        "refused USE-3",
        "refused USE-3",
        "done CXL-6",
    ]
    assert "Correct less instead" in answers[3].message
    await player.advance(START + 40 * DAY)
    assert await books.rows(player.id) == []


async def test_use_3_what_is_billed_already_is_corrected_by_the_difference(books: BooksUnderTest) -> None:
    player = await bought(books, METER)
    await player.ask(report("a", "25"), START + DAY)
    await player.ask(report("less", "5", corrects="a"), START + 40 * DAY)
    await player.ask(report("b", "1"), START + 41 * DAY)
    await player.advance(START + 70 * DAY)
    rows = [(row.kind, row.quantity, row.amount, row.key) for row in await books.rows(player.id)]
    assert rows == [
        (Kind.CHARGE, Decimal(25), Decimal("6.25"), "term-1/period-1/charge/wingtip-meter"),
        (Kind.CREDIT, Decimal(20), Decimal("5.00"), "seq-3/term-1/period-1/credit/wingtip-meter"),
        (Kind.CHARGE, Decimal(1), Decimal("0.25"), "term-2/period-1/charge/wingtip-meter"),
    ]


async def test_use_2_what_comes_after_the_end_is_settled_a_day_later(books: BooksUnderTest) -> None:
    player = await bought(books, METER)
    ended = START + 10 * DAY
    await player.ask(Deprovision(by="admin_agent"), ended)
    await player.ask(report("last", "4", ended - timedelta(hours=1)), ended + timedelta(hours=1))
    lives = [player.life.ended]
    await player.advance(ended + DAY)
    assert [*lives, player.life.ended] == [False, True]
    (row,) = await books.rows(player.id)
    assert (row.key, row.period.end) == ("seq-3/term-1/period-1/charge/wingtip-meter", ended)
    assert [event.event for event in await books.events(player.id)][1:] == ["deprovisioned", "usage_settled"]


async def test_usage_that_came_late_is_in_the_next_charge(books: BooksUnderTest) -> None:
    player = await bought(books, METER)
    await player.advance(START + 40 * DAY)
    await books.report_usage(player.id, report("late", "8"), taken(START + DAY))
    await player.advance(START + 70 * DAY)
    assert [row.amount for row in await books.rows(player.id)] == [Decimal("2.00")]


async def test_usage_at_a_periods_very_end_is_the_next_periods(books: BooksUnderTest) -> None:
    player = await bought(books, METER)
    end = START + 28 * DAY
    await books.report_usage(player.id, report("at-the-end", "8"), taken(end))
    await player.advance(end)
    assert (len(await books.events(player.id)), await books.rows(player.id)) == (2, [])
    await player.advance(START + 70 * DAY)
    assert [row.amount for row in await books.rows(player.id)] == [Decimal("2.00")]


async def test_what_a_life_uses_last_is_billed_as_it_ends(books: BooksUnderTest) -> None:
    player = await bought(books, METER)
    at = START + DAY
    await player.ask(report("last", "4"), at)
    await player.ask(Deprovision(by="admin_agent"), at)
    assert [row.amount for row in await books.rows(player.id)] == [Decimal("1.00")]


async def test_access_of_no_length_is_not_kept(books: BooksUnderTest) -> None:
    player = await bought(books, METER)
    await player.ask(Deprovision(by="admin_agent"), START)
    assert await books.access(player.id) == []


async def test_ren_5_an_announced_renewal_is_read_as_it_was_decided(books: BooksUnderTest) -> None:
    player = await bought(books, {**LICENCE, "announce_days": 7})
    await player.ask(ChangeQuantity(by="admin_agent", quantity=5, when=When.RENEWAL), START + DAY)
    await player.advance(START + 40 * DAY)
    events = await books.events(player.id)
    assert [event.event for event in events] == ["purchased", "change_scheduled", "renewal_announced", "renewed"]
    announced, renewed = events[2].announces, events[3]
    assert announced is not None
    assert announced.renews_at == renewed.at
    assert str(announced.amount) == "USD 50.00"
    assert sum(row.amount for row in renewed.rows) == Decimal("50.00")
    assert [event.after.scheduled_changes for event in events] == [{}, {"contoso-crm": 5}, {"contoso-crm": 5}, {}]


async def test_lives_do_not_touch_each_other(books: BooksUnderTest) -> None:
    one, two = await bought(books, METER, "one"), await bought(books, METER, "two")
    await one.ask(report("a", "4"), START + DAY)
    await two.ask(SetAutoRenew(by="admin_agent", enabled=False), START + DAY)
    for player in (one, two):
        await player.advance(START + 40 * DAY)
    assert [len(await books.rows(player.id)) for player in (one, two)] == [1, 0]
    assert [len(await books.events(player.id)) for player in (one, two)] == [2, 3]
