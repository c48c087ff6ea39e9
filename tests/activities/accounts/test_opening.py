"""An account is opened once in the books, and comes back as they know it (MON-5)."""

from datetime import timedelta

from activities.accounts.contracts import AccountOpening
from activities.adapters.sql.account.books import SqlAccountBooks
from activities.adapters.sql.database import Database
from domain.account.terms import terms_of
from domain.roles import RolePreset
from tests.support.books.account import CUSTOMER, AccountsInSql, Customer, row
from tests.support.instants import START

FIRST = AccountOpening(
    customer_id=CUSTOMER,
    terms=terms_of("saas-fulfillment-v2").without_suspension(),
    roles=list(RolePreset)[-1],
    opened_at=START,
    ahead_by=timedelta(days=-3, microseconds=1),
)


async def test_the_first_opening_counts(database: Database) -> None:
    books = SqlAccountBooks(database)
    opened = await books.open(FIRST)
    account = opened.life.account
    assert (account.terms, account.roles, account.opened_at) == (FIRST.terms, FIRST.roles, START)
    assert (opened.ahead_by, opened.life.effects, opened.life.committed) == (FIRST.ahead_by, (), 0)
    other = AccountOpening(customer_id=CUSTOMER, terms=terms_of("default"), opened_at=START + timedelta(days=9))
    assert await books.open(other) == opened


async def test_it_comes_back_with_its_closed_month(database: Database) -> None:
    """Its invoices are written, and its events are not: they are decided again."""
    theirs = Customer(AccountsInSql(database))
    await theirs.write(row(START))
    receipt = await theirs.close()
    opening = FIRST.model_copy(update={"ahead_by": None})
    life = (await SqlAccountBooks(database).open(opening)).life
    assert life.account.month.start == receipt.period.end
    assert [each.invoice for each in life.account.receivables] == [head.invoice for head in receipt.invoices]
    assert (life.committed, life.account.seq, len(life.effects)) == (0, 1, 1)
