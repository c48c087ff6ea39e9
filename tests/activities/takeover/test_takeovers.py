"""Subscriptions that are taken over in SQL: journal, claims, notifications and audit, and the way back."""

from dataclasses import replace
from datetime import timedelta

import pytest

from activities.adapters.sql.database import Database
from activities.adapters.sql.subscription.auditor import SqlAuditor
from activities.adapters.sql.subscription.lives import SqlLives
from activities.adapters.sql.subscription.reader import SqlReader
from activities.adapters.sql.takeover.takeovers import SqlTakeovers
from activities.billing.contracts import Origin, RecordInput
from activities.errors import BooksConflict
from activities.takeover.contracts import TakeoverInput
from domain.ordering.placement import one_per_customer, one_trial
from domain.subscription.effects import Provision
from statemachines.takeover.known import Known, Named
from statemachines.takeover.rows import row_of as as_row
from statemachines.takeover.takeover import Takeover
from statemachines.takeover.usage import usage_rows
from tests.support.instants import instant
from tests.support.shop.buyers import customer, partner
from tests.support.shop.offers import BACKUP, MICROSOFT, listed
from tests.support.shop.orders import stock
from tests.support.shop.taken_over import FABRIKAM, decided
from tests.support.shop.takeovers import ACTIVE, AS_OF, SUSPENDED, row_of

NOW = instant(AS_OF)
CRM = listed(id="crm", add_ons=[BACKUP], one_per_customer=True)
ROWS = (
    row_of(ACTIVE, trial_end="2026-02-10T00:00:00Z"),
    row_of(SUSPENDED, subscription_id=None, reference="old/2", customer="other"),
)


def takeovers() -> list[Takeover]:
    return [decided(row, Known(CRM, FABRIKAM, 1), NOW) for row in ROWS]


def entry(takeover: Takeover) -> TakeoverInput:
    recorded = RecordInput.of(takeover.subscription, takeover.record, Origin(invoiced=True))
    return TakeoverInput(entry=recorded, claims=takeover.claims, usage=takeover.usage)


@pytest.fixture
def books(database: Database) -> SqlTakeovers:
    return SqlTakeovers(database)


async def test_mov_1_what_is_taken_over_is_rebuilt_and_audited(database: Database, books: SqlTakeovers) -> None:
    taken = takeovers()
    assert await books.take([entry(each) for each in taken]) == 2
    assert await books.take([entry(each) for each in taken]) == 0
    for each in taken:
        restored = await SqlLives(database).restored(each.subscription.subscription_id)
        assert restored.life.subscription == each.subscription
        assert restored.life.recent == (each.event,)
        granted = [effect for effect in restored.life.effects if isinstance(effect, Provision)]
        assert len(granted) == each.subscription.state.users_have_access
        assert [n.event for n in await SqlReader(database).notifications(each.subscription.subscription_id)] == [
            "taken_over"
        ]
    audited = await SqlAuditor(database).page()
    assert [(life.violations, life.events, life.rows) for life in audited] == [((), 1, 0)] * 2


async def test_mov_5_it_comes_back_as_the_row_that_it_is(books: SqlTakeovers) -> None:
    taken = takeovers()
    await books.take([entry(each) for each in taken])
    running = await books.running()
    wanted = {each.subscription.subscription_id: as_row(each.subscription) for each in taken}
    assert {each.subscription.subscription_id: as_row(each.subscription) for each in running} == wanted
    assert [each.reference for each in running] == ["old/2", None]
    assert [each.subscription.customer_id for each in await books.running(customer="fabrikam")] == ["fabrikam"]
    first, second = running
    assert [each.subscription for each in await books.running(limit=1, after=first.subscription.subscription_id)] == [
        second.subscription
    ]


async def test_elg_1_tri_4_claims_are_taken_with_it_and_a_batch_is_whole_or_not_there(books: SqlTakeovers) -> None:
    first, second = takeovers()
    await books.take([entry(first)])
    keys = [one_per_customer("fabrikam", "crm").key, one_trial("fabrikam", "crm").key]
    named = Named(frozenset({"s-1", second.subscription.subscription_id}), frozenset(), frozenset(), frozenset(keys))
    standing = await books.standing(named)
    assert standing.holders == dict.fromkeys(keys, "s-1")
    assert set(standing.here) == {"s-1"}
    assert standing.here["s-1"].row is not None
    with pytest.raises(BooksConflict):
        await books.take([entry(replace(second, claims=first.claims))])
    assert set((await books.standing(named)).here) == {"s-1"}


async def test_use_2_usage_that_is_not_billed_is_written_once_and_comes_back(
    database: Database, books: SqlTakeovers
) -> None:
    offer = listed(id="api", billing_type="usage", **MICROSOFT)
    used = {"usage_id": "u-1", "used_at": "2026-03-05T00:00:00Z", "units": "12.5"}
    row = row_of(ACTIVE, offer="api", quantity=1, add_ons={}, unbilled_usage=[used])
    taken = decided(row, Known(offer, FABRIKAM, 1), NOW)
    for number in (1, 0):
        assert await books.take([entry(taken)]) == number
    (running,) = await books.running()
    assert [(each.usage_id, f"{each.units}") for each in running.unbilled] == [("u-1", "12.5")]
    again = as_row(running.subscription, unbilled_usage=usage_rows(running.subscription, running.unbilled))
    assert again.unbilled_usage == row.unbilled_usage
    (audited,) = await SqlAuditor(database).page()
    assert audited.violations == ()


async def test_the_same_id_with_other_content_is_refused(books: SqlTakeovers) -> None:
    await books.take([entry(takeovers()[0])])
    other = decided(row_of(ACTIVE, quantity=4), Known(CRM, FABRIKAM, 1), NOW + timedelta(seconds=1))
    with pytest.raises(BooksConflict, match="already recorded with other content"):
        await books.take([entry(other)])


async def test_the_catalog_and_what_is_here_are_found_together(database: Database, books: SqlTakeovers) -> None:
    await stock(database, partner(), customer(), CRM)
    names = Named(frozenset({"s-1"}), frozenset({"fabrikam", "nobody"}), frozenset({"crm", "nothing"}), frozenset())
    standing = await books.standing(names)
    assert (set(standing.customers), set(standing.offers), standing.here) == ({"fabrikam"}, {"crm"}, {})
