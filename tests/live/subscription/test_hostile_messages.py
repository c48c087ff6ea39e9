"""Nothing that a caller sends wedges, fails or half changes a workflow: after each the subscription still answers."""

import asyncio
import re
from typing import Any

import pytest
from temporalio.api.common.v1 import Payload
from temporalio.client import WorkflowQueryFailedError, WorkflowUpdateFailedError
from temporalio.common import RawValue
from temporalio.service import RPCError

from domain.subscription.commands import ChangeQuantity
from domain.subscription.decision import Outcome
from hosting.assembly import World
from tests.support.live.purchases import Buy
from tests.support.live.settling import NOT_TAKEN
from workflows.subscription.messages import SIGNALS, UPDATES

pytestmark = pytest.mark.live

BAD_UPDATES: list[tuple[str, list[Any], str]] = [
    ("cancel", [], "cancel takes one argument, a mapping of its fields; it got 0 arguments"),
    ("cancel", [{"by": "admin_agent", "reason": "fraud"}, 2], "it got 2 arguments"),
    ("cancel", [None], "takes one argument, a mapping of its fields; it got NoneType"),
    ("cancel", ["now"], "Malformed request"),
    ("cancel", [[1, 2, 3]], "Malformed request"),
    ("cancel", [{}], "by: got nothing; takes a value"),
    ("cancel", [{"by": "admin_agent", "reason": "boredom"}], "reason: got 'boredom'; takes one of customer_request"),
    ("cancel", [{"by": "admin_agent", "reason": "fraud", "now": True}], "now: got True; takes no such field"),
    ("cancel", [{"by": "admin_agent", "reason": "fraud", "at": "tomorrow"}], "at: got 'tomorrow'; takes an ISO 8601"),
    (
        "cancel",
        [{"by": "admin_agent", "reason": "fraud", "at": "2027-01-31T10:00:00"}],
        "takes an instant with its off",
    ),
    ("cancel", [{"by": "admin_agent", "reason": "fraud", "at": 1}], "at: got 1; takes an ISO 8601"),
    ("change_quantity", [{"by": "admin_agent", "quantity": 1.5}], "quantity: got 1.5; takes a whole number"),
    ("change_quantity", [{"by": "admin_agent", "quantity": True}], "quantity: got True; takes a whole number"),
    ("change_quantity", [{"by": "admin_agent", "quantity": "4"}], "quantity: got '4'; takes a whole number"),
    ("change_quantity", [{"by": "admin_agent", "quantity": -1}], "quantity: got -1; takes 0 or more"),
    ("change_quantity", [{"by": "admin_agent", "quantity": 10**18}], "takes 1000000000 or less"),
    (
        "change_quantity",
        [{"by": "admin_agent", "quantity": 4, "when": "later"}],
        "when: got 'later'; takes one of now or renewal",
    ),
    ("reject_quantity", [{"by": "publisher"}], "sequence: got nothing; takes a value"),
    ("reject_quantity", [{"by": "publisher", "sequence": 0}], "sequence: got 0; takes 1 or more"),
    ("reject_quantity", [{"by": "publisher", "sequence": -1}], "sequence: got -1; takes 1 or more"),
    ("reject_quantity", [{"by": "publisher", "sequence": 10**30}], "takes 1000000000 or less"),
    ("reject_quantity", [{"by": "publisher", "sequence": True}], "sequence: got True; takes a whole number"),
    ("reject_quantity", [{"by": "publisher", "sequence": "2"}], "sequence: got '2'; takes a whole number"),
    ("reject_quantity", [{"by": "publisher", "sequence": 2.5}], "sequence: got 2.5; takes a whole number"),
    ("reject_quantity", [{"by": "publisher", "sequence": 2, "details": "a\0b"}], "details: got 'a"),
    ("change_price", [{"by": "system", "unit_price": 9.99}], "never a float"),
    ("change_price", [{"by": "system", "unit_price": "NaN"}], "unit_price: got 'NaN'"),
    ("change_price", [{"by": "system", "unit_price": "1e3"}], "unit_price: got '1e3'"),
    ("set_add_on", [{"by": "admin_agent", "add_on": "x' OR 1=1", "quantity": 1}], "takes 1 to 64 letters"),
    ("suspend", [{"by": "a" * 65, "reason": "fraud"}], "by: got 'aaaa"),
    ("suspend", [{"by": "admin_agent", "reason": "fraud", "details": "x" * 2000}], "details: got 'xxx"),
    ("suspend", [{"by": "admin_agent", "reason": "fraud", "command_id": "no\nnewlines"}], "command_id: got"),
    ("retry_effect", [{"by": "global_admin"}], "Nothing needs attention"),
    *NOT_TAKEN,
    ("retry_notification", [{"by": "operator"}], "Nobody is notified: name its publisher."),
    ("retry_notification", [{"by": "operator", "publisher": "a/b"}], "publisher: got 'a/b'"),
    ("retry_notification", [{}], "by: got nothing; takes a value"),
    ("skip_notification", [{"by": "operator", "sequence": 1}], "No event is undeliverable: there is nothing to skip."),
    ("skip_notification", [{"by": "operator", "sequence": "1"}], "sequence: got '1'; takes a whole number"),
    ("skip_notification", [{"by": "operator", "sequence": 0}], "sequence: got 0; takes 1 or more"),
    ("committed", [{}], "seq: got nothing; takes a value"),
    ("committed", [{"seq": 0}], "seq: got 0; takes 1 or more"),
    ("committed", [{"seq": 10**9}], "event 1000000000 does not exist, or not any more: the last one is 1."),
    ("recount_usage", [{}], "usage_id: got nothing; takes a value"),
    ("recount_usage", [{"usage_id": "a/b"}], "usage_id: got 'a/b'; takes 1 to 64 letters"),
    ("recount_usage", [{"usage_id": "a", "units": "1"}], "units: got '1'; takes no such field"),
    ("no_such_update", [{}], "expected but not found"),
]

