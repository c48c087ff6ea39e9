"""Nothing that a caller sends wedges, fails or half changes an account: after each it still takes a payment."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio.api.common.v1 import Payload
from temporalio.client import (
    WorkflowExecutionStatus,
    WorkflowFailureError,
    WorkflowQueryFailedError,
    WorkflowUpdateFailedError,
)
from temporalio.common import RawValue
from temporalio.service import RPCError

from domain.subscription.decision import Outcome
from hosting.assembly import World
from tests.support.live.payers import OPENED, Payer, new_customer, payment
from tests.support.live.purchases import order
from tests.support.live.settling import NOT_TAKEN
from workflows.account.messages import ACCOUNT_SIGNALS, ACCOUNT_UPDATES, StartAccount
from workflows.durable.workflow_ids import account_workflow_id

pytestmark = pytest.mark.live

MALFORMED = account_workflow_id("malformed-account")


def start(**changes: Any) -> dict[str, Any]:
    """A sound start as JSON, with its fields changed."""
    return {**StartAccount(customer_id="malformed-account", opened_at=OPENED).model_dump(mode="json"), **changes}


def without(field: str) -> dict[str, Any]:
    """A sound start, but for that field."""
    return {name: value for name, value in start().items() if name != field}


def pay(**changes: Any) -> dict[str, Any]:
    """A sound payment as JSON, with its fields changed."""
    return {"by": "service", "payment_id": "p-0", "currency": "USD", "amount": "1.00", **changes}


def owing(**changes: Any) -> dict[str, Any]:
    """A sound open invoice to take over as JSON, with its fields changed."""
    dates = {"issued_at": "2026-01-01T00:00:00Z", "due_at": "2026-03-02T00:00:00Z"}
    invoice = {"number": "2026/0815", "currency": "USD", "amount": "30.00", **dates, **changes}
    return {"by": "billing_admin", "invoices": [invoice]}


BAD_STARTS: list[tuple[list[Any], str]] = [
    ([], "a start takes one argument, a mapping of its fields; it got 0 arguments"),
    ([start(), 2], "it got 2 arguments"),
    ([None], "it got NoneType"),
    ([5], "Malformed request"),
    ([[start()]], "Malformed request"),
    ([{}], "customer_id: got nothing; takes a value"),
    ([without("customer_id")], "customer_id: got nothing; takes a value"),
    ([without("opened_at")], "opened_at: got nothing; takes a value"),
    (
        [start(customer_id="another")],
        "customer_id: got another; must equal the workflow id after",
    ),
    ([start(customer_id="no\nnewlines")], "customer_id: got 'no\\nnewlines'"),
    ([start(policy="csp-2050")], "policy: got 'csp-2050'; takes one of csp-2019"),
    ([start(suspends="no")], "suspends: got 'no'; takes true or false"),
    ([start(opened_at="2027-01-31T10:00:00")], "takes an instant with its offset"),
    ([start(opened_at="9999-01-01T00:00:00Z")], "takes an instant from the year 1900 to 9900"),
    ([start(opened_at=0)], "opened_at: got 0; takes an ISO 8601"),
    ([start(months_per_run=0)], "months_per_run: got 0; takes 1 or more"),
    ([start(months_per_run=1.5)], "months_per_run: got 1.5; takes a whole number"),
    ([start(clock={"offset_seconds": 10**12})], "clock.offset_seconds: got 1000000000000"),
    ([start(credit={"USD": "1000000.00"})], "credit: got"),
]


def correction(**changes: Any) -> dict[str, Any]:
    """A credit note or a refund, with the changes (MON-10)."""
    return {"by": "billing_admin", "currency": "USD", "amount": "1.00", "reason": "x", **changes}


BAD_UPDATES: list[tuple[str, list[Any], str]] = [
    ("payment_received", [], "payment_received takes one argument, a mapping of its fields; it got 0 arguments"),
    ("payment_received", [pay(), 2], "it got 2 arguments"),
    ("payment_received", [None], "it got NoneType"),
    ("payment_received", ["USD 1.00"], "Malformed request"),
    ("payment_received", [[pay()]], "Malformed request"),
    ("payment_received", [{}], "payment_id: got nothing; takes a value"),
    ("payment_received", [pay(amount=1.5)], "never a float"),
    ("payment_received", [pay(amount="1.5e3")], "amount: got '1.5e3'"),
    ("payment_received", [pay(amount="NaN")], "amount: got 'NaN'"),
    ("payment_received", [pay(amount="Infinity")], "amount: got 'Infinity'"),
    ("payment_received", [pay(amount=float("nan"))], "never a float"),
    ("payment_received", [pay(amount="0")], "takes an amount of more than 0"),
    ("payment_received", [pay(amount="0.00")], "takes an amount of more than 0"),
    ("payment_received", [pay(amount=-1)], "amount: got -1"),
    ("payment_received", [pay(amount="-1.00")], "amount: got '-1.00'"),
    ("payment_received", [pay(amount=10**18)], "takes at most 12 digits"),
    ("payment_received", [pay(amount=True)], "amount: got True"),
    ("payment_received", [pay(amount="1.001")], "takes at most 2 decimals in USD"),
    ("payment_received", [pay(currency="XXX")], "currency: got 'XXX'"),
    ("payment_received", [pay(currency="usd")], "currency: got 'usd'"),
    ("payment_received", [pay(currency=840)], "currency: got 840"),
    ("payment_received", [pay(payment_id="")], "payment_id: got ''"),
    ("payment_received", [pay(payment_id="x' OR 1=1")], "takes 1 to 64 letters"),
    ("payment_received", [pay(payment_id="x" * 65)], "payment_id: got 'xxx"),
    ("payment_received", [pay(invoice="../1")], "invoice: got '../1'"),
    ("payment_received", [pay(by="a" * 65)], "by: got 'aaa"),
    ("payment_received", [pay(actor="a\0b")], "actor: got"),
    ("payment_received", [pay(do="fail_payment")], "do: got 'fail_payment'; takes"),
    ("payment_received", [pay(credited="5.00")], "credited: got '5.00'; takes no such field"),
    ("payment_received", [pay(at="tomorrow")], "at: got 'tomorrow'; takes an ISO 8601"),
    ("payment_received", [pay(at="2020-01-01T00:00:00Z")], "it must not be before the last event"),
    ("payment_received", [pay(at="2090-01-01T00:00:00Z")], "it must not be after the next milestone"),
    ("payment_failed", [], "it got 0 arguments"),
    ("payment_failed", [pay()], "amount: got '1.00'; takes no such field"),
    ("payment_failed", [{"by": "service", "reason": "x" * 201}], "reason: got 'xxx"),
    ("payment_failed", [{"by": "service", "reason": ["declined"]}], "reason: got ['declined']"),
    ("change_terms", [{"by": "billing_admin", "policy": "csp-2050"}], "policy: got 'csp-2050'; takes one of csp-2019"),
    ("change_terms", [{"by": "billing_admin", "suspends": "off"}], "suspends: got 'off'; takes true or false"),
    ("change_terms", [{"by": "billing_admin", "reminders": [1]}], "takes no such field"),
    ("take_over_invoices", [{"by": "billing_admin", "invoices": []}], "invoices: got"),
    ("take_over_invoices", [owing(amount="0")], "takes an amount of more than 0"),
    ("take_over_invoices", [owing(amount=30.0)], "amount: got 30.0"),
    ("take_over_invoices", [owing(number="a;b")], "number: got 'a;b'"),
    ("take_over_invoices", [owing(due_at="soon")], "due_at: got 'soon'; takes an ISO 8601"),
    ("take_over_invoices", [owing(credit="5.00")], "credit: got '5.00'; takes no such field"),
    ("change_terms", [{"by": "billing_admin", "invoice_day": 31}], "invoice_day: got 31; takes a day of the month"),
    ("change_terms", [{"by": "billing_admin", "reminder_days": [7, 7]}], "reminder_days: got [7, 7]; takes up to 12"),
    ("credit_note", [{}], "credit_id: got nothing; takes a value"),
    ("credit_note", [correction(credit_id="c-1", amount="0")], "takes an amount of more than 0"),
    ("credit_note", [correction(credit_id="c-1", amount=float("nan"))], "never a float"),
    ("credit_note", [correction(credit_id="c-1", reason="")], "reason: got ''"),
    ("credit_note", [correction(credit_id="c-1", reason="a\nb")], "reason: got 'a\\nb'"),
    ("write_off", [{"by": "billing_admin", "invoice": "../1", "reason": "x"}], "invoice: got '../1'"),
    ("refund", [correction(refund_id="r-1", amount="-1.00")], "amount: got '-1.00'"),
    ("refund", [correction(refund_id="x" * 65)], "refund_id: got 'xxx"),
    ("refund_paid", [{"by": "service"}], "refund_id: got nothing; takes a value"),
    (
        "refund_paid",
        [{"by": "service", "refund_id": "r-1", "amount": "1.00"}],
        "amount: got '1.00'; takes no such field",
    ),
    ("payment_reversed", [{"by": "service", "payment_id": "p-1"}], "reason: got nothing; takes a value"),
    ("payment_reversed", [{"by": "service", "payment_id": ["p-1"], "reason": "x"}], "payment_id: got ['p-1']"),
    ("retry_effect", [{"by": "global_admin"}], "Nothing needs attention"),
    ("retry_effect", [{"by": ""}], "by: got ''"),
    *NOT_TAKEN,
    ("committed", [], "it got 0 arguments"),
    ("committed", [{"seq": "1"}], "seq: got '1'; takes a whole number"),
    ("committed", [{"seq": 10**9}], "event 1000000000 does not exist, or not any more"),
    ("migrate", [], "it got 0 arguments"),
    ("migrate", [{"by": "global_admin", "policy": "csp-2019"}], "policy: got 'csp-2019'; takes no such field"),
    ("cancel", [{"by": "admin_agent", "reason": "fraud"}], "expected but not found"),
    ("no_such_update", [{}], "expected but not found"),
]

BAD_SIGNALS: list[tuple[str, list[Any]]] = [
    ("no_such_signal", []),
    ("change_terms", [{"by": "billing_admin", "suspends": False}]),
    ("new_run_requested", [{"note": "from nobody"}]),
    ("payment_received", []),
    ("payment_received", [pay(), "more"]),
    ("payment_received", ["not a mapping"]),
    ("payment_received", [None]),
    ("payment_received", [[1, 2]]),
    ("payment_received", [pay(amount=1.5)]),
    ("payment_received", [pay(amount=float("nan"))]),
    ("payment_received", [pay(amount=10**18)]),
    ("payment_received", [pay(amount="0.00")]),
    ("payment_received", [pay(amount="-1.00")]),
    ("payment_received", [pay(currency="XXX")]),
    ("payment_received", [pay(currency="EUR")]),
    ("payment_received", [pay(invoice="nobodys-000001")]),
    ("payment_received", [pay(by="nobody")]),
    ("payment_received", [pay(by="publisher")]),
    ("payment_received", [pay(now=True)]),
    ("payment_received", [pay(actor="x" * 500_000)]),
    ("payment_received", [pay(at="2090-01-01T00:00:00Z")]),
    ("payment_failed", [{"by": "service", "invoice": "nobodys-000001"}]),
    ("payment_failed", [{}]),
    ("refund_paid", [{"by": "service", "refund_id": "r-1"}]),
    ("refund_paid", [{"by": "publisher", "refund_id": "r-1"}]),
    ("refund_paid", [[]]),
    ("payment_reversed", [{"by": "service", "payment_id": "nobody-paid", "reason": "x"}]),
    ("payment_reversed", [{"by": "service", "payment_id": "p-1", "reason": 1}]),
    ("payment_reversed", []),
    ("rows_written", []),
    ("rows_written", [{}]),
    ("rows_written", [{"at": "tomorrow"}]),
    ("rows_written", [{"at": "9999-01-01T00:00:00Z"}]),
    ("rows_written", [{"at": "2027-02-01T00:00:00Z", "credit": "100.00"}]),
]


@pytest.fixture
async def payer(world: World) -> Payer:
    """A customer with one unpaid invoice."""
    owing = Payer(world)
    await owing.buy()
    await owing.live_until(datetime(2027, 2, 1, tzinfo=UTC))
    return owing


async def still_takes_a_payment(payer: Payer) -> None:
    """It is taken, decided and in the books."""
    done = await payer.world.server.accounts.ask(payer.id, payment("afterwards", "30.00"))
    assert (done.outcome, done.message.split(".")[-2]) == (Outcome.DONE, f" {payer.id}-000001 is paid")


@pytest.mark.parametrize(("arguments", "words"), BAD_STARTS)
async def test_a_malformed_start_fails_in_one_line(world: World, arguments: list[Any], words: str) -> None:
    handle = await world.server.client.start_workflow(
        "BillingAccountWorkflow", args=arguments, id=MALFORMED, task_queue="perennial"
    )
    with pytest.raises(WorkflowFailureError) as caught:
        await handle.result(rpc_timeout=timedelta(seconds=20))
    message = str(caught.value.cause)
    assert words in message
    assert "\n" not in message
    assert (await handle.describe()).status is WorkflowExecutionStatus.FAILED


@pytest.mark.parametrize("data", [b"\xff\x00not json", b"", b"{", b'{"customer_id": '])
async def test_a_start_that_cannot_be_decoded_fails_in_one_line(world: World, data: bytes) -> None:
    payload = RawValue(Payload(metadata={"encoding": b"json/plain"}, data=data))
    handle = await world.server.client.start_workflow(
        "BillingAccountWorkflow", payload, id=MALFORMED, task_queue="perennial"
    )
    with pytest.raises(WorkflowFailureError) as caught:
        await handle.result(rpc_timeout=timedelta(seconds=20))
    assert "\n" not in str(caught.value.cause)


async def test_bad_updates_are_refused_in_one_line_and_leave_no_trace(payer: Payer) -> None:
    accounts = payer.world.server.accounts
    handle = accounts.handle(payer.id)
    before, length = await accounts.settled(payer.id), (await handle.describe()).history_length
    for update, arguments, words in BAD_UPDATES:
        with pytest.raises(WorkflowUpdateFailedError) as caught:
            await handle.execute_update(update, args=arguments, rpc_timeout=timedelta(seconds=10))
        message = str(caught.value.cause)
        assert words in message, (update, arguments)
        assert "\n" not in message
        assert len(message) <= 1200
    assert await payer.life() == before
    assert (await handle.describe()).history_length == length
    await still_takes_a_payment(payer)


@pytest.mark.parametrize(
    ("request_", "rule", "words"),
    [
        (pay(by="nobody"), "ROL-1", "`nobody` is not a known role"),
        (pay(by="publisher"), "ROL-4", "The publisher may not pay"),
        (pay(currency="EUR"), "MON-6", "is invoiced in USD, the payment is in EUR"),
        (pay(invoice="nobodys-000001"), "MON-6", "nobodys-000001 is not an unpaid invoice of"),
    ],
)
async def test_a_rules_refusal_is_an_answer(payer: Payer, request_: dict[str, Any], rule: str, words: str) -> None:
    before = (await payer.life()).account
    answer = await payer.world.server.accounts.handle(payer.id).execute_update("payment_received", request_)
    assert (answer["outcome"], answer["rule"]) == ("refused", rule)
    assert words in answer["message"]
    assert (await payer.life()).account == before
    await still_takes_a_payment(payer)


@pytest.mark.parametrize("data", [b"\xff\x00not json", b"", b"{", b"[" * 5000])
async def test_an_update_that_cannot_be_decoded_is_refused(payer: Payer, data: bytes) -> None:
    payload = RawValue(Payload(metadata={"encoding": b"json/plain"}, data=data))
    before = await payer.life()
    with pytest.raises(WorkflowUpdateFailedError) as caught:
        await payer.world.server.accounts.handle(payer.id).execute_update("payment_received", payload)
    assert "\n" not in str(caught.value.cause)
    assert await payer.life() == before
    await still_takes_a_payment(payer)


async def test_the_largest_update_that_the_server_takes_is_refused_by_its_size(payer: Payer) -> None:
    handle = payer.world.server.accounts.handle(payer.id)
    with pytest.raises(WorkflowUpdateFailedError) as caught:
        await handle.execute_update("payment_failed", {"by": "service", "reason": "x" * 900_000})
    assert re.search(r"got 900\d\d\d bytes; takes at most 8192", str(caught.value.cause))
    await still_takes_a_payment(payer)


async def test_bad_signals_are_counted_shown_and_change_nothing(payer: Payer) -> None:
    """Each is noted with its words; none of them is an event, and none lets the account fail."""
    handle = payer.world.server.accounts.handle(payer.id)
    before = (await payer.life()).account
    for name, arguments in BAD_SIGNALS:
        await handle.signal(name, args=arguments)
    await payer.world.server.accounts.settled(payer.id)  # those about money ask the books first (MON-10)
    seen = await payer.world.server.accounts.details(payer.id)
    assert seen.refused_signal_count == len(BAD_SIGNALS)
    assert all(len(answer.message) <= 1024 and "\n" not in answer.message for answer in seen.refused_signals)
    assert (await payer.life()).account == before
    await still_takes_a_payment(payer)


@pytest.mark.parametrize("encoding", [b"binary/unknown", b"\xff\xfe", b"json/protobuf", b"json/plain"])
async def test_a_signal_that_cannot_be_decoded_is_counted_too(payer: Payer, encoding: bytes) -> None:
    payload = Payload(metadata={"encoding": encoding}, data=b"\xff\x00not json")
    await payer.world.server.accounts.handle(payer.id).signal("payment_received", RawValue(payload))
    assert (await payer.world.server.accounts.details(payer.id)).refused_signal_count == 1
    await still_takes_a_payment(payer)


async def test_forged_news_of_rows_changes_nothing(payer: Payer) -> None:
    """MON-8: the books say what is credited, not the signal; of any instant, and of more than are kept."""
    await payer.live_until(datetime(2027, 5, 1, tzinfo=UTC))
    handle = payer.world.server.accounts.handle(payer.id)
    before = (await payer.life()).account
    for at in ("1900-01-01T00:00:00Z", "2090-01-01T00:00:00Z", *(f"2027-05-01T00:00:{n:02}Z" for n in range(60))):
        await handle.signal("rows_written", {"at": at})
    await payer.world.server.accounts.settled(payer.id)
    after = (await payer.life()).account
    assert (after.seq, after.receivables, after.credit) == (before.seq, before.receivables, before.credit)
    await still_takes_a_payment(payer)


async def test_a_flood_of_signals_is_taken_one_by_one(payer: Payer) -> None:
    handle = payer.world.server.accounts.handle(payer.id)
    await asyncio.gather(*(handle.signal("payment_received", pay(amount=0.5)) for _ in range(200)))
    assert (await payer.world.server.accounts.details(payer.id)).refused_signal_count == 200
    await still_takes_a_payment(payer)


QUERIES: list[tuple[str, list[Any], bool]] = [
    ("details", [], True),
    ("details", ["2090-01-01T00:00:00Z"], True),
    ("details", ["2027-01-31T10:00:00"], False),
    ("details", [{}], False),
    ("details", [None, 1], False),
    ("timeline", [], True),
    ("timeline", [1], True),
    ("events", [], True),
    ("life", [], True),
    ("preview", [pay()], False),
    ("none", [], False),
]


async def test_queries_change_nothing(payer: Payer) -> None:
    handle = payer.world.server.accounts.handle(payer.id)
    before, length = await payer.life(), (await handle.describe()).history_length
    for query, arguments, answered in QUERIES:
        if answered:
            await handle.query(query, args=arguments)
        else:
            with pytest.raises((WorkflowQueryFailedError, RPCError)):
                await handle.query(query, args=arguments)
        assert await payer.life() == before, query
    assert (await handle.describe()).history_length == length
    await still_takes_a_payment(payer)


def test_every_update_and_signal_is_attacked() -> None:
    assert set(ACCOUNT_UPDATES) <= {update for update, _, _ in BAD_UPDATES}
    assert set(ACCOUNT_SIGNALS) <= {signal for signal, _ in BAD_SIGNALS}


async def test_a_start_that_failed_does_not_keep_the_customer_from_an_account(world: World) -> None:
    """MON-5: whoever starts one by hand and gets it wrong has not left the customer without invoices for ever."""
    customer = new_customer()
    handle = await world.server.client.start_workflow(
        "BillingAccountWorkflow", {"customer_id": customer}, id=account_workflow_id(customer), task_queue="perennial"
    )
    with pytest.raises(WorkflowFailureError):
        await handle.result()
    wanted = order(customer=customer, at=datetime.now(UTC))
    await world.server.subscriptions.buy(wanted)
    await world.server.subscriptions.settled(wanted.subscription_id)
    assert (await world.server.accounts.ask(customer, payment("p-1", "1.00"))).outcome is Outcome.DONE
