"""The careless changes of `make mutants` fit the code as it is, and the trial tells a noticed one from a missed one."""

import ast
from pathlib import Path

import pytest

from tests.mutants.changes import CARELESS, Careless
from tests.mutants.trial import attempt, changed, copy_of_the_project
from tests.support.paths import ROOT

MONEY = CARELESS[0]


@pytest.mark.parametrize("change", CARELESS, ids=lambda change: change.name)
def test_a_change_fits_the_code_and_its_tests_are_there(change: Careless) -> None:
    before = (ROOT / change.path).read_text()
    after = changed(before, change)
    assert ast.dump(ast.parse(after)) != ast.dump(ast.parse(before)), "it changes nothing"
    assert all((ROOT / place.partition("::")[0]).exists() for place in change.noticed_by.split())


def test_there_are_at_least_twenty() -> None:
    assert len({change.name for change in CARELESS}) == len(CARELESS) >= 20


def test_what_has_no_place_or_two_is_refused() -> None:
    with pytest.raises(ValueError, match=r"domain/money\.py has 0 places for `halves are rounded down"):
        changed("", MONEY)
    with pytest.raises(ValueError, match="has 2 places"):
        changed(MONEY.old * 2, MONEY)


def test_the_trial_tells_noticed_from_missed(tmp_path: Path) -> None:
    copy = copy_of_the_project(tmp_path)
    noticed = attempt(MONEY, copy)
    assert noticed.noticed
    assert noticed.by.startswith("tests/domain/test_money.py::")
    missed = attempt(Careless(MONEY.name, MONEY.path, MONEY.old, MONEY.new, "tests/domain/test_roles.py"), copy)
    assert not missed.noticed
    assert (copy / MONEY.path).read_text() == (ROOT / MONEY.path).read_text(), "the change is taken back"
