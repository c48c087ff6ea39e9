"""An account is rebuilt from its books at every step exactly as it is lived (MON-5, MON-6)."""

from pathlib import Path
from typing import Any

import pytest

from cli.rehearsal.scenario import load
from domain.account.account import Look
from domain.account.events import AccountRecord, Close, CloseReceipt, LiftHolds, PlaceHolds
from domain.account.taxing import Taxed
from statemachines.account.life import AccountLife, AccountSteps
from statemachines.rebuilding.account import BookedAccount, rebuilt_account
from statemachines.simulation.account_book import AccountBook
from statemachines.simulation.course import simulate
from statemachines.simulation.customer import CustomerSimulator
from statemachines.simulation.scenario_file import parse_scenario
from tests.support.paths import ROOT
from tests.support.simulated.life import LIVING

SCENARIOS = sorted((ROOT / "scenarios").glob("[ac]*/*.yaml"))


class Watched:
    """Rebuilds the account after each of its effects, and compares it with the one that is lived."""

    def __init__(self) -> None:
        self.opened: AccountLife | None = None
        self.book: AccountBook | None = None
        self.closes: list[CloseReceipt] = []
        self.compared = 0

    def compare(self, life: AccountLife) -> AccountLife:
        assert self.opened is not None
        assert self.book is not None
        account = self.opened.account
        booked = BookedAccount(
            customer_id=account.customer_id,
            terms=account.terms,
            opened_at=account.opened_at,
            events=tuple(self.book.events),
            closes=tuple(self.closes),
        )
        found = rebuilt_account(booked)
        if not life.effects and all(isinstance(effect, PlaceHolds | LiftHolds) for effect in found.effects):
            # Whether it is done is not in the books: it is done again.
            found = found.model_copy(update={"effects": ()})
        # When a request was accepted that changed nothing is not in the books.
        # Nor is what it saw of other books; it looks again (MON-8).
        account = life.account.model_copy(update={"seen": None, "looking": None})
        effects = tuple(effect for effect in life.effects if not isinstance(effect, Look))
        same = {"accepted_at": found.accepted_at, "consider": found.consider, "account": account, "effects": effects}
        wanted = life.model_copy(update=same)
        assert [name for name, value in found if value != getattr(wanted, name)] == []
        assert found == wanted
        self.compared += 1
        return life


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Watched:
    watched = Watched()
    begin, close, closed = CustomerSimulator.__init__, AccountBook.close, AccountSteps.closed
    done = AccountLife.first_effect_done

    def begun(self: CustomerSimulator, *args: Any) -> None:
        begin(self, *args)
        watched.opened, watched.book = self.life, self.book
        watched.compare(self.life)

    def noted(self: AccountBook, entry: Close, taxed: Taxed | None = None) -> CloseReceipt:
        receipt = close(self, entry, taxed)
        watched.closes.append(receipt)
        return receipt

    def after_close(self: AccountSteps, life: AccountLife, receipt: CloseReceipt) -> AccountLife:
        return watched.compare(closed(self, life, receipt))

    def after(self: AccountLife) -> AccountLife:
        life = done(self)
        # What is decided at the same instant and not recorded yet is decided again: it looks again (MON-8).
        untold = any(isinstance(effect, AccountRecord) for effect in life.effects)
        return life if untold or isinstance(self.effects[0], Close | Look) else watched.compare(life)

    monkeypatch.setattr(CustomerSimulator, "__init__", begun)
    monkeypatch.setattr(AccountBook, "close", noted)
    monkeypatch.setattr(AccountSteps, "closed", after_close)
    monkeypatch.setattr(AccountLife, "first_effect_done", after)
    return watched


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_it_is_rebuilt_after_each_effect(path: Path, watched: Watched) -> None:
    simulate(parse_scenario(load(path)), LIVING)
    assert watched.compared > len(watched.closes) > 0
