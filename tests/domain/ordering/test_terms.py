"""What an order may not be, and the subscription that it begins."""

import json

import pytest
from pydantic import ValidationError

from domain.ordering.terms import Order
from domain.policy import PACKS
from domain.subscription.events import State
from tests.support.shop.offers import BACKUP, offer_fields

OFFER = offer_fields(id="crm", add_ons=[BACKUP])
ORDER = {"subscription_id": "s-1", "customer": "fabrikam", "offer": OFFER, "at": "2026-01-31T09:00:00Z"}


def order(**changes: object) -> Order:
    """An order as it comes in: JSON."""
    return Order.model_validate_json(json.dumps({**ORDER, **changes}))


def test_the_subscription_before_its_first_event() -> None:
    subscription = order(quantity=3, add_ons={"backup": 2}, policy="nce-2022").subscription()
    assert (subscription.state, subscription.seq) == (State.PENDING, 0)
    assert (subscription.quantity, subscription.add_ons) == (3, {"backup": 2})
    assert subscription.policy == PACKS["nce-2022"]
    assert subscription.account_opened == subscription.ordered_at == subscription.window_from


def test_sus_3_the_account_may_be_older_than_the_order() -> None:
    subscription = order(account_opened="2025-12-01T00:00:00Z").subscription()
    assert (subscription.ordered_at - subscription.account_opened).days == 61


@pytest.mark.parametrize(
    "change",
    [
        {"quantity": 0},
        {"quantity": -1},
        {"quantity": 1.5},
        {"quantity": True},
        {"quantity": 10**10},
        {"add_ons": {"backup": 0}},
        {"add_ons": {"a b": 1}},
        {"add_ons": ["backup"]},
        {"at": "2026-01-31T09:00:00"},
        {"customer": ""},
        {"customer": "x" * 65},
        {"subscription_id": "a/b"},
        {"policy": "csp-2018"},
        {"roles": "lax"},
        {"by": ""},
        {"coupon": "free"},
    ],
)
def test_what_no_order_may_be(change: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        order(**change)


def test_an_add_on_that_the_offer_lacks() -> None:
    ((path, got, takes),) = order(add_ons={"archive": 1}).faults()
    assert (path, got) == (("add_ons", "archive"), "archive")
    assert "backup" in takes


def test_the_offers_faults_are_the_orders() -> None:
    faults = order(offer={**OFFER, "unit_price": "1.0000005"}).faults()
    assert [path for path, _, _ in faults] == [("offer", "unit_price")]


def test_buy_5_coming_prices_have_six_decimals_at_most_and_are_in_order() -> None:
    prices = [
        {"at": "2026-03-01T00:00:00Z", "unit_price": "11.0000005"},
        {"at": "2026-02-01T00:00:00Z", "unit_price": "12.00"},
    ]
    assert [(path, str(got)) for path, got, _ in order(prices=prices).faults()] == [
        (("prices", 0, "unit_price"), "11.0000005"),
        (("prices", 1, "at"), "2026-02-01 00:00:00+00:00"),
    ]


def test_a_sound_order_has_none() -> None:
    assert list(order(quantity=3, add_ons={"backup": 2}).faults()) == []
