"""Who sent it: only what a publisher has signed, lately, is believed."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from activities.notifications.publishers import Publishers
from hosting.gateway.authentication import (
    MAX_SIGNATURES,
    TOLERANCE,
    Authentication,
    Envelope,
)
from hosting.gateway.refusals import BadSignature, Malformed, Refused, Stale, Unsigned
from perennial.subscription.publishers import Sender
from tests.support.publisher.signing import CONTOSO, CONTOSOS_NEXT, PUBLISHERS, STRANGER, WINGTIP, signed

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
BODY = '{"do": "resolve", "token": "ä"}'.encode()
SECOND = timedelta(seconds=1)
Headers = dict[str, list[str]]


@pytest.fixture(scope="module")
def authentication() -> Authentication:
    return Authentication(lambda: PUBLISHERS)


def headers_of(**changes: str) -> Headers:
    plain = signed(BODY, request_id="r:1", at=NOW)
    return {name: [value] for name, value in {**plain, **changes}.items()}


def sender(authentication: Authentication, headers: Headers, body: bytes = BODY, now: datetime = NOW) -> Sender:
    return authentication.sender(Envelope.of(lambda name: headers.get(name, [])), body, now)


@pytest.mark.parametrize("key", [CONTOSO, CONTOSOS_NEXT])
def test_any_of_its_secrets_will_do(authentication: Authentication, key: str) -> None:
    headers = {name: [value] for name, value in signed(BODY, by=key, request_id="r:1", at=NOW).items()}
    assert sender(authentication, headers) == Sender("contoso", "r:1")


def test_one_good_signature_of_several_is_enough(authentication: Authentication) -> None:
    good = signed(BODY, request_id="r:1", at=NOW)["webhook-signature"]
    bad = signed(BODY, by=STRANGER, request_id="r:1", at=NOW)["webhook-signature"]
    for several in (f"{bad} {good}", f"v1a,x nonsense , {good}", f"{good} v1,", f"  {good}"):
        assert sender(authentication, headers_of(**{"webhook-signature": several})).publisher == "contoso"


@pytest.mark.parametrize("apart", [-TOLERANCE, TOLERANCE, timedelta(0)])
def test_fresh_to_the_second(authentication: Authentication, apart: timedelta) -> None:
    assert sender(authentication, headers_of(), now=NOW + apart).request_id == "r:1"


@pytest.mark.parametrize("apart", [-TOLERANCE - SECOND, TOLERANCE + SECOND, timedelta(days=400)])
def test_what_is_stale(authentication: Authentication, apart: timedelta) -> None:
    with pytest.raises(Stale, match=r"takes a time within 5 minutes of this server's, \d+\. Correct"):
        sender(authentication, headers_of(), now=NOW + apart)


def test_the_publishers_are_those_of_the_moment() -> None:
    known = [Publishers()]
    authentication = Authentication(lambda: known[-1])
    with pytest.raises(BadSignature):
        sender(authentication, headers_of())
    known.append(PUBLISHERS)
    assert sender(authentication, headers_of()).publisher == "contoso"
    known.append(Publishers(publishers=PUBLISHERS.publishers[1:]))
    with pytest.raises(BadSignature):
        sender(authentication, headers_of())


def signature(**changes: str) -> str:
    return signed(BODY, **{"request_id": "r:1", "at": NOW, **changes})["webhook-signature"]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "changes",
    [
        {"webhook-signature": signature(by=STRANGER)},
        {"webhook-signature": signature(by=WINGTIP)},
        {"webhook-signature": signature(request_id="r:2")},
        {"webhook-signature": signature().lower()},
        {"webhook-signature": signature().replace("v1,", "v2,")},
        {"webhook-signature": signature().replace("v1,", "v1a,")},
        {"webhook-signature": signature().removeprefix("v1,")},
        {"webhook-signature": signature()[:-1]},
        {"webhook-signature": signature() + "="},
        {"webhook-signature": "v1,"},
        {"webhook-signature": "v1"},
        {"webhook-signature": "v1,é"},
        {"webhook-signature": "v1,a,b ,,, v1,!!!!"},
        {"webhook-signature": "\ud800"},
        {"webhook-signature": " " * 5_000},
        {"webhook-signature": "v1,x " * MAX_SIGNATURES + signature()},
        {"webhook-id": "r:2"},
        {"webhook-timestamp": str(int(NOW.timestamp()) + 1)},
        {"webhook-timestamp": "1"},
        {"webhook-timestamp": "99999999999"},
        {"perennial-publisher": "wingtip"},
        {"perennial-publisher": "nobody"},
        {"perennial-publisher": "CONTOSO"},
        {"perennial-publisher": "contoso "},
        {"perennial-publisher": "../contoso' OR 1=1 --"},
    ],
)
def test_what_nobody_has_signed(authentication: Authentication, changes: dict[str, str]) -> None:
    """A publisher that there is not is told from a wrong signature by nothing."""
    with pytest.raises(BadSignature) as refused:
        sender(authentication, headers_of(**changes))
    assert str(refused.value) == str(BadSignature())


@pytest.mark.parametrize(
    "body",
    [BODY + b" ", BODY[:-1], b"", BODY.replace(b"resolve", b"details"), BODY.decode().encode("latin-1"), b"\xff"],
)
def test_a_body_that_was_altered(authentication: Authentication, body: bytes) -> None:
    with pytest.raises(BadSignature):
        sender(authentication, headers_of(), body)


def test_bytes_that_only_look_like_what_was_signed(authentication: Authentication) -> None:
    headers = {name: [value] for name, value in signed("\ufffd".encode(), at=NOW).items()}
    assert sender(authentication, headers, "\ufffd".encode()).publisher == "contoso"
    with pytest.raises(BadSignature):
        sender(authentication, headers, b"\xff")


def test_a_forged_request_is_not_told_that_it_is_stale(authentication: Authentication) -> None:
    with pytest.raises(BadSignature):
        sender(authentication, headers_of(), b"altered", now=NOW + timedelta(days=1))


NAMES = ["perennial-publisher", "webhook-id", "webhook-timestamp", "webhook-signature"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("change", "kind", "says"),
    [
        (lambda _: [], Unsigned, "got nothing; a request carries perennial-publisher, webhook-id"),
        (lambda _: [""], Unsigned, "got nothing"),
        (lambda values: values * 2, Malformed, r"got 2 values; takes one"),
    ],
    ids=["missing", "empty", "twice"],
)
def test_each_header_comes_once(
    authentication: Authentication, name: str, change: Callable[[list[str]], list[str]], kind: type[Refused], says: str
) -> None:
    headers = headers_of()
    with pytest.raises(kind, match=f"^{name}: {says}"):
        sender(authentication, {**headers, name: change(headers[name])})


@pytest.mark.parametrize(
    ("name", "value", "takes"),
    [
        *(("webhook-id", value, "1 to 200 letters") for value in ("a b", "x" * 201, "r/1", "r\n1", "é", "'; DROP")),
        *(
            ("webhook-timestamp", value, "whole seconds")
            for value in ("now", "1e9", "1.5", "-5", "+5", "nan", "0", "01", "\uff11", "1" * 12, "1" * 5_000, "1\n")
        ),
    ],
)
def test_headers_that_cannot_be_read(authentication: Authentication, name: str, value: str, takes: str) -> None:
    with pytest.raises(Malformed, match=f"^{name}: got .*; takes {takes}") as refused:
        sender(authentication, headers_of(**{name: value}))
    assert len(str(refused.value)) < 300
    assert "\n" not in str(refused.value)


def test_secrets_are_in_no_text(authentication: Authentication) -> None:
    for text in (repr(authentication), repr(vars(authentication)), repr(PUBLISHERS)):
        assert CONTOSO.removeprefix("whsec_") not in text
