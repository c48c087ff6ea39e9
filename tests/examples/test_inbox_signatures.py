"""What is not signed, not signed any more, or not ours is refused, each with its own verdict and status."""

import json
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from examples.receiver.inbox import LARGEST_BODY, Inbox, Message, Receipt, Verdict
from tests.support.publisher.messages import SECRET, Sent, content, message, signed
from tests.support.publisher.secrets import secret

BODY = json.dumps(content("s", 1, 0)).encode()
OLD, NEW, STRANGER = secret("old"), secret("new"), secret("stranger")

# Made in the test, not when it is collected: a signature is good for five minutes.
Make = Callable[[], Sent]


@pytest.fixture
def inbox(tmp_path: Path) -> Inbox:
    return Inbox(tmp_path / "inbox.db", [SECRET])


def changed(name: str, change: Callable[[str], str | None]) -> Make:
    """The genuine message with one header changed, or left out."""

    def make() -> Sent:
        genuine = message("s", 1, 0)
        value = change(genuine.headers[name])
        headers = {key: given for key, given in genuine.headers.items() if key != name}
        return Sent(headers if value is None else {**headers, name: value}, genuine.body)

    return make


def made_of(body: bytes, webhook_id: str = "s:1", seconds: float = 0) -> Make:
    """Rightly signed, so many seconds from now."""
    return lambda: signed(webhook_id, body, at=datetime.now(UTC) + timedelta(seconds=seconds))


def with_body(body: bytes) -> Make:
    """The genuine message's headers over another body."""
    return lambda: Sent(message("s", 1, 0).headers, body)


def gone(_: str) -> None:
    return None


def never(_: sqlite3.Connection, message: Message) -> None:
    raise AssertionError(f"{message.id} is applied")


ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
REFUSED: dict[str, tuple[Make, Verdict, int]] = {
    "a tampered body": (with_body(BODY.replace(b"3", b"4")), Verdict.FORGED, 401),
    "another id": (changed(ID, lambda _: "s:2"), Verdict.FORGED, 401),
    "another timestamp": (changed(TIMESTAMP, lambda given: str(int(given) - 1)), Verdict.FORGED, 401),
    "another's secret": (lambda: message("s", 1, 0, secrets=[STRANGER]), Verdict.FORGED, 401),
    "expired": (made_of(BODY, seconds=-301), Verdict.STALE, 401),
    "from the future": (made_of(BODY, seconds=310), Verdict.STALE, 401),
    "no timestamp": (changed(TIMESTAMP, lambda _: "soon"), Verdict.STALE, 401),
    "an endless timestamp": (changed(TIMESTAMP, lambda _: "9" * 5000), Verdict.STALE, 401),
    "not a number": (changed(TIMESTAMP, lambda _: "nan"), Verdict.STALE, 401),
    "without signature": (changed(SIGNATURE, gone), Verdict.UNSIGNED, 401),
    "without id": (changed(ID, gone), Verdict.UNSIGNED, 401),
    "without timestamp": (changed(TIMESTAMP, gone), Verdict.UNSIGNED, 401),
    "without anything": (lambda: Sent({}, b""), Verdict.UNSIGNED, 401),
    "a list without commas": (changed(SIGNATURE, lambda _: "v1"), Verdict.FORGED, 401),
    "a list of blanks": (changed(SIGNATURE, lambda _: "   "), Verdict.FORGED, 401),
    "a part with two commas": (changed(SIGNATURE, lambda given: f"v1,a,b {given}"), Verdict.FORGED, 401),
    "no base64": (changed(SIGNATURE, lambda _: "v1,a"), Verdict.FORGED, 401),
    "no ASCII": (changed(SIGNATURE, lambda _: "v1,é"), Verdict.FORGED, 401),
    "a version to come": (changed(SIGNATURE, lambda given: given.replace("v1,", "v2,")), Verdict.FORGED, 401),
    "no text": (with_body(b"\xff\xfe"), Verdict.FORGED, 401),
    "too large": (with_body(b" " * (LARGEST_BODY + 1)), Verdict.TOO_LARGE, 413),
    "no JSON": (made_of(b"{"), Verdict.MALFORMED, 400),
    "deep JSON": (made_of(b"[" * 60_000), Verdict.MALFORMED, 400),
    "a list": (made_of(b"[]"), Verdict.MALFORMED, 400),
    "no data": (made_of(b'{"data": 1}'), Verdict.MALFORMED, 400),
    "an id without number": (made_of(BODY, "s"), Verdict.MALFORMED, 400),
    "an id of another message": (made_of(BODY, "s:2"), Verdict.MALFORMED, 400),
    "an id of another subscription": (made_of(BODY, "t:1"), Verdict.MALFORMED, 400),
    "an id of none": (made_of(json.dumps(content("", 1, 0)).encode(), ":1"), Verdict.MALFORMED, 400),
}


