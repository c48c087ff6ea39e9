"""Corrections of money on a real server: decided on the books, once each, however they come (MON-10)."""

import asyncio
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from pydantic import TypeAdapter

from domain.account.requests import AnyAccountRequest
from domain.subscription.decision import Answer, Outcome
from hosting.assembly import World
from tests.support.live.payers import Payer, payment

pytestmark = [pytest.mark.live, pytest.mark.timeout(180)]

FEBRUARY, MARCH = datetime(2027, 2, 1, tzinfo=UTC), datetime(2027, 3, 1, tzinfo=UTC)
MONEY = {"currency": "USD", "reason": "a reason"}


def correction(do: str, **fields: Any) -> AnyAccountRequest:
    """A correction by a user."""
    parsed: AnyAccountRequest = TypeAdapter(AnyAccountRequest).validate_python(
        {"do": do, "by": "admin_agent", **fields}
    )
    return parsed


@pytest.fixture
async def payer(world: World) -> Payer:
    """With an invoice of 30.00."""
    made = Payer(world)
    await made.buy()
    await made.live_until(FEBRUARY)
    return made


async def asked(payer: Payer, do: str, **fields: Any) -> Answer:
    return await payer.world.server.accounts.ask(payer.id, correction(do, **fields))


async def test_each_is_done_once_and_check_is_content(payer: Payer, world: World) -> None:
    (invoice,) = [each.head.invoice for each in await world.books.accounts.documents(payer.id)]
    await world.server.accounts.ask(payer.id, payment("p-1", "50.00"))

    async def each() -> list[str]:
        answers = [
            await asked(payer, "credit_note", credit_id="c-1", invoice=invoice, amount="10.00", **MONEY),
            await asked(payer, "refund", refund_id="r-1", amount="10.00", **MONEY),
            await asked(payer, "refund_paid", refund_id="r-1"),
            await asked(payer, "reverse_payment", payment_id="p-1", reason="charge-back"),
            await asked(payer, "write_off", invoice=invoice, reason="insolvent"),
        ]
        return [f"{answer.outcome} {answer.rule}" for answer in answers]

    assert await each() == ["done MON-10"] * 5
    assert await each() == ["unchanged MON-7"] * 5
    audited = await world.books.account_auditor.page(10_000)
    assert [each.violations for each in audited if each.customer_id == payer.id] == [()]


async def test_twenty_of_one_id_are_one_and_credit_never_falls_below_zero(payer: Payer, world: World) -> None:
    """By bare updates, without our client's ids, at once."""
    handle = world.server.accounts.handle(payer.id)
    free = correction("credit_note", credit_id="c-1", amount="70.00", **MONEY)

    async def send(update: str, request: AnyAccountRequest) -> Outcome | str:
        while True:
            try:
                answer: Answer = await handle.execute_update(update, request, result_type=Answer)
            except Exception as error:
                if "Try again shortly" not in str(error.__cause__):
                    raise
                await asyncio.sleep(0.05)
            else:
                return answer.outcome

    outcomes = await asyncio.gather(*(send("credit_note", free) for _ in range(20)))
    assert Counter(outcomes) == {Outcome.DONE: 1, Outcome.UNCHANGED: 19}
    refunds = [correction("refund", refund_id=f"r-{number}", amount="15.00", **MONEY) for number in range(6)]
    outcomes = await asyncio.gather(*(send("refund", each) for each in refunds))
    assert Counter(outcomes) == {Outcome.DONE: 2, Outcome.REFUSED: 4}
    await world.server.accounts.settled(payer.id)
    (balance,) = await world.books.accounts.balances(payer.id)
    assert (balance.carried, balance.payments) == (Decimal(10), Decimal(0))


async def test_a_service_tells_by_signals_and_each_counts_once(payer: Payer, world: World) -> None:
    handle = world.server.accounts.handle(payer.id)
    await world.server.accounts.ask(payer.id, payment("p-1", "50.00"))
    await asked(payer, "refund", refund_id="r-1", amount="5.00", **MONEY)
    for _ in range(2):
        await handle.signal("refund_paid", {"by": "service", "refund_id": "r-1"})
    taken_back = {"by": "service", "payment_id": "p-2", "reason": "charge-back"}
    await world.server.accounts.ask(payer.id, payment("p-2", "15.00"))
    for _ in range(2):
        await handle.signal("payment_reversed", taken_back)
    await handle.signal("payment_reversed", {**taken_back, "payment_id": "nobody-paid-this"})
    await world.server.accounts.settled(payer.id)
    assert (await payer.journal())[-3:] == ["refund_paid", "payment_received", "payment_reversed"]
    details = await world.server.accounts.details(payer.id)
    assert details.refused_signal_count == 1
    assert "has no payment nobody-paid-this" in details.refused_signals[-1].message
