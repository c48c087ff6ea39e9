"""The inbox applies each message once and in order: repeats, delays, crashes, several at once."""

import signal
import subprocess
import sys
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from examples.receiver.inbox import Inbox, Verdict
from tests.support.paths import ROOT
from tests.support.publisher.effects import Effects, Killed
from tests.support.publisher.messages import SECRET, Sent, message, microsoft


@pytest.fixture
def inbox(tmp_path: Path) -> Inbox:
    return Inbox(tmp_path / "inbox.db", [SECRET])


@pytest.fixture
def effects(inbox: Inbox) -> Effects:
    return Effects(inbox)


def test_each_is_applied_once_and_in_order(inbox: Inbox, effects: Effects) -> None:
    def verdict(sent: Sent) -> Verdict:
        return inbox.receive(sent.headers, sent.body, effects).verdict

    assert verdict(message("s", 1, 0)) == Verdict.APPLIED
    assert verdict(message("s", 1, 0)) == Verdict.REPEAT
    # Number 3 is one that nobody is told.
    assert verdict(message("s", 4, 2)) == Verdict.EARLY
    assert verdict(message("s", 2, 1)) == Verdict.APPLIED
    assert verdict(message("s", 4, 2)) == Verdict.APPLIED
    assert verdict(message("other", 2, 1)) == Verdict.EARLY
    assert (effects.of("s"), inbox.applied("s"), inbox.applied("other")) == ([1, 2, 4], [1, 2, 4], [])


def test_what_the_sender_gave_up_does_not_hold_up_what_follows(inbox: Inbox, effects: Effects) -> None:
    """Given up though it was applied, for the answer was lost; and given up before it came, but it comes late."""
    for sent in (message("s", 1, 0), message("s", 2, 1), message("s", 3, 1), message("t", 2, 0)):
        assert inbox.receive(sent.headers, sent.body, effects).verdict == Verdict.APPLIED
    late = message("t", 1, 0)
    receipt = inbox.receive(late.headers, late.body, effects)
    assert (receipt.verdict, receipt.verdict.status, receipt.why) == (Verdict.PASSED, 200, "2 is already applied")
    assert (effects.of("s"), effects.of("t")) == ([1, 2, 3], [2])


def test_both_dialects_are_taken(inbox: Inbox, effects: Effects) -> None:
    first = microsoft("s", 1, 0, "Subscribe")
    again = microsoft("s", 2, 1, "ChangeQuantity", 7)
    assert inbox.receive(first.headers, first.body, effects).verdict == Verdict.APPLIED
    receipt = inbox.receive(again.headers, again.body, effects)
    assert receipt.message is not None
    assert (receipt.message.id, receipt.message.facts["quantity"]) == ("s:2", 7)
    ours = message("s", 3, 2)
    receipt = inbox.receive(ours.headers, ours.body, effects)
    assert receipt.message is not None
    assert receipt.message.facts["customer_id"] == "fabrikam"


def test_what_the_handler_raises_undoes_everything(inbox: Inbox, effects: Effects) -> None:
    sent = message("s", 1, 0)
    effects.dies = True
    with pytest.raises(Killed):
        inbox.receive(sent.headers, sent.body, effects)
    assert (effects.of("s"), inbox.applied("s")) == ([], [])
    effects.dies = False
    assert inbox.receive(sent.headers, sent.body, effects).verdict == Verdict.APPLIED
    assert effects.of("s") == [1]


def test_it_outlives_its_process(tmp_path: Path) -> None:
    for expected in (Verdict.APPLIED, Verdict.REPEAT):
        inbox = Inbox(tmp_path / "inbox.db", [SECRET])
        sent = message("s", 1, 0)
        assert inbox.receive(sent.headers, sent.body, Effects(inbox)).verdict == expected