BAD_SIGNALS: list[tuple[str, list[Any]]] = [
    ("no_such_signal", []),
    ("cancellation_requested", []),
    ("cancellation_requested", [{"by": "service", "reason": "fraud"}, "more"]),
    ("cancellation_requested", ["not a mapping"]),
    ("cancellation_requested", [None]),
    ("suspension_requested", [{"by": "service", "reason": "boredom"}]),
    ("suspension_requested", [{"reason": "fraud"}]),
    ("suspension_requested", [{"by": "service", "reason": "fraud", "details": "x" * 500_000}]),
    ("auto_renew_requested", [{"by": "service", "enabled": "yes"}]),
    ("reactivation_requested", [{"by": "service"}]),
    ("activation_confirmed", [{"by": "nobody"}]),
    ("new_run_requested", [{"note": "from nobody"}]),
    ("quantity_rejected", [{"by": "publisher", "sequence": "2"}]),
    ("quantity_rejected", [{"by": "publisher", "sequence": 1}]),
]


@pytest.mark.parametrize(("update", "arguments", "words"), BAD_UPDATES)
async def test_a_bad_update_is_refused_in_one_line_and_leaves_no_trace(
    world: World, buy: Buy, update: str, arguments: list[Any], words: str
) -> None:
    bought = await buy()
    handle = world.server.subscriptions.handle(bought.id)
    before, length = await world.server.subscriptions.life(bought.id), (await handle.describe()).history_length
    with pytest.raises(WorkflowUpdateFailedError) as caught:
        await handle.execute_update(update, args=arguments)
    message = str(caught.value.cause)
    assert words in message
    assert "\n" not in message
    assert await world.server.subscriptions.life(bought.id) == before
    assert (await handle.describe()).history_length == length


async def test_the_largest_update_that_the_server_takes_is_refused_by_its_size(world: World, buy: Buy) -> None:
    bought = await buy()
    huge = {"by": "admin_agent", "reason": "fraud", "details": "x" * 900_000}
    with pytest.raises(WorkflowUpdateFailedError) as caught:
        await world.server.subscriptions.handle(bought.id).execute_update("suspend", huge)
    assert re.search(r"got 900\d\d\d bytes; takes at most 8192", str(caught.value.cause))
    assert (await world.server.subscriptions.details(bought.id)).state == "active"


