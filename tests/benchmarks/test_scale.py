"""docs/scale.md has what its programs print, and its arithmetic can be done by hand."""

from types import ModuleType

import pytest

from benchmarks import month_end, scale
from benchmarks.month_end import MonthEnd
from benchmarks.scale import Business, Measured
from tests.support.paths import ROOT


@pytest.mark.parametrize("program", [scale, month_end])
def test_the_page_has_the_table(
    program: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["it"])
    program.main()
    assert capsys.readouterr().out in (ROOT / "docs/scale.md").read_text()


def test_a_millions_actions_and_dollars() -> None:
    one = Business(1_000_000, per_customer=2, commands_a_year=12, told=0, measured=Measured(account_actions=10))
    assert one.actions == pytest.approx(2.25 + 5.25 + 5)
    used = 5 * 50 + 5 * 45 + 2.5 * 40 + 744 * (one.active_gb * 0.042 + one.retained_gb * 0.00105)
    assert one.dollars == pytest.approx(used + 500)
    assert Business(10_000_000, told=1, commands_a_year=48).dollars is None


def test_a_storm_waits_for_what_is_before_it() -> None:
    """A tenth of 1,000,000 at midnight, and no accounts to speak of, at 100 a second: a thousand seconds."""
    business = Business(1_000_000, per_customer=1e9)
    longest, wait, until = MonthEnd(business, 0.1, 0, 100).lived()
    assert longest == pytest.approx(100_000, rel=0.01)
    assert wait == pytest.approx(1000, rel=0.01)
    assert until == pytest.approx(1000, rel=0.01)
    spread_out, *_ = MonthEnd(business, 0.1, 300, 100).lived()
    assert spread_out == pytest.approx(100_000 - 300 * 100, rel=0.01)


def test_all_that_renews_in_three_days_is_due_once() -> None:
    due = sum(MonthEnd(Business(365_250), 0, 0, 1).due())
    assert due == pytest.approx(1000 * (month_end.LAST + 24))


@pytest.mark.parametrize(
    ("program", "option", "value", "takes"),
    [
        (scale, "--told", "2", "a number from 0 to 1"),
        (scale, "--told", "nan", "a number from 0 to 1"),
        (scale, "--subscriptions", "0", "a whole number from 1"),
        (scale, "--per-customer", "x", "a number from 0.01"),
        (month_end, "--capacity", "0", "a number from 0.01"),
        (month_end, "--spread", "1.5", "a whole number from 0 to 86400"),
    ],
)
def test_what_cannot_be_is_refused(
    program: ModuleType,
    option: str,
    value: str,
    takes: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("sys.argv", ["it", option, value])
    with pytest.raises(SystemExit) as ended:
        program.main()
    assert ended.value.code == 2
    assert capsys.readouterr().err.endswith(f"error: argument {option}: got {value!r}; takes {takes}\n")
