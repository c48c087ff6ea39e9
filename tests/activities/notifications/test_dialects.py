"""What publishers are told in their dialect: the same bytes at every try."""

import json
import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from jsonschema import ValidationError, validate

from activities.notifications.dialect_microsoft import SaasNotification
from activities.notifications.dialect_perennial import SubscriptionNotification
from activities.notifications.dialects import compose
from domain.catalog.publishers import Dialect
from domain.subscription.events import EventName, State
from tests.support.paths import ROOT
from tests.support.publisher.records import AT, endpoint, notice

OURS, MICROSOFTS = endpoint(), endpoint(dialect="microsoft")


def test_every_event_in_our_own_words() -> None:
    message = compose(OURS, notice(reason="nonpayment", at=AT + timedelta(microseconds=5)), 2)
    assert message is not None
    assert message.id == "s-1:3"
    assert json.loads(message.body) == {
        "type": "subscription.quantity_changed",
        "timestamp": "2026-01-31T09:00:00.000005Z",
        "data": {
            "subscription_id": "s-1",
            "customer_id": "fabrikam",
            "offer_id": "contoso-crm",
            "sequence": 3,
            "previous": 2,
            "at": "2026-01-31T09:00:00.000005Z",
            "event": "quantity_changed",
            "state": "active",
            "rule": "MON-3",
            "reason": "nonpayment",
            "auto_renew": True,
            "quantity": 5,
            "add_ons": {"backup": 1, "extra": 2},
        },
    }
    for event in EventName:
        told = compose(OURS, notice(event), 2)
        assert told is not None
        assert SubscriptionNotification.model_validate_json(told.body).type == f"subscription.{event}"


def test_microsofts_words_with_our_sequence() -> None:
    message = compose(MICROSOFTS, notice(), 1)
    assert message is not None
    told = json.loads(message.body)
    guids = [UUID(told.pop(name)) for name in ("id", "activityId", "subscriptionId")]
    assert len(set(guids)) == 3
    assert told == {
        "publisherId": "contoso",
        "offerId": "contoso-crm",
        "planId": "contoso-crm",
        "quantity": 5,
        "timeStamp": "2026-01-31T09:00:00Z",
        "action": "ChangeQuantity",
        "status": "InProgress",
        "operationRequestSource": "Azure",
        "perennialSubscriptionId": "s-1",
        "sequence": 3,
        "previous": 1,
    }


def test_microsofts_guids_stay_for_ever() -> None:
    """Publishers keep them: whoever derives them otherwise breaks every subscription that is known to somebody."""
    message, later = compose(MICROSOFTS, notice(), 0), compose(MICROSOFTS, notice(seq=4), 3)
    assert message is not None
    assert later is not None
    told, then = SaasNotification.model_validate_json(message.body), SaasNotification.model_validate_json(later.body)
    assert str(told.id) == "5e6d0cd3-5b9d-5730-add1-7809b10da470"
    assert str(told.subscription_id) == "aff1e100-1514-5c2f-8001-77f1f8a8a9f3"
    assert then.subscription_id == told.subscription_id
    assert len({told.id, told.activity_id, then.id, then.activity_id}) == 4


BEGINNINGS = ("purchased", "activated", "begun", "trial_started")


@pytest.mark.parametrize("event", EventName)
@pytest.mark.parametrize("state", State)
def test_microsofts_action(event: EventName, state: State) -> None:
    actions = {
        "quantity_changed": "ChangeQuantity",
        "renewed": "Renew",
        "suspended": "Suspend",
        "reactivated": "Reinstate",
        **dict.fromkeys(("cancelled", "expired", "deleted", "deprovisioned"), "Unsubscribe"),
        **dict.fromkeys(BEGINNINGS if state in {State.TRIAL, State.ACTIVE} else (), "Subscribe"),
    }
    message = compose(MICROSOFTS, notice(event, state=state), 2)
    if event not in actions:
        assert message is None
    else:
        assert message is not None
        told = json.loads(message.body)
        assert told["action"] == actions[event]
        assert told["status"] == ("InProgress" if event == "quantity_changed" else "Succeeded")


def test_the_same_bytes_at_every_try() -> None:
    one, other = notice(), notice(add_ons={"backup": 1, "extra": 2})
    for told in (OURS, MICROSOFTS):
        assert compose(told, one, 2) == compose(told, other, 2)
        assert compose(told, one, 2) != compose(told, one, 1)


@pytest.mark.parametrize("dialect", Dialect)
def test_messages_keep_the_published_schema(dialect: Dialect) -> None:
    bundle = json.loads((ROOT / "docs" / "contract" / "documents.schema.json").read_text())
    name = {Dialect.PERENNIAL: "SubscriptionNotification", Dialect.MICROSOFT: "SaasNotification"}[dialect]
    schema = {"$ref": f"#/$defs/{name}", "$defs": bundle["$defs"]}
    for event in EventName:
        message = compose(endpoint(dialect=dialect.value), notice(event), 2)
        if message is not None:
            validate(json.loads(message.body), schema)
    with pytest.raises(ValidationError):
        validate({}, schema)


@pytest.mark.parametrize("dialect", Dialect)
def test_the_page_for_publishers_shows_what_is_sent(dialect: Dialect) -> None:
    page = (ROOT / "docs" / "receiving.md").read_text()
    shown = re.search(rf"<!-- message: {dialect} -->\n```json\n(.*?)```", page, re.DOTALL)
    assert shown is not None
    at = datetime(2026, 11, 26, 9, tzinfo=UTC)
    told = notice(subscription_id="order-1-1", seq=4, at=at, rule="MON-4", add_ons={"backup": 1})
    sent = compose(endpoint(dialect=dialect.value), told, 2)
    assert sent is not None
    assert json.loads(shown[1]) == json.loads(sent.body)
