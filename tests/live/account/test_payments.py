"""Payments on a real server: each is taken once, whatever is going on (MON-6, MON-7, invariant 10)."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from temporalio.client import WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError

from activities.settings import Settings
from domain.rules import Rule
from domain.subscription.decision import Answer, Outcome
from hosting.assembly import World
from tests.support.live.payers import Payer, failure, payment
from workflows.durable.operator import Operator

pytestmark = [pytest.mark.live, pytest.mark.timeout(180)]

FEBRUARY, MARCH = datetime(2027, 2, 1, tzinfo=UTC), datetime(2027, 3, 1, tzinfo=UTC)


async def test_twenty_payments_of_one_id_are_one_payment(world: World) -> None:
    """MON-7, invariant 10: with our client, and without its update ids."""
    payer = Payer(world)
    await payer.buy()
    await payer.live_until(FEBRUARY)
    first = payment("p-1", "12.00")
    answers = await asyncio.gather(*(world.server.accounts.ask(payer.id, first) for _ in range(20)))
    assert Counter(answer.outcome for answer in answers) == {Outcome.DONE: 1, Outcome.UNCHANGED: 19}
    assert len({answer.seq for answer in answers}) == 1
    room, second = asyncio.Semaphore(8), payment("p-2", "3.00")

    async def send() -> Answer:
        async with room:
            handle = world.server.accounts.handle(payer.id)
            answer: Answer = await handle.execute_update("payment_received", second, result_type=Answer)
            return answer

    outcomes = Counter(answer.outcome for answer in await asyncio.gather(*(send() for _ in range(20))))
    assert outcomes == {Outcome.DONE: 1, Outcome.UNCHANGED: 19}
    await world.server.accounts.settled(payer.id)
    assert await payer.journal() == ["invoice_issued", "payment_received", "payment_received"]
    (balance,) = await world.books.accounts.balances(payer.id)
    assert (balance.payments, balance.receivable) == (Decimal(15), Decimal(15))


async def test_a_payment_id_with_another_amount_is_refused(world: World) -> None:
    """MON-7: also in another run than the one that took it."""
    payer = Payer(world)
    await payer.buy()
    await payer.live_until(FEBRUARY)
    assert (await world.server.accounts.ask(payer.id, payment("p-1", "12.00"))).outcome is Outcome.DONE
    for _ in range(2):
        refused = await world.server.accounts.ask(payer.id, payment("p-1", "12.01"))
        assert (refused.outcome, refused.rule) == (Outcome.REFUSED, Rule.MON_7)
        assert refused.message.startswith("Payment p-1 of USD 12.01 is already recorded with USD 12.00")
        repeated = await world.server.accounts.ask(payer.id, payment("p-1", "12.00"))
        assert (repeated.outcome, repeated.rule) == (Outcome.UNCHANGED, Rule.MON_7)
        await world.server.accounts.handle(payer.id).execute_update("migrate", Operator(by="system"))
    assert await payer.journal() == ["invoice_issued", "payment_received"]


async def test_what_comes_while_a_month_is_being_closed_is_decided_after_it(world: World, settings: Settings) -> None:
    """MON-5: it may be about an invoice that is being written. Updates are told so, signals wait."""
    payer = Payer(world)
    await payer.buy()
    handle = world.server.accounts.handle(payer.id)
    async with payer.closing(settings, FEBRUARY):
        await handle.signal("payment_received", payment("p-1", "10.00"))
        await handle.signal("payment_failed", failure("p-2"))
        with pytest.raises(WorkflowUpdateFailedError) as caught:
            await handle.execute_update("payment_received", payment("p-3", "5.00"))
        assert isinstance(caught.value.cause, ApplicationError)
        assert caught.value.cause.type == "Closing"
        assert caught.value.cause.message.startswith("The month is being closed")
        asked = asyncio.create_task(world.server.accounts.ask(payer.id, payment("p-3", "5.00")))
        await asyncio.sleep(0.3)
        assert not asked.done()
        assert [request.action for request in (await payer.life()).waiting] == ["pay", "fail_payment"]
    assert (await asked).outcome is Outcome.DONE
    life = await world.server.accounts.settled(payer.id)
    assert (life.refused_signal_count, life.account.receivables[0].owed) == (0, Decimal(15))
    assert await payer.journal() == ["invoice_issued", "payment_received", "payment_failed", "payment_received"]
    taken = [event.payment_id for event in await world.books.accounts.events(payer.id)]
    assert taken == [None, "p-1", "p-2", "p-3"]


PAYMENTS, SIGNALLED, HANDOVERS, AT_ONCE = 60, 20, 6, 8


async def test_no_payment_is_lost_or_doubled_while_runs_are_handed_over(world: World) -> None:
    """Invariant 10: by update and by signal, under load, over six handovers."""
    payer = Payer(world)
    await payer.buy()
    handle = world.server.accounts.handle(payer.id)
    first_run = (await handle.describe()).run_id
    room = asyncio.Semaphore(AT_ONCE)

    async def pay(number: int) -> Answer:
        async with room:
            return await world.server.accounts.ask(payer.id, payment(f"update-{number}", "1.00"), wait=False)

    async def tell(number: int) -> None:
        async with room:
            await handle.signal("payment_received", payment(f"signal-{number}", "1.00"))

    async def hand_over() -> None:
        for _ in range(HANDOVERS):
            await handle.signal("new_run_requested", Operator(by="system"))
            await asyncio.sleep(0.3)

    answers, _, _ = await asyncio.gather(
        asyncio.gather(*(pay(number) for number in range(PAYMENTS))),
        asyncio.gather(*(tell(number) for number in range(SIGNALLED))),
        hand_over(),
    )
    await world.server.accounts.settled(payer.id)
    assert (await handle.describe()).run_id != first_run
    assert {answer.outcome for answer in answers} == {Outcome.DONE}
    events = await world.books.accounts.events(payer.id)
    assert [event.seq for event in events] == list(range(1, PAYMENTS + SIGNALLED + 1))
    named = [f"update-{n}" for n in range(PAYMENTS)] + [f"signal-{n}" for n in range(SIGNALLED)]
    assert sorted(event.payment_id or "" for event in events) == sorted(named)
    by_seq = {event.seq: event.payment_id for event in events}
    assert [by_seq[answer.seq] for answer in answers] == named[:PAYMENTS]
    again = await asyncio.gather(*(pay(number) for number in range(PAYMENTS)))
    assert {answer.outcome for answer in again} <= {Outcome.DONE, Outcome.UNCHANGED}
    assert (await payer.life()).account.credit == {"USD": Decimal(PAYMENTS + SIGNALLED)}
    assert len(await world.books.accounts.events(payer.id)) == PAYMENTS + SIGNALLED


LEAP_YEAR = datetime(2028, 1, 15, 9, tzinfo=UTC)
DUE = datetime(2028, 4, 1, tzinfo=UTC)
"""In a leap year January's invoice falls due at the very instant at which March ends."""


