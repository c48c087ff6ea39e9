"""What an account wants to write and the books have otherwise: both sides are told, and a choice lets it go on."""

from datetime import timedelta
from decimal import Decimal

import pytest

from activities.adapters.sql.account.auditor import SqlAccountAuditor
from activities.adapters.sql.database import Database
from activities.errors import BooksConflict
from domain.account.events import AccountEventName, LiftHolds, PlaceHolds
from domain.account.held import HeldAccount
from domain.account.requests import ChangeTerms, FailPayment, ReceivePayment
from domain.account.terms import terms_of
from domain.conflict import Choice, SettleConflict
from domain.subscription.decision import Outcome
from statemachines.account.life import AccountLife
from statemachines.audit.account import AuditedAccount
from statemachines.conflicts.account import conflict_of, settle
from tests.support.books.account import FEBRUARY, JANUARY, row
from tests.support.books.lived_account import STEPS, LivedAccount
from tests.support.instants import DAY
from tests.support.raw_sql import change

BOTH = (Choice.ADOPT, Choice.SET_ASIDE)


class Account(LivedAccount):
    """With what its conflicts need."""

    def pay(self, payment_id: str, amount: str) -> None:
        """Decide a payment; nothing of it is performed."""
        self.life, answer = STEPS.accept(self.life, payment(payment_id, amount), self.now)
        assert answer.outcome is Outcome.DONE

    async def conflicting(self) -> HeldAccount:
        with pytest.raises(BooksConflict) as caught:
            await self.perform_first()
        assert isinstance(caught.value.held, HeldAccount)
        assert len(caught.value.held.model_dump_json()) < 32_000
        return caught.value.held

    async def settled(self, held: HeldAccount, choice: Choice) -> None:
        conflict = conflict_of(self.life.effects[0], "it differs", held)
        assert conflict is not None
        assert choice in conflict.choices
        request = SettleConflict(key=conflict.key, choice=choice, reason="agreed", by="admin_agent", actor="ana")
        self.life = settle(STEPS, self.life, held, request, self.now)
        await self.perform()
        event = (await self.customer.events())[-1]
        assert (event.event, event.by, event.actor, event.rule) == (
            AccountEventName.CONFLICT_SETTLED,
            "admin_agent",
            "ana",
            "REP-1",
        )
        assert event.settled is not None
        assert (event.settled.key, event.settled.choice, event.details) == (conflict.key, choice, "agreed")
        assert self.life.committed == self.life.account.seq == event.seq


def payment(payment_id: str, amount: str) -> ReceivePayment:
    return ReceivePayment.model_validate(
        {"by": "service", "payment_id": payment_id, "currency": "USD", "amount": amount}
    )


def owed(life: AccountLife) -> dict[str, str]:
    return {each.invoice: f"{each.owed:f}" for each in life.account.receivables}


def differing(held: HeldAccount) -> dict[str, tuple[str | None, str | None]]:
    return {field.name: (field.wanted, field.held) for field in held.fields if field.differs}


async def checked(database: Database) -> AuditedAccount:
    (audited,) = await SqlAccountAuditor(database).page()
    return audited


@pytest.fixture
async def account(database: Database) -> Account:
    """An account with an invoice of USD 30.00."""
    made = Account(database)
    await made.customer.write(row(JANUARY.start + DAY, "30.00"))
    await made.advance(JANUARY.end)
    assert owed(made.life) == {"fabrikam-000001": "30.00"}
    return made


async def with_another_payment(account: Account) -> HeldAccount:
    """A payment of 5.00 waits, and another one behind it, where the books have one of 8.00."""
    before = account.life
    account.pay("p-9", "8.00")
    await account.perform()
    account.life = before
    account.pay("p-1", "5.00")
    account.pay("p-2", "1.00")
    return await account.conflicting()


async def test_both_contents_of_a_payment_are_told(account: Account) -> None:
    found = differing(await with_another_payment(account))
    assert found["2 payment"] == ("p-1", "p-9")
    assert found["2 amount"] == ("USD 5.00", "USD 8.00")


async def test_the_books_payment_is_adopted(account: Account, database: Database) -> None:
    await account.settled(await with_another_payment(account), Choice.ADOPT)
    assert owed(account.life) == {"fabrikam-000001": "22.00"}
    # What was undone is decided anew, and what the books have is known.
    _, again = STEPS.accept(account.life, payment("p-1", "5.00"), account.now)
    _, known = STEPS.accept(account.life, payment("p-9", "8.00"), account.now)
    assert (again.outcome, known.outcome) == (Outcome.DONE, Outcome.UNCHANGED)
    account.pay("p-1", "25.00")
    await account.advance(FEBRUARY.end + 200 * DAY)
    assert account.life.account.credit == {"USD": Decimal("3.00")}
    audited = await checked(database)
    assert [violation.words for violation in audited.violations] == []
    assert [noted.seq for noted in audited.noted] == [3]


