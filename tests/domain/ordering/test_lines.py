"""What an order may be, and the ids that it gives (BUY-1, BUY-3)."""

import json

import pytest
from pydantic import ValidationError

from domain.ordering.lines import MAX_LINES, MAX_ORDER_ID, OrderRequest
from domain.ordering.setup_link import TOKEN_LIFE, link_to, valid
from domain.values import ID_PATTERN, parse_instant
from tests.support.shop.buyers import a_line

REQUEST = {"order_id": "o-1", "customer": "fabrikam", "lines": [{"offer": "crm"}]}


def request(**changes: object) -> OrderRequest:
    """An order as it comes in: JSON."""
    return OrderRequest.model_validate_json(json.dumps({**REQUEST, **changes}))


def test_one_of_it_by_an_admin_agent_unless_it_is_said_otherwise() -> None:
    found = request()
    assert (found.by, found.roles.value, found.lines) == ("admin_agent", "default", (a_line({"quantity": 1}),))


def test_a_subscriptions_id_is_made_of_the_order_and_the_line() -> None:
    found = request(lines=[{"offer": "crm"}, {"offer": "crm", "subscription_id": "mine"}, {"offer": "erp"}])
    assert [found.subscription_id(n) for n in (1, 2, 3)] == ["o-1-1", "mine", "o-1-3"]


def test_the_longest_order_id_still_makes_ids() -> None:
    longest = request(order_id="x" * MAX_ORDER_ID, lines=[{"offer": "crm"}] * MAX_LINES)
    made = a_line({"subscription_id": longest.subscription_id(MAX_LINES)}).subscription_id
    assert made == f"{'x' * MAX_ORDER_ID}-{MAX_LINES}"
    assert ID_PATTERN == "^[A-Za-z0-9_-]{1,64}$"


@pytest.mark.parametrize(
    "change",
    [
        {"order_id": ""},
        {"order_id": "x" * (MAX_ORDER_ID + 1)},
        {"order_id": "a/b"},
        {"order_id": "a\n"},
        {"customer": "a b"},
        {"lines": []},
        {"lines": [{"offer": "crm"}] * (MAX_LINES + 1)},
        {"lines": {"offer": "crm"}},
        {"by": ""},
        {"roles": "lax"},
        {"coupon": "free"},
    ],
)
def test_what_no_order_may_be(change: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        request(**change)


@pytest.mark.parametrize(
    "change",
    [
        {"offer": ""},
        {"offer": "a'b"},
        {"quantity": 0},
        {"quantity": 1.0},
        {"quantity": "1"},
        {"quantity": 10**10},
        {"add_ons": {"backup": 0}},
        {"add_ons": ["backup"]},
        {"add_ons": {f"a-{n}": 1 for n in range(51)}},
        {"policy": "csp-2018"},
        {"subscription_id": "x" * 65},
        {"terms": "x" * 65},
        {"price": "1.00"},
    ],
)
def test_what_no_line_may_be(change: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        a_line(change)


def test_isv_3_a_token_lives_24_hours_and_not_their_last_instant() -> None:
    issued = parse_instant("2026-01-15T09:00:00Z")
    expires, tick = issued + TOKEN_LIFE, TOKEN_LIFE.resolution
    assert (expires - issued).total_seconds() == 24 * 3600
    assert [valid(expires, now) for now in (issued, expires - tick, expires, expires + tick)] == [
        True,
        True,
        False,
        False,
    ]


def test_isv_1_the_link_leads_to_the_publishers_page() -> None:
    assert link_to("https://contoso.example/set-up", "t0k_en-") == "https://contoso.example/set-up?token=t0k_en-"
