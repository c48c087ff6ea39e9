"""What only one subscription can hold (ELG-1), released as it ends, or never (TRI-4)."""

import asyncio

import pytest

from activities.adapters.sql.claims import SqlClaims
from activities.adapters.sql.database import Database
from activities.errors import ClaimTaken
from domain.commands import Cancel
from domain.holds import Reason
from tests.activities.books_under_test import InSql
from tests.activities.lives import LICENCE, START, bought

ONE, TRIAL = "one-per-customer/fabrikam/contoso-crm", "trial/fabrikam/contoso-crm"


async def test_a_claim_has_one_holder_who_may_ask_again(database: Database) -> None:
    claims = SqlClaims(database)
    await claims.take("s-1", [ONE, ONE], permanent=False)
    await claims.take("s-1", [ONE], permanent=False)
    with pytest.raises(ClaimTaken) as refused:
        await claims.take("s-2", ["another", ONE], permanent=False)
    assert (refused.value.key, refused.value.holder) == (ONE, "s-1")
    # All or none: what was free is still free.
    await claims.take("s-3", ["another"], permanent=False)


async def test_of_two_buyers_at_once_one_wins(url: str) -> None:
    async with Database(url) as here, Database(url) as there:
        tries = [SqlClaims((here, there)[n % 2]).take(f"s-{n}", [ONE], permanent=False) for n in range(10)]
        outcomes = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(outcome is None for outcome in outcomes) == 1
    assert sum(isinstance(outcome, ClaimTaken) for outcome in outcomes) == 9


async def test_the_end_releases_what_is_not_for_ever(database: Database) -> None:
    claims = SqlClaims(database)
    await claims.take("s-1", [ONE], permanent=False)
    await claims.take("s-1", [TRIAL], permanent=True)
    player = await bought(InSql(database), LICENCE)
    with pytest.raises(ClaimTaken):
        await claims.take("s-2", [ONE], permanent=False)
    await player.ask(Cancel(by="admin_agent", reason=Reason.CUSTOMER_REQUEST), START)
    # Asked again by a retry that comes late, what was released stays so.
    await claims.take("s-1", [ONE], permanent=False)
    await claims.take("s-2", [ONE], permanent=False)
    with pytest.raises(ClaimTaken, match="held by subscription s-1"):
        await claims.take("s-2", [TRIAL], permanent=True)


async def test_a_claim_can_become_permanent(database: Database) -> None:
    claims = SqlClaims(database)
    await claims.take("s-1", [ONE], permanent=False)
    await claims.take("s-1", [ONE], permanent=True)
    player = await bought(InSql(database), LICENCE)
    await player.ask(Cancel(by="admin_agent", reason=Reason.CUSTOMER_REQUEST), START)
    with pytest.raises(ClaimTaken):
        await claims.take("s-2", [ONE], permanent=False)
