"""Operations as people read them: what would be done, how far it is, and what was not done."""

from decimal import Decimal

import pytest

from cli.bulk.view import print_plan, print_view
from domain.bulk.items import Item, ItemStatus, shown
from domain.bulk.operations import BulkState, Operation, refusals_of
from domain.bulk.requests import BulkRequest, MoveRun, Selection
from domain.bulk.totals import Totals
from domain.money import Money
from domain.subscription.commands import ChangeQuantity
from domain.subscription.decision import Answer, Outcome
from perennial.bulk.bulk import BulkRefused, BulkView
from perennial.bulk.planning import Plan
from tests.support.instants import START

SEATS = ChangeQuantity(by="admin_agent", quantity=4)
MOVE = MoveRun(by="system", to="2.0")


def item(position: int, outcome: Outcome, charge: str | None = None, currency: str = "USD") -> Item:
    money = Money(amount=Decimal(charge), currency=currency) if charge else None
    message = "The subscription is suspended." if outcome is Outcome.REFUSED else "As it is."
    rule = "LIF-1" if outcome is Outcome.REFUSED else "MON-4"
    answer = Answer(at=START, do="change_quantity", outcome=outcome, rule=rule, message=message, seq=2, charge=money)
    return shown(position, f"s-{position}", SEATS, answer)


ITEMS = (
    item(1, Outcome.DONE, "1234.50"),
    item(2, Outcome.DONE, "900", "JPY"),
    item(3, Outcome.REFUSED),
    item(4, Outcome.REFUSED),
    item(5, Outcome.UNCHANGED),
)
REQUEST = BulkRequest(ask=SEATS, selection=Selection(customer="fabrikam", offer="crm"))


def test_a_plan(capsys: pytest.CaptureFixture[str]) -> None:
    print_plan(Plan(REQUEST, ITEMS))
    assert capsys.readouterr().out.splitlines() == [
        "quantity 4 for 5 subscriptions: customer fabrikam, offer crm",
        "  to do      2",
        "  charges    JPY 900, USD 1,234.50",
        "  unchanged  1",
        "  refused    2, such as s-3: refused by LIF-1 (not in this state): The subscription is suspended.",
    ]


def test_a_move(capsys: pytest.CaptureFixture[str]) -> None:
    moves = (Item(position=1, subject="subscription:s-1", status=ItemStatus.WAITING, ask=MOVE),)
    print_plan(Plan(BulkRequest(ask=MOVE, selection=Selection()), moves))
    assert capsys.readouterr().out.splitlines() == [
        "migrate to 2.0 for 1 workflow on another version",
        "  to do      1",
    ]


def test_a_move_that_is_under_way_counts_workflows(capsys: pytest.CaptureFixture[str]) -> None:
    """Accounts and deliveries move too."""
    moves = (Item(position=1, subject="account:fabrikam", status=ItemStatus.WAITING, ask=MOVE),)
    request, totals = BulkRequest(ask=MOVE, selection=Selection()), Totals.of(moves)
    operation = Operation(bulk_id="to-2", request=request, started_at=START, shown=totals, per_second=7)
    print_view(BulkView(operation, totals, refusals_of(moves)))
    heading, *_ = capsys.readouterr().out.splitlines()
    assert heading == "to-2: migrate to 2.0 for 1 workflow on another version"


def test_an_operation_whose_workflow_is_gone(capsys: pytest.CaptureFixture[str]) -> None:
    items = [ITEMS[0].model_copy(update={"status": ItemStatus.DONE}), ITEMS[1], ITEMS[2]]
    items[1] = items[1].without_answer(ItemStatus.FAILED, "s-2: no worker answered in time.")
    operation = Operation(
        bulk_id="seats",
        request=REQUEST,
        started_at=START,
        shown=Totals.of(ITEMS),
        per_second=7,
        state=BulkState.PAUSED,
        reason="1 failed, and everything else is done",
    )
    print_view(BulkView(operation, Totals.of(items), refusals_of(items), trouble=BulkRefused("It does not run.")))
    assert capsys.readouterr().out.splitlines() == [
        "seats: quantity 4 for 5 subscriptions: customer fabrikam, offer crm",
        "  state      paused: 1 failed, and everything else is done",
        "  trouble    It does not run.",
        f"  started    {START:%Y-%m-%d %H:%M:%S} UTC, at most 7 per second",
        "  done       1",
        "  charges    USD 1,234.50",
        "  refused    1, such as s-3: refused by LIF-1 (not in this state): The subscription is suspended.",
        "  failed     1, such as s-2: s-2: no worker answered in time.",
    ]
