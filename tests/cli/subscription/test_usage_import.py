"""`usage import`: a file of reports is taken whole or not at all, each id once (MON-7)."""

from datetime import timedelta
from pathlib import Path

import pytest

from cli.failure import Misused
from cli.subscription.usage_file import reports_in
from domain.faults import LISTED
from domain.values import format_instant, parse_instant
from tests.support.command_line import Ask


@pytest.fixture
def meter(ask: Ask, customer: str) -> str:
    """A usage subscription of its own."""
    subscription = f"meter-{customer}"
    ask.json(f"buy compute --customer {customer} --id {subscription}")
    return subscription


def written(path: Path, *lines: str) -> Path:
    file = path / "usage.csv"
    file.write_text("\n".join(lines) + "\n")
    return file


def test_mon_7_a_file_sent_again_counts_once(ask: Ask, meter: str, tmp_path: Path) -> None:
    file = written(tmp_path, "usage_id,units", *(f"u-{number},0.5" for number in range(2_500)))
    assert ask.json(f"usage import {meter} {file} --by service") == {
        "subscription_id": meter,
        "recorded": 2_500,
        "known": 0,
    }
    assert f"{meter}: 0 recorded, 2,500 known already." in ask.said(f"usage import {meter} {file} --by service")


@pytest.mark.parametrize(
    ("lines", "fault"),
    [
        (("usage_id,units", "a,1", "b,-2"), ":3: units: got '-2'; takes digits in a string"),
        (("usage_id,units", "a b,1"), ":2: usage_id: got 'a b'; takes 1 to 64 letters"),
        (("usage_id,units", "a,NaN"), ":2: units: got 'NaN'; takes digits"),
        (("usage_id,units", "a"), ":2: got 1 cells; takes 2"),
        (("usage_id,units,used_at", "a,1,yesterday"), ":2: used_at: got 'yesterday'; takes an ISO 8601 instant"),
        (("usage_id,amount", "a,1"), ":1: units: got nothing; takes a column; it is required"),
        (
            ("usage_id,amount", "a,1"),
            ":1: amount: got 'amount'; takes a column of usage reports: usage_id, units; ",
        ),
        (("usage_id,units,units", "a,1,2"), ":1: units: got '2 columns'; takes each column once"),
        (("usage_id,units", "a,1", "a,2"), "usage_id a: got 1 units and 2 units; takes one"),
        (("usage_id,units,corrects", "a,1,", "a,1,b"), "usage_id a: got 1 units and 1 units in place of b; takes one"),
        (
            ("usage_id,units,used_at,corrects", "a,1,2026-01-31T09:00:00Z,b"),
            ":2: used_at: got '2026-01-31T09:00:00Z'; takes no instant beside `corrects`",
        ),
        (("usage_id,units",), "got no reports"),
        (("usage_id,units", '"a,1'), "cannot be read as CSV"),
    ],
)
def test_a_faulty_file_is_not_taken(ask: Ask, meter: str, tmp_path: Path, lines: tuple[str, ...], fault: str) -> None:
    result = ask.whole(f"usage import {meter} {written(tmp_path, *lines)}", code=2)
    assert fault in result.stderr
    assert result.stdout == ""


def test_use_1_each_report_is_decided_by_its_own_instant(ask: Ask, meter: str, tmp_path: Path) -> None:
    """The one in the middle was used while users had no access."""
    bought = parse_instant(ask.json(f"events {meter}")[-1]["at"]) + timedelta(microseconds=1)
    ask.json(f"suspend {meter} --reason fraud --by service --yes")
    suspended = ask.json(f"events {meter}")[-1]["at"]
    ask.json(f"reactivate {meter} --yes")
    lines = ("usage_id,units,used_at", f"a,1,{format_instant(bought)}", f"b,1,{suspended}", "c,1,")
    result = ask.whole(f"usage import {meter} {written(tmp_path, *lines)}", code=1)
    assert "refused by USE-1" in result.stderr
    assert "usage_id b: Users had no access from" in result.stderr
    assert "Nothing was recorded." in result.stderr


