"""An account whose books were changed underneath: an operator sees both sides, and it goes on as the operator chose."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from activities.adapters.sql.database import Database
from activities.settings import Settings
from domain.conflict import Choice, SettleConflict
from domain.subscription.decision import Outcome
from hosting.assembly import World
from tests.support.live.otherwise import account_decided_otherwise, conflict_of_account
from tests.support.live.payers import new_customer, payment
from workflows.account.messages import StartAccount
from workflows.calls.errors import Rejected

pytestmark = [pytest.mark.live, pytest.mark.timeout(180)]


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    async with Database(settings.database_url) as opened:
        yield opened


@pytest.mark.parametrize(
    ("choice", "credit", "again", "in_the_end"),
    [("adopt", "8.00", Outcome.DONE, "13.00"), ("set_aside", "5.00", Outcome.UNCHANGED, "5.00")],
)
async def test_a_payment_that_the_books_have_otherwise(
    world: World, database: Database, choice: str, credit: str, again: Outcome, in_the_end: str
) -> None:
    customer, accounts = new_customer(), world.server.accounts
    await accounts.open(StartAccount(customer_id=customer, opened_at=datetime.now(UTC)))
    await accounts.settled(customer)
    request = SettleConflict(key="record:1", choice=Choice(choice), reason="agreed", by="global_admin", actor="ana")
    with pytest.raises(Rejected, match="no effect waits with a conflict"):
        await accounts.settle(customer, request)
    await account_decided_otherwise(world, database, customer, payment("p-9", "8.00"))
    first = await accounts.ask(customer, payment("p-1", "5.00"), wait=False)
    assert first.outcome is Outcome.DONE
    conflict = await conflict_of_account(world, customer)
    differing = {field.name: (field.wanted, field.held) for field in conflict.fields if field.differs}
    assert (conflict.key, differing["1 amount"]) == ("record:1", ("USD 5.00", "USD 8.00"))
    with pytest.raises(Rejected, match="Only an operator settles conflicts"):
        await accounts.settle(customer, request.model_copy(update={"by": "billing_admin"}))

    await accounts.settle(customer, request)
    seen = await accounts.details(customer)
    assert (seen.attention, seen.conflict, seen.committed) == (None, None, 2)
    assert [f"{amount:f}" for amount in seen.credit.values()] == [credit]
    event = (await world.books.accounts.events(customer))[-1]
    assert (event.event, event.by, event.actor, event.details) == ("conflict_settled", "global_admin", "ana", "agreed")
    # A payment that was undone counts when it is sent again; one that was set aside is known.
    assert (await accounts.ask(customer, payment("p-1", "5.00"))).outcome is again
    life = await accounts.settled(customer)
    assert [f"{amount:f}" for amount in life.account.credit.values()] == [in_the_end]