@pytest.mark.parametrize(("make", "verdict", "status"), REFUSED.values(), ids=REFUSED)
def test_refused(inbox: Inbox, make: Make, verdict: Verdict, status: int) -> None:
    sent = make()
    receipt = inbox.receive(sent.headers, sent.body, never)
    assert (receipt.verdict, receipt.verdict.status, receipt.message) == (verdict, status, None)
    assert receipt.why
    assert "\n" not in receipt.why
    assert not receipt.verdict.acknowledged


@pytest.mark.parametrize(
    ("sequence", "previous"), [(1, 1), (0, 0), (1, -1), (True, 0), (1, None), ("1", 0), (1.0, 0), (2**63, 0), (1, 2)]
)
def test_numbers_that_are_none_are_refused(inbox: Inbox, sequence: object, previous: object) -> None:
    body = {"data": {"subscription_id": "s", "sequence": sequence, "previous": previous}}
    sent = signed(f"s:{sequence}", json.dumps(body).encode())
    assert inbox.receive(sent.headers, sent.body, never).verdict == Verdict.MALFORMED


@pytest.mark.parametrize(
    "make",
    [
        made_of(BODY, seconds=-290),
        made_of(BODY, seconds=290),
        changed(SIGNATURE, lambda given: f"v2,abc {given}"),
        changed(SIGNATURE, lambda given: f"{given} v1,"),
    ],
)
def test_taken(inbox: Inbox, make: Make) -> None:
    sent = make()
    assert isinstance(inbox.verify(sent.headers, sent.body), Message)


def test_headers_are_taken_in_any_case(inbox: Inbox) -> None:
    sent = message("s", 1, 0)
    assert isinstance(inbox.verify({name.title(): value for name, value in sent.headers.items()}, sent.body), Message)


@pytest.mark.parametrize(
    ("signs", "known", "taken"),
    [
        ([OLD], [OLD], True),
        ([OLD, NEW], [OLD], True),
        ([NEW, OLD], [OLD], True),
        ([OLD, NEW], [NEW], True),
        ([NEW], [OLD, NEW], True),
        ([OLD], [NEW], False),
        ([STRANGER], [OLD, NEW], False),
    ],
)
def test_a_secret_is_replaced_without_a_gap(tmp_path: Path, signs: list[str], known: list[str], taken: bool) -> None:
    sent = message("s", 1, 0, secrets=signs)
    seen = Inbox(tmp_path / "inbox.db", known).verify(sent.headers, sent.body)
    assert isinstance(seen, Message) == taken
    assert isinstance(seen, Receipt) != taken


@pytest.mark.parametrize("given", [[], ["whsec_"], [""], ["whsec_a"], ["no secret"], ["whsec_é"], [SECRET, "?"]])
def test_a_secret_that_is_none_is_said_at_once_and_not_shown(tmp_path: Path, given: list[str]) -> None:
    with pytest.raises(ValueError, match="secret") as refused:
        Inbox(tmp_path / "inbox.db", given)
    assert refused.value.__suppress_context__ or refused.value.__context__ is None
    assert SECRET not in str(refused.value)
    assert "no secret" not in str(refused.value)