def test_use_3_a_file_has_corrections_and_a_report_too(ask: Ask, meter: str, tmp_path: Path) -> None:
    file = written(tmp_path, "usage_id,units,corrects", "a,4,", "b,3,a", "c,7,")
    assert ask.json(f"usage import {meter} {file} --by service")["recorded"] == 3
    assert ask.json(f"usage import {meter} {file} --by service")["known"] == 3
    refused = ask.whole(f"usage report {meter} 1 --usage-id d --corrects a --by service", code=1)
    assert "USE-3" in refused.stderr
    assert "Correct b instead." in refused.stderr
    ask.said(f"usage report {meter} 0 --usage-id d --corrects b --by service")
    bad = written(tmp_path, "usage_id,units,corrects", "e,4,", "f,3,nothing")
    assert "usage_id f:" in ask.whole(f"usage import {meter} {bad}", code=1).stderr
    assert "charge" in ask.said(f"deprovision {meter} --yes")
    assert [row["quantity"] for row in ask.json(f"ledger {meter}")] == [7]


def test_use_1_what_was_used_before_the_end_is_taken_after_it(ask: Ask, meter: str, customer: str) -> None:
    used_at = parse_instant(ask.json(f"events {meter}")[-1]["at"])
    ended = ask.json(f"deprovision {meter} --yes")["at"]
    assert ask.json(f"timeline {meter}") == []
    assert "Users had no access" in ask.json(f"usage report {meter} 1 --usage-id a", code=1)["message"]
    late = ask.json(f"usage report {meter} 4 --usage-id a --used-at {format_instant(used_at)}")
    assert late["outcome"] == "done"
    closes = format_instant(parse_instant(ended) + timedelta(hours=24))
    assert [(each["what"], each["at"]) for each in ask.json(f"timeline {meter}")] == [("settle_usage", closes)]
    assert "usage of before can be reported until" in ask.said(f"show {meter}")
    assert [row["subscription_id"] for row in ask.json(f"list --customer {customer}")] == [meter]


def test_use_1_what_is_not_used_yet_is_refused_whole(ask: Ask, meter: str, tmp_path: Path) -> None:
    file = written(tmp_path, "usage_id,units,used_at", "a,1,", "b,1,2999-01-01T00:00:00Z")
    result = ask.whole(f"usage import {meter} {file}", code=1)
    assert "refused by USE-1" in result.stderr
    assert "Nothing was recorded." in result.stderr


def test_a_licence_takes_none(ask: Ask, customer: str, tmp_path: Path) -> None:
    ask.json(f"buy contoso-crm --customer {customer} --quantity 1 --id no-meter-{customer}")
    result = ask.whole(f"usage import no-meter-{customer} {written(tmp_path, 'usage_id,units', 'a,1')}", code=1)
    assert "refused by CXL-6" in result.stderr


def test_a_missing_file_is_one_line(ask: Ask, meter: str, tmp_path: Path) -> None:
    assert "a file that can be read" in ask.whole(f"usage import {meter} {tmp_path / 'none.csv'}", code=2).stderr


@pytest.mark.parametrize(
    ("lines", "faults"),
    [
        (("usage_id,units," + ",".join(f"unknown_{index}" for index in range(3000)), "a,1"), 3000),
        (("usage_id,units", *("a,-1" for _ in range(3000))), 3000),
        (("usage_id,units", *("a" for _ in range(3000))), 3000),
    ],
    ids=["unknown columns", "amounts", "short rows"],
)
def test_the_first_faults_are_listed_and_the_others_counted(
    tmp_path: Path, lines: tuple[str, ...], faults: int
) -> None:
    file = written(tmp_path, *lines)
    with pytest.raises(Misused) as caught:
        reports_in(file, by="service", actor=None)
    assert len(caught.value.lines) == LISTED + 1
    assert all(line.startswith(f"{file}:") for line in caught.value.lines[:-1])
    assert caught.value.lines[-1] == f"and {faults - LISTED:,} more faults"