@pytest.mark.parametrize("kind", ["update", "signal"])
async def test_an_invoice_that_falls_due_as_the_month_ends_wedges_nothing(world: World, kind: str) -> None:
    """LIF-4: at one instant the due date comes first; what is paid at it is decided once the month is closed."""
    payer = Payer(world, at=LEAP_YEAR)
    await payer.buy()
    await payer.live_until(DUE - timedelta(hours=1))
    handle, paid = world.server.accounts.handle(payer.id), payment("p-1", "30.00", at=DUE)
    if kind == "update":
        with pytest.raises(WorkflowUpdateFailedError) as caught:
            await handle.execute_update("payment_received", paid, rpc_timeout=timedelta(seconds=5))
        assert isinstance(caught.value.cause, ApplicationError)
        assert caught.value.cause.type == "Closing"
        await payer.request(paid, DUE)
    else:
        await handle.signal("payment_received", paid)
        await world.server.accounts.settled(payer.id)
    events = await world.books.accounts.events(payer.id)
    assert [event.event.value for event in events[-3:]] == ["invoice_overdue", "invoice_issued", "payment_received"]
    assert {event.at for event in events[-3:]} == {DUE}


@pytest.mark.parametrize(
    ("at", "decided"),
    [(datetime(2027, 1, 20, tzinfo=UTC), FEBRUARY), (FEBRUARY, FEBRUARY), (MARCH, MARCH)],
    ids=["before the close", "at it", "at the next one"],
)
async def test_a_dated_signal_that_waits_for_a_close_comes_behind_it(
    world: World, settings: Settings, at: datetime, decided: datetime
) -> None:
    """Invariant 8: the journal's instants never go back, whatever instant the sender names; nothing is wedged."""
    payer = Payer(world)
    await payer.buy()
    handle = world.server.accounts.handle(payer.id)
    async with payer.closing(settings, FEBRUARY):
        await handle.signal("payment_received", payment("p-1", "10.00", at=at))
        assert len((await payer.life()).waiting) == 1
    await world.server.accounts.settled(payer.id)
    events = await world.books.accounts.events(payer.id)
    assert [event.event.value for event in events] == ["invoice_issued", "payment_received"]
    assert [event.at for event in events] == [FEBRUARY, decided]
    assert (await payer.life()).refused_signal_count == 0


async def test_a_payment_id_that_the_account_has_forgotten_is_known_to_the_books(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """MON-7 for ever: unchanged, or refused with another amount, by update and by signal; a new id is taken."""
    monkeypatch.setattr("statemachines.account.payments.PAYMENTS_KEPT", 1)
    monkeypatch.setattr("statemachines.account.payments.TRACES_KEPT", 1)
    payer = Payer(world)
    await payer.open()
    ask = world.server.accounts.ask
    for number in range(1, 6):
        assert (await ask(payer.id, payment(f"p-{number}", f"{number}.00"))).outcome is Outcome.DONE
    await world.server.accounts.settled(payer.id)
    for number in range(1, 6):
        again = await ask(payer.id, payment(f"p-{number}", f"{number}.00"))
        assert (again.outcome, again.rule) == (Outcome.UNCHANGED, Rule.MON_7)
        assert again.message == f"Payment p-{number} of USD {number}.00 is already recorded."
        refused = await ask(payer.id, payment(f"p-{number}", f"{number}.01"))
        assert (refused.outcome, refused.rule) == (Outcome.REFUSED, Rule.MON_7)
        words = f"Payment p-{number} of USD {number}.01 is already recorded with USD {number}.00"
        assert refused.message.startswith(words), "also where only its trace, or only the books know it"
    handle = world.server.accounts.handle(payer.id)
    await handle.signal("payment_received", payment("p-1", "1.00"))
    await handle.signal("payment_received", payment("p-3", "3.01"))
    await handle.signal("payment_received", payment("p-6", "6.00"))
    async with asyncio.timeout(30):
        while (await payer.life()).account.credit != {"USD": Decimal("21.00")}:
            await asyncio.sleep(0.05)
    await world.server.accounts.settled(payer.id)
    assert await payer.journal() == ["payment_received"] * 6
    assert (await world.server.accounts.details(payer.id)).attention is None
    assert [answer.rule for answer in (await payer.life()).refused_signals] == [Rule.MON_7]
