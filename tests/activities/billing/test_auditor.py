"""`check` finds what somebody altered in the books behind our back (MON-2, section 12)."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from activities.adapters.sql.database import Database
from activities.adapters.sql.subscription.auditor import SqlAuditor
from domain.subscription.commands import ChangeQuantity, Suspend
from domain.subscription.holds import Reason
from statemachines.audit.subscription import Audited, Invariant
from tests.support.books.short_lives import LICENCE, METER, bought, report
from tests.support.books.subscription import InSql
from tests.support.instants import DAY, START
from tests.support.raw_sql import alter

SNAPSHOT = "UPDATE subscription SET snapshot = replace(snapshot, '{}', '{}') WHERE id = 's-1'"


@pytest_asyncio.fixture
async def auditor(database: Database) -> AsyncIterator[SqlAuditor]:
    """Over the books of a licence (s-1) and of a meter (s-2) that was used, billed and suspended."""
    books = InSql(database)
    licence = await bought(books, LICENCE, "s-1")
    await licence.ask(ChangeQuantity(by="admin_agent", quantity=5), START + DAY)
    await licence.advance(START + 70 * DAY)
    meter = await bought(books, METER, "s-2")
    for number in (1, 2):
        await meter.ask(report(f"u-{number}", "40"), START + number * DAY)
    await meter.advance(START + 40 * DAY)
    await meter.ask(report("u-3", "7"), START + 41 * DAY)
    await meter.ask(Suspend(by="service", reason=Reason.FRAUD), START + 42 * DAY)
    await meter.advance(START + 80 * DAY)
    yield SqlAuditor(database)


async def found(auditor: SqlAuditor) -> dict[str, Audited]:
    return {audited.subscription_id: audited for audited in await auditor.page()}


async def test_books_that_nobody_altered(auditor: SqlAuditor) -> None:
    lives = await found(auditor)
    assert list(lives) == ["s-1", "s-2"]
    for life in lives.values():
        assert life.violations == ()
        assert life.access_confirmed
    assert (lives["s-1"].events, lives["s-1"].rows) == (4, 5)
    assert await auditor.one("s-2") == lives["s-2"]
    assert await auditor.one("nobody") is None


async def test_it_goes_page_by_page(auditor: SqlAuditor) -> None:
    (first,) = await auditor.page(limit=1)
    (second,) = await auditor.page(limit=1, after=first.subscription_id)
    assert (first.subscription_id, second.subscription_id) == ("s-1", "s-2")
    assert await auditor.page(after="s-2") == []


@pytest.mark.parametrize(
    ("statement", "life", "words"),
    [
        ("UPDATE ledger_entry SET amount_minor = 2999 WHERE subscription_id = 's-1' AND seq = 1", "s-1", "event 1"),
        ("UPDATE ledger_entry SET key = 'another' WHERE subscription_id = 's-1' AND seq = 3", "s-1", "event 3"),
        ("UPDATE ledger_entry SET currency = 'EUR' WHERE subscription_id = 's-1' AND seq = 3", "s-1", "event 3"),
        (
            "UPDATE ledger_entry SET seq = 9 WHERE subscription_id = 's-1' AND seq = 3",
            "s-1",
            "event 9, which does not exist",
        ),
        ("DELETE FROM ledger_entry WHERE subscription_id = 's-1' AND seq = 3", "s-1", "event 3"),
        ("UPDATE ledger_entry SET amount_minor = 1 WHERE subscription_id = 's-2'", "s-2", "usage that event"),
        ("DELETE FROM ledger_entry WHERE subscription_id = 's-2'", "s-2", "usage that event"),
        ("UPDATE journal SET by = 'global_admin' WHERE subscription_id = 's-1' AND seq = 2", "s-1", "event 2"),
        ("UPDATE journal SET reason = 'nonpayment' WHERE subscription_id = 's-2' AND reason = 'fraud'", "s-2", "event"),
        ("UPDATE journal SET at = 'yesterday' WHERE subscription_id = 's-1' AND seq = 2", "s-1", "cannot be read"),
        ("UPDATE journal SET after = '{}' WHERE subscription_id = 's-1' AND seq = 2", "s-1", "cannot be read"),
        ("UPDATE ledger_entry SET quantity = 'many' WHERE subscription_id = 's-1'", "s-1", "cannot be read"),
        ("UPDATE subscription SET quantity = 77 WHERE id = 's-1'", "s-1", "lists show quantity 77, the journal 5"),
        ("UPDATE subscription SET state = 'expired' WHERE id = 's-1'", "s-1", "lists show state expired"),
        (
            SNAPSHOT.format('"holds":[]', '"holds":[{"reason":"fraud","at":"2026-02-01T00:00:00Z","by":"service"}]'),
            "s-1",
            "its snapshot shows the holds fraud, the journal none",
        ),
        (SNAPSHOT.format('"seq":4', '"seq":3'), "s-1", "its snapshot is of event 3, and its last event is 4"),
        (SNAPSHOT.format('"seq":4', '"seq":"four"'), "s-1", "cannot be read"),
        ("DELETE FROM decision WHERE subscription_id = 's-1' AND seq = 1", "s-1", "its first decision is missing"),
        ("DELETE FROM decision WHERE subscription_id = 's-1' AND seq = 4", "s-1", "event 3"),
    ],
)
async def test_what_was_altered_is_found(
    auditor: SqlAuditor, database: Database, statement: str, life: str, words: str
) -> None:
    await alter(database, statement)
    lives = await found(auditor)
    altered = [v for v in lives[life].violations if v.invariant is Invariant.AS_RECORDED]
    assert any(words in violation.words for violation in altered), altered
    (other,) = lives.keys() - {life}
    assert lives[other].violations == ()


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE usage SET units = '41' WHERE usage_id = 'u-1'", "is not what its usage comes to"),
        ("UPDATE usage SET used_at = '2027-02-25T09:00:00.000000Z' WHERE usage_id = 'u-1'", "does not include it"),
        ("UPDATE usage SET used_at = '2026-01-01T09:00:00.000000Z' WHERE usage_id = 'u-1'", "does not include it"),
        ("UPDATE usage SET billed_by = NULL WHERE usage_id = 'u-1'", "is not what its usage comes to"),
        ("UPDATE usage SET billed_by = 99 WHERE usage_id = 'u-3'", "event 99, which does not exist"),
        ("UPDATE usage SET replaced = '1' WHERE usage_id = 'u-3'", "replaces units and corrects no report"),
        ("UPDATE usage SET corrects = 'u-1' WHERE usage_id = 'u-3'", "is not a correction of u-1"),
        ("DELETE FROM usage WHERE usage_id = 'u-3'", "bills usage that no report has"),
        ("UPDATE ledger_entry SET amount_minor = 1 WHERE subscription_id = 's-2'", "is not what its usage comes to"),
        ("UPDATE ledger_entry SET quantity = '79' WHERE subscription_id = 's-2' AND seq = 2", "is not what its usage"),
        ("DELETE FROM ledger_entry WHERE subscription_id = 's-2' AND seq = 2", "lacks the row term-1/period-1"),
    ],
)
async def test_use_2_usage_that_was_altered_is_found(
    auditor: SqlAuditor, database: Database, statement: str, words: str
) -> None:
    await alter(database, statement)
    lives = await found(auditor)
    assert lives["s-1"].violations == ()
    altered = [v for v in lives["s-2"].violations if v.invariant is Invariant.USAGE]
    assert any(words in violation.words for violation in altered), altered


async def test_a_row_comes_with_what_it_breaks(auditor: SqlAuditor, database: Database) -> None:
    """Invariant 3 and MON-2, each with the row."""
    raised = "UPDATE ledger_entry SET amount_minor = 900000 WHERE subscription_id = 's-1' AND kind = 'credit'"
    await alter(database, raised)
    violations = (await found(auditor))["s-1"].violations
    assert {violation.invariant for violation in violations} == {
        Invariant.CREDITS_WITHIN_CHARGES,
        Invariant.AS_RECORDED,
    }
    assert all(any(str(row.amount) == "9000.00" for row in violation.rows) for violation in violations)


DELIVERED = (
    "INSERT INTO delivery (subscription_id, seq, publisher, standing, tries) VALUES ('s-1', {}, 'contoso', '{}', 1)"
)


@pytest.mark.parametrize(
    ("statements", "words"),
    [
        (
            ["DELETE FROM outbox WHERE subscription_id = 's-1' AND seq = 2"],
            "journal and outbox differ in these events: 2",
        ),
        (
            [DELIVERED.format(1, "delivered"), DELIVERED.format(3, "delivered")],
            "notified of event 3 before event 2 was done",
        ),
        (
            [DELIVERED.format(1, "undeliverable"), DELIVERED.format(2, "waiting")],
            "notified of event 2 before event 1 was done",
        ),
        (
            [DELIVERED.format(1, "waiting"), DELIVERED.format(77, "delivered")],
            "notified of event 77, which does not exist",
        ),
    ],
)
async def test_invariant_13_what_was_told_out_of_order_is_found(
    auditor: SqlAuditor, database: Database, statements: list[str], words: str
) -> None:
    for statement in statements:
        await alter(database, statement)
    violations = (await found(auditor))["s-1"].violations
    assert {violation.invariant for violation in violations} == {Invariant.TOLD_IN_ORDER}
    assert any(words in violation.words for violation in violations), violations


async def test_invariant_13_what_is_told_in_order_is_well(auditor: SqlAuditor, database: Database) -> None:
    for seq, standing in enumerate(("delivered", "skipped", "not_in_dialect", "undeliverable"), start=1):
        await alter(database, DELIVERED.format(seq, standing))
    assert (await found(auditor))["s-1"].violations == ()