async def test_a_payment_is_set_aside(account: Account, database: Database) -> None:
    """The account goes on as it has decided, and the books lack the payment."""
    await account.settled(await with_another_payment(account), Choice.SET_ASIDE)
    assert owed(account.life) == {"fabrikam-000001": "24.00"}
    account.pay("p-3", "30.00")
    await account.customer.write(row(FEBRUARY.start + DAY, "30.00"))
    await account.advance(FEBRUARY.end)
    assert owed(account.life) == {"fabrikam-000002": "24.00"}
    audited = await checked(database)
    assert [noted.seq for noted in audited.noted] == [4]


async def test_mon_11_terms_follow_the_books(account: Account) -> None:
    """Whether the books have a change of terms that the account does not know, or the account one that they do not."""
    change = ChangeTerms(by="admin_agent", due_days=10, reminder_days=(2,))
    before = account.life
    changed, _ = STEPS.accept(before, change, account.now)
    account.life = changed
    await account.perform()
    account.life = before
    account.pay("p-1", "1.00")
    await account.settled(await account.conflicting(), Choice.ADOPT)
    assert account.life.account.terms == changed.account.terms
    assert [each.terms for each in account.life.account.receivables] == [terms_of("csp-2019").dunning]

    again, _ = STEPS.accept(account.life, ChangeTerms(by="admin_agent", due_days=20), account.now)
    account.pay("p-2", "2.00")
    await account.perform()
    account.life = again
    await account.settled(await account.conflicting(), Choice.ADOPT)
    assert account.life.account.terms == changed.account.terms


async def test_holds_follow_the_books(account: Account) -> None:
    """The books have the suspension for nonpayment, where the account knows of a failed payment."""
    suspends_after = account.life.account.terms.suspends_after
    assert suspends_after is not None
    at = account.life.account.receivables[0].due_at + suspends_after
    just_before = at - timedelta(seconds=1)
    await account.advance(just_before)
    before, suspended = account.life, STEPS.step(account.life, at)
    assert suspended is not None
    account.life = suspended
    await account.perform_first()
    suspended = account.life
    await account.perform_first()
    account.life, _ = STEPS.accept(before, FailPayment(by="service", payment_id="p-1"), just_before)
    held = await account.conflicting()
    account.holds.clear()
    await account.settled(held, Choice.ADOPT)
    (hold,) = account.holds
    assert hold == next(effect for effect in suspended.effects if isinstance(effect, PlaceHolds))
    assert account.life.account.holds
    await account.advance(account.now)
    account.pay("p-2", "30.00")
    await account.perform()
    assert isinstance(account.holds[-1], LiftHolds)


@pytest.mark.parametrize("choice", BOTH)
async def test_a_month_that_is_closed_otherwise_is_settled(database: Database, choice: Choice) -> None:
    account = Account(database)
    await account.customer.write(row(JANUARY.start + DAY, "30.00"))
    await account.customer.close(due_at=JANUARY.end + 10 * DAY)
    further = STEPS.step(account.life, JANUARY.end)
    assert further is not None
    account.life = further
    held = await account.conflicting()
    assert differing(held)["due at"] == ("2026-04-02T00:00:00Z", "2026-02-11T00:00:00Z")
    await account.settled(held, choice)
    assert account.life.account.closing is None
    due = [each.due_at for each in account.life.account.receivables]
    assert due == ([JANUARY.end + 10 * DAY] if choice is Choice.ADOPT else [])
    await account.customer.write(row(FEBRUARY.start + DAY, "4.00"))
    await account.advance(FEBRUARY.end)
    assert owed(account.life)["fabrikam-000002"] == "4.00"
    audited = await checked(database)
    assert [violation.words for violation in audited.violations] == []
    assert len(audited.noted) == 1


async def test_a_payment_that_no_event_tells_of_is_adopted(account: Account, database: Database) -> None:
    """Its number is free, so that what comes after it could not be numbered if it were left out."""
    await change(
        database,
        "INSERT INTO payment (customer_id, payment_id, seq, at, currency, amount_minor) "
        "VALUES ('fabrikam', 'p-1', 9, '2026-02-02T00:00:00.000000Z', 'USD', 700)",
    )
    account.pay("p-1", "5.00")
    held = await account.conflicting()
    conflict = conflict_of(account.life.effects[0], "it is known", held)
    assert conflict is not None
    assert conflict.choices == (Choice.ADOPT,)
    await account.settled(held, Choice.ADOPT)
    assert owed(account.life) == {"fabrikam-000001": "30.00"}
    _, again = STEPS.accept(account.life, payment("p-1", "7.00"), account.now)
    assert again.outcome is Outcome.UNCHANGED
    assert [violation.words for violation in (await checked(database)).violations] == []
