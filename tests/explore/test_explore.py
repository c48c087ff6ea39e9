"""A shallow exploration, and that it would find something: `make explore` goes deeper."""

import re
from datetime import datetime
from pathlib import Path

import pytest

from cli.rehearsal.scenario import load
from domain.roles import Action
from domain.subscription.commands import AnyCommand
from domain.subscription.ledger import LedgerRow
from domain.subscription.pricing import full_credit
from domain.subscription.subscription import Subscription
from statemachines.preview.simulator import Simulator
from statemachines.simulation.scenario_file import parse_scenario
from statemachines.subscription import endings
from tests.explore import asks, walk
from tests.explore.__main__ import main as explore_program
from tests.explore.beginnings import KINDS, beginnings
from tests.explore.exploration import explore
from tests.explore.lives import lived
from tests.explore.lives import main as lives_program
from tests.explore.reproduction import scenario, text
from tests.support.simulated.life import an_order

FEW = ("suspend for fraud", "reactivate", "auto-renew off", "cancel")


def test_every_pack_and_kind_of_offer_is_begun() -> None:
    assert len(beginnings()) == 4 * len(KINDS) == 4 * 1024


def test_every_command_is_asked() -> None:
    simulator = walk.led_to(an_order(), ())
    asked = asks.asks(simulator, simulator.life.accepted_at).values()
    assert {command.do for command in asked if command} == set(Action) - {Action.BUY}


def test_no_invariant_is_broken() -> None:
    """Section 12, from some kinds of offer under each pack."""
    done = explore(beginnings(every=256), depth=1, seconds=6)
    assert done.broken == []
    assert done.levels[0].transitions > 200
    assert {name.split()[0] for name in done.checked} >= {"1", "2", "3", "4", "5", "6", "8", "9", "10", "14", "16"}


def test_merging_hides_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same outcomes, rules and states are reached, whether states that differ in dates alone are merged or not."""

    def few(simulator: Simulator, at: datetime) -> dict[str, AnyCommand | None]:
        return {name: command for name, command in asks.asks(simulator, at).items() if name in FEW}

    monkeypatch.setattr(walk, "asks", few)
    orders = [an_order({"trial_days": 30}), an_order(policy="nce-2022")]
    merged = explore(orders, depth=2, seconds=60)
    every = explore(orders, depth=2, seconds=60, merged=False)
    assert all(level.whole for level in (*merged.levels, *every.levels))
    assert merged.reached == every.reached
    assert merged.states < every.states


@pytest.fixture
def twice_credited(monkeypatch: pytest.MonkeyPatch) -> None:
    """A core that credits twice what was charged."""

    def twice(subscription: Subscription, at: datetime, seq: int) -> tuple[LedgerRow, ...]:
        rows = full_credit(subscription, at, seq)
        return tuple(row.model_copy(update={"amount": 2 * row.amount}) for row in rows)

    monkeypatch.setattr(endings, "full_credit", twice)


@pytest.mark.usefixtures("twice_credited")
def test_a_violation_is_a_scenario_file() -> None:
    """Invariant 3: with a credit of twice the charges, one command is enough, and the file repeats it."""
    prices = [{"at": "2026-05-15T09:00:00Z", "unit_price": "7.00"}]
    done = explore([an_order(prices=prices)], depth=2, seconds=30)
    broken = done.broken[0]
    assert (broken.invariant, [name for _, name in broken.path]) == ("3 credits never exceed charges", ["cancel"])
    file = parse_scenario(scenario(broken))
    assert [command.action for command in file.commands] == ["cancel"]
    first, *_, last = [line for line in text(broken).splitlines() if line.startswith("#")]
    assert first.startswith("# 3 credits never exceed charges: AssertionError")
    assert last == "# ordered with a price to come: 7.00 from 2026-05-15T09:00:00Z"


@pytest.mark.usefixtures("twice_credited")
def test_the_program_writes_what_it_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    few = ["--pack", "csp-2019", "--every", "1000", "--depth", "1", "--jobs", "1"]
    assert explore_program([*few, "--to", str(tmp_path / "found")]) == 1
    said = capsys.readouterr().out
    assert re.search(r"invariant 3 credits never exceed charges, [1-9]\d* violated$", said, re.MULTILINE)
    (path, *_) = sorted((tmp_path / "found").iterdir())
    assert f"VIOLATED 3 credits never exceed charges by cancel: {path}" in said
    parse_scenario(load(path))


def test_the_programs_print_their_figures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    few = ["--pack", "csp-2019", "--every", "1000", "--depth", "4", "--minutes", "0.01", "--jobs", "1"]
    assert explore_program([*few, "--to", str(tmp_path / "found")]) == 0
    said = capsys.readouterr()
    assert re.search(r"^whole depth \d, [\d,]+ states, [\d,]+ transitions$", said.out, re.MULTILINE)
    assert re.search(r"^ +[\d,]+ x invariant 9 the timeline is what happens, 0 violated$", said.out, re.MULTILINE)
    assert not (tmp_path / "found").exists()
    assert lives_program(["--years", "10", "--jobs", "1"]) == 0
    said = capsys.readouterr()
    assert re.search(r"^[\d,]+ subscription-years of [\d,]+ lives in \d+ s, [\d,]+ a minute$", said.out, re.MULTILINE)
    assert re.search(r"^0 violations; other lives from --seed \d+$", said.out, re.MULTILINE)


@pytest.mark.parametrize("of", ["subscriptions", "customers"])
def test_random_lives_are_counted_in_years(of: str) -> None:
    _, count, years, failed = lived(1, of=of, examples=10)
    assert (count >= 10, years > 1, failed) == (True, True, "")