KILLED = """
import os, signal, sys
from examples.receiver.inbox import Inbox
from tests.support.publisher.messages import SECRET, message
from tests.support.publisher.effects import Effects

inbox = Inbox(sys.argv[1], [SECRET])
effects = Effects(inbox)

def handle(books, message):
    effects(books, message)
    if sys.argv[2] == "before":
        os.kill(os.getpid(), signal.SIGKILL)

sent = message("s", 1, 0)
inbox.receive(sent.headers, sent.body, handle)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize(("when", "expected"), [("before", Verdict.APPLIED), ("after", Verdict.REPEAT)])
def test_a_process_killed_at_either_side_of_the_commit(
    inbox: Inbox, effects: Effects, tmp_path: Path, when: str, expected: Verdict
) -> None:
    """The sender had no answer either way, and sends again."""
    command = [sys.executable, "-c", KILLED, str(tmp_path / "inbox.db"), when]
    assert subprocess.run(command, cwd=ROOT).returncode == -signal.SIGKILL
    assert effects.of("s") == ([] if when == "before" else [1])
    sent = message("s", 1, 0)
    assert inbox.receive(sent.headers, sent.body, effects).verdict == expected
    assert effects.of("s") == [1]


def test_copies_at_the_same_moment_are_applied_once(inbox: Inbox, effects: Effects) -> None:
    sent = message("s", 1, 0)
    with ThreadPoolExecutor(8) as threads:
        verdicts = list(threads.map(lambda _: inbox.receive(sent.headers, sent.body, effects).verdict, range(40)))
    assert sorted(verdicts) == [Verdict.APPLIED] + [Verdict.REPEAT] * 39
    assert effects.of("s") == [1]


def test_an_inbox_can_begin_in_mid_life(inbox: Inbox, effects: Effects) -> None:
    inbox.begin_after("s", 4)
    inbox.begin_after("s", 2)
    sent = message("s", 6, 4)
    assert inbox.receive(sent.headers, sent.body, effects).verdict == Verdict.APPLIED
    assert (effects.of("s"), inbox.applied("s")) == ([6], [4, 6])


@st.composite
def _streams(draw: st.DrawFn) -> dict[str, list[int]]:
    """Some subscriptions, each with the ascending sequence numbers that are told."""
    gaps = st.lists(st.integers(1, 3), min_size=1, max_size=6)
    streams = {}
    for name in draw(st.sets(st.sampled_from("abc"), min_size=1)):
        told, last = [], 0
        for gap in draw(gaps):
            last += gap
            told.append(last)
        streams[name] = told
    return streams


@settings(max_examples=60, deadline=None)
@given(streams=_streams(), data=st.data())
def test_any_repeats_delays_and_crashes_come_to_the_same(streams: dict[str, list[int]], data: st.DataObject) -> None:
    """Messages come in any order and number, the process dies within some; in the end each is sent once more."""
    told = [
        (name, sequence, previous)
        for name, sequences in streams.items()
        for previous, sequence in zip([0, *sequences], sequences, strict=False)
    ]
    sent = {(name, sequence): message(name, sequence, previous) for name, sequence, previous in told}
    tries = data.draw(st.lists(st.tuples(st.sampled_from(sorted(sent)), st.sampled_from(["ok", "ok", "dies"]))))
    with TemporaryDirectory() as folder:
        inbox = Inbox(Path(folder) / "inbox.db", [SECRET])
        effects = Effects(inbox)
        right: defaultdict[str, int] = defaultdict(int)
        for key, how in [*tries, *((key, "ok") for key in sorted(sent))]:
            name, sequence = key
            place = streams[name].index(sequence)
            effects.dies = how == "dies"
            turn = place == right[name]
            try:
                verdict = inbox.receive(sent[key].headers, sent[key].body, effects).verdict
            except Killed:
                assert turn
                # Its memory is gone; the file is all there is.
                inbox = Inbox(Path(folder) / "inbox.db", [SECRET])
                effects = Effects(inbox)
                continue
            assert verdict == (Verdict.APPLIED if turn else Verdict.REPEAT if place < right[name] else Verdict.EARLY)
            right[name] += turn
        for name, sequences in streams.items():
            assert effects.of(name) == inbox.applied(name) == sequences
