"""What a signed body may ask, and what the answer to nonsense says."""

import json
from typing import Any

import pytest

from domain.faults import LISTED
from hosting.gateway.refusals import Malformed
from hosting.gateway.requests import ActivateSubscription, Resolve, ShowDetails, parse

TOKEN = "a-token-that-nobody-else-should-see"


def test_each_request_is_read() -> None:
    assert parse(b'{"do": "resolve", "token": "t"}') == Resolve(do="resolve", token="t")
    assert parse(b'{"do": "details", "subscription_id": "s-1"}') == ShowDetails(do="details", subscription_id="s-1")
    asked = {"do": "activate", "subscription_id": "s-1", "token": "t", "actor": "set-up"}
    assert parse(json.dumps(asked).encode()) == ActivateSubscription.model_validate(asked)


ACTIVATE = {"do": "activate", "subscription_id": "s-1", "token": TOKEN}
NO_REQUEST = "The body is not a request: it takes a JSON object with `do`; see docs/publisher-gateway.md."


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", NO_REQUEST),
        (b"no json", NO_REQUEST),
        (b"\xef\xbb\xbf{}", NO_REQUEST),
        (b"\xff\xfe", NO_REQUEST),
        (b"[]", NO_REQUEST),
        (b"null", NO_REQUEST),
        (b'"resolve"', NO_REQUEST),
        (b"NaN", NO_REQUEST),
        (b"[" * 16_000, NO_REQUEST),
        (b'{"do":' * 2_700 + b"1", NO_REQUEST),
        (b'{"do": "resolve", "token": "t"} trailing', NO_REQUEST),
        (b'{"do": "resolve", "token": "\\ud800"}', NO_REQUEST),
        (b"{}", "do: got nothing; takes the command's name"),
        (b'{"do": "cancel"}', "do: got 'cancel'; takes one of resolve, activate, reject_quantity, details"),
        (b'{"do": 7}', "do: got 7; takes one of resolve, activate, reject_quantity, details"),
        (b'{"do": "resolve"}', "token: takes a value; it is required"),
        (b'{"do": "resolve", "token": ""}', "token: takes 1 or more characters"),
        (b'{"do": "resolve", "token": NaN}', "token: takes text"),
        (b'{"do": "resolve", "token": [[[[]]]]}', "token: takes text"),
    ],
)
def test_what_cannot_be_read(body: bytes, said: str) -> None:
    with pytest.raises(Malformed) as refused:
        parse(body)
    assert str(refused.value) == said


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"token": "x" * 1_001}, "token: takes at most 1000 characters"),
        ({"token": None}, "token: takes text"),
        ({"token": 5}, "token: takes text"),
        ({"subscription_id": 5}, "subscription_id: got 5; takes text"),
        ({"subscription_id": "s 1"}, "subscription_id: got 's 1'; takes 1 to 64 letters, digits, `_` or `-`"),
        (
            {"actor": "a\r\nb"},
            "actor: got 'a\\r\\nb'; takes printable characters, without spaces at the start or the end",
        ),
        ({"by": "admin_agent"}, "by: takes no such field; the known ones are in docs/publisher-gateway.md"),
        ({"at": "2020-01-01T00:00:00Z"}, "at: takes no such field; the known ones are in docs/publisher-gateway.md"),
        ({"tokn": TOKEN}, "tokn: takes no such field; the known ones are in docs/publisher-gateway.md"),
        ({"subscription_id": None, "token": 1}, "subscription_id: got nothing; takes text; token: takes text"),
    ],
)
def test_fields_that_do_not_fit(change: dict[str, Any], said: str) -> None:
    """Who acts, and when, is not for the body to say; a token is never said back."""
    with pytest.raises(Malformed) as refused:
        parse(json.dumps({**ACTIVATE, **change}).encode())
    assert str(refused.value) == said
    assert TOKEN not in str(refused.value)


def test_the_first_faults_are_listed_and_the_others_counted() -> None:
    asked = {"do": "resolve", "token": TOKEN, **{f"unknown_{index}": TOKEN for index in range(3000)}}
    with pytest.raises(Malformed) as caught:
        parse(json.dumps(asked).encode())
    assert str(caught.value).count("no such field") == LISTED
    assert str(caught.value).endswith(f"; and {3000 - LISTED:,} more faults")