async def test_bad_signals_are_counted_shown_and_change_nothing(world: World, buy: Buy) -> None:
    """CXL-9: nothing has only a signal, and none is lost without a trace."""
    bought = await buy()
    handle = world.server.subscriptions.handle(bought.id)
    before = (await world.server.subscriptions.life(bought.id)).subscription
    for name, arguments in BAD_SIGNALS:
        await handle.signal(name, args=arguments)
    seen = await world.server.subscriptions.details(bought.id)
    assert seen.refused_signal_count == len(BAD_SIGNALS)
    assert all(len(answer.message) <= 1024 and "\n" not in answer.message for answer in seen.refused_signals)
    assert (await world.server.subscriptions.life(bought.id)).subscription == before
    done = await world.server.subscriptions.ask(bought.id, ChangeQuantity(by="admin_agent", quantity=4))
    assert done.outcome is Outcome.DONE


async def test_a_doubled_signal_with_a_command_id_has_one_effect(world: World, buy: Buy) -> None:
    bought = await buy()
    handle = world.server.subscriptions.handle(bought.id)
    request = {"by": "service", "actor": "fraud-detection", "reason": "fraud", "command_id": "case-17"}
    for _ in range(2):
        await handle.signal("suspension_requested", request)
    await world.server.subscriptions.settled(bought.id)
    events = await world.books.subscriptions.events(bought.id)
    assert [(e.event.value, e.actor) for e in events] == [("purchased", None), ("suspended", "fraud-detection")]
    assert (await world.server.subscriptions.details(bought.id)).refused_signal_count == 0


async def test_a_flood_of_signals_is_taken_one_by_one(world: World, buy: Buy) -> None:
    bought = await buy()
    handle = world.server.subscriptions.handle(bought.id)
    await asyncio.gather(*(handle.signal("suspension_requested", {"by": "nobody"}) for _ in range(200)))
    seen = await world.server.subscriptions.details(bought.id)
    assert (seen.refused_signal_count, seen.state) == (200, "active")


@pytest.mark.parametrize(
    ("query", "arguments"), [("preview", []), ("preview", ["x"]), ("preview", [{}, 1]), ("none", [])]
)
async def test_a_bad_query_is_answered_and_changes_nothing(
    world: World, buy: Buy, query: str, arguments: list[Any]
) -> None:
    bought = await buy()
    before = await world.server.subscriptions.life(bought.id)
    with pytest.raises((WorkflowQueryFailedError, RPCError)):
        await world.server.subscriptions.handle(bought.id).query(query, args=arguments)
    assert await world.server.subscriptions.life(bought.id) == before


def test_every_update_and_signal_is_attacked() -> None:
    attacked = {update for update, _, _ in BAD_UPDATES}
    covered_by_kind = {"activate", "reactivate", "set_auto_renew", "deprovision", "migrate", "undo_scheduled_changes"}
    assert set(UPDATES) <= attacked | covered_by_kind
    assert set(SIGNALS) <= {signal for signal, _ in BAD_SIGNALS}


async def test_temporals_own_cancellation_ends_no_subscription(world: World, buy: Buy) -> None:
    bought = await buy()
    handle = world.server.subscriptions.handle(bought.id)
    await handle.cancel()
    done = await world.server.subscriptions.ask(bought.id, ChangeQuantity(by="admin_agent", quantity=4))
    assert done.outcome is Outcome.DONE
    seen = await world.server.subscriptions.details(bought.id)
    assert "send the update `cancel`" in seen.refused_signals[-1].message


@pytest.mark.parametrize("encoding", [b"binary/unknown", b"\xff\xfe", b"json/protobuf", b"json/plain"])
async def test_a_signal_that_cannot_be_decoded_is_counted_too(world: World, buy: Buy, encoding: bytes) -> None:
    bought = await buy()
    payload = Payload(metadata={"encoding": encoding}, data=b"\xff\x00not json")
    await world.server.subscriptions.handle(bought.id).signal("cancellation_requested", RawValue(payload))
    seen = await world.server.subscriptions.details(bought.id)
    assert (seen.refused_signal_count, seen.state) == (1, "active")
