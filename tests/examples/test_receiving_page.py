"""docs/receiving.md tells the truth: its messages, its signature, and its receiver run as a program."""

import asyncio
import json
import os
import re
import shutil
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest
from standardwebhooks import Webhook

from activities.notifications.contracts import Notice
from activities.notifications.dialects import compose
from examples.publisher.faults import Fault
from examples.receiver import inbox as copied
from examples.receiver.inbox import Inbox, Message, Verdict
from tests.support.paths import ROOT
from tests.support.publisher.messages import SECRET, content, message, send, signed
from tests.support.publisher.records import endpoint
from tests.support.publisher.secrets import secret

PAGE = (ROOT / "docs" / "receiving.md").read_text()
MESSAGES = dict(re.findall(r"<!-- message: (\w+) -->\n```json\n(.*?)```", PAGE, re.DOTALL))


@asynccontextmanager
async def receiver(folder: Path) -> AsyncIterator[httpx2.AsyncClient]:
    """The page's receiver beside a copy of the file, and a sender to it."""
    code = re.search(r"<!-- receiver -->\n```python\n(.*?)```", PAGE, re.DOTALL)
    assert code is not None
    (folder / "app.py").write_text(code.group(1))
    shutil.copy(str(copied.__file__), folder)
    program = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "uvicorn", "app:app", "--port", "0"),
        cwd=folder,
        env={**os.environ, "WEBHOOK_SECRETS": f"{secret('old')} {SECRET}"},
        stderr=asyncio.subprocess.PIPE,
    )
    assert program.stderr is not None
    try:
        address = None
        while not address:
            line = (await program.stderr.readline()).decode()
            assert line, "it has ended"
            address = re.search(r"http://[\d.]+:\d+", line)
        # The server closes a connection on which an endpoint has failed, a moment after its answer.
        close = {"connection": "close"}
        async with httpx2.AsyncClient(base_url=address.group(), headers=close, trust_env=False, timeout=30) as client:
            yield client
    finally:
        program.terminate()
        await program.communicate()


async def test_the_receiver(tmp_path: Path) -> None:
    async with receiver(tmp_path) as client:
        sent = [
            message("s", 1, 0, quantity=3),
            message("s", 4, 2, quantity=9),
            message("s", 2, 1, quantity=5),
            message("s", 1, 0, quantity=3),
            message("s", 4, 2, quantity=9, secrets=[secret("stranger")]),
            message("s", 4, 2, quantity=7),
            signed("s:5", b"[]"),
        ]
        answers = [await send(client, each) for each in sent]
        assert [(answer.json()["verdict"], answer.status_code) for answer in answers] == [
            ("applied", 200),
            ("early", 409),
            ("applied", 200),
            ("repeat", 200),
            ("forged", 401),
            ("applied", 200),
            ("malformed", 400),
        ]
        large = await client.post("/webhooks", content=b" " * 70_000)
        assert (large.json()["verdict"], large.status_code) == ("too_large", 413)
        # What its handler raises.
        del (body := content("s", 5, 4))["data"]["quantity"]  # type: ignore[attr-defined]
        assert (await send(client, signed("s:5", json.dumps(body).encode()))).status_code == 500
        assert (await send(client, message("s", 5, 4, quantity=8))).json()["verdict"] == "applied"
    with closing(sqlite3.connect(tmp_path / "inbox.db")) as books:
        assert books.execute("SELECT * FROM seats").fetchall() == [("s", 8)]


@pytest.mark.parametrize("dialect", ["perennial", "microsoft"])
def test_the_messages_are_such(tmp_path: Path, dialect: str) -> None:
    sent = signed("order-1-1:4", MESSAGES[dialect].encode())
    seen = Inbox(tmp_path / "inbox.db", [SECRET]).verify(sent.headers, sent.body)
    assert isinstance(seen, Message), seen
    assert (seen.subscription_id, seen.sequence, seen.previous, seen.facts["quantity"]) == ("order-1-1", 4, 2, 5)


@pytest.mark.parametrize("dialect", MESSAGES)
def test_the_message_is_the_one_that_is_sent(dialect: str) -> None:
    """Field for field, in both dialects."""
    data = dict(json.loads(MESSAGES["perennial"])["data"])
    seq, previous = data.pop("sequence"), data.pop("previous")
    sent = compose(endpoint(dialect=dialect), Notice.model_validate_json(json.dumps({**data, "seq": seq})), previous)
    assert sent is not None
    assert json.loads(sent.body) == json.loads(MESSAGES[dialect])


def test_the_message_has_the_fields_that_tests_send() -> None:
    shown = json.loads(MESSAGES["perennial"])
    assert shown.keys() == content("s", 1, 0).keys()
    assert shown["data"].keys() == content("s", 1, 0)["data"].keys()  # type: ignore[attr-defined]


def test_the_signature_to_check_by_is_right() -> None:
    check = re.search(
        r"the secret `(\S+)`, the id `(\S+)`, the timestamp\s+`(\d+)` and the body `(\S+)` are signed\s+`(\S+)`", PAGE
    )
    assert check is not None
    key, webhook_id, timestamp, body, signature = check.groups()
    assert Webhook(key).sign(webhook_id, datetime.fromtimestamp(int(timestamp), UTC), body) == signature


def test_every_verdict_is_explained() -> None:
    rows = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \| (\d{3}) \|", PAGE, re.MULTILINE)
    shown = {name: int(status) for names, status in rows for name in re.findall(r"`(\w+)`", names)}
    assert shown == {verdict.value: verdict.status for verdict in Verdict}


def test_every_switch_is_explained() -> None:
    rows = re.findall(r"^\| `(\w+)` \| ", (ROOT / "examples" / "README.md").read_text(), re.MULTILINE)
    assert rows == [fault.value for fault in Fault]
