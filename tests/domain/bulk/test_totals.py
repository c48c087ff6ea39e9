"""What a bulk operation comes to, and when it pauses by itself."""

from decimal import Decimal

import pytest

from domain.bulk.items import Item, ItemStatus, shown
from domain.bulk.operations import MOST_FAILED, reason_to_pause
from domain.bulk.requests import BulkRequest, Selection, sent_by
from domain.bulk.totals import Totals
from domain.money import Money
from domain.subscription.commands import ChangeQuantity, Expected
from domain.subscription.decision import Answer, Outcome
from tests.support.instants import START

ASK = ChangeQuantity(by="admin_agent", quantity=4)


def answer(outcome: Outcome = Outcome.DONE, charge: str | None = "7.50", currency: str = "USD") -> Answer:
    money = Money(amount=Decimal(charge), currency=currency) if charge else None
    return Answer(
        at=START, do="change_quantity", outcome=outcome, rule="MON-4", message="as it is", seq=2, charge=money
    )


def test_an_item_is_sent_what_was_shown() -> None:
    item = shown(1, "s-1", sent_by(ASK, "more"), answer())
    assert item.ask == ASK.model_copy(
        update={
            "command_id": "bulk-more",
            "expected": Expected(outcome="done", charge=Money(amount=Decimal("7.50"), currency="USD")),
        }
    )


@pytest.mark.parametrize("outcome", [Outcome.REFUSED, Outcome.UNCHANGED])
def test_what_would_have_no_effect_is_not_sent(outcome: Outcome) -> None:
    item = shown(1, "s-1", ASK, answer(outcome, None))
    assert (item.ask, item.status.value, item.outcome) == (None, outcome.value, outcome)


def test_what_is_refused_now_has_changed_since_it_was_shown() -> None:
    item = shown(1, "s-1", ASK, answer())
    refused = item.answered(answer(Outcome.REFUSED, None))
    assert (refused.status, refused.charge, refused.at) == (ItemStatus.CHANGED, None, START)
    assert item.answered(answer(Outcome.UNCHANGED, None)).status is ItemStatus.UNCHANGED
    assert item.answered(answer()).status is ItemStatus.DONE
    assert item.without_answer(ItemStatus.FAILED, "away").charge is None


def test_totals_are_exact_per_currency() -> None:
    items = [shown(n, f"s-{n}", ASK, answer(charge="0.10")) for n in range(3)]
    items += [shown(n, f"s-{n}", ASK, answer(charge="900", currency="JPY")) for n in range(3, 5)]
    items += [
        shown(9, "s-9", ASK, answer(Outcome.REFUSED, None)),
        Item(position=7, subject="x", status=ItemStatus.SKIPPED),
    ]
    totals = Totals.of(items)
    assert (totals.items, totals.count(ItemStatus.WAITING), totals.count(ItemStatus.REFUSED)) == (7, 5, 1)
    assert [str(money) for money in totals.charges(ItemStatus.WAITING)] == ["JPY 1800", "USD 0.30"]
    assert totals.credits(ItemStatus.WAITING) == totals.charges(ItemStatus.REFUSED) == ()
    assert totals.outcomes(ItemStatus.WAITING) == {Outcome.DONE: 5}
    assert Totals.of(reversed(items)) == totals


@pytest.mark.parametrize(
    ("failed", "tried", "canary", "waiting", "reason"),
    [
        (0, 5, True, 95, None),
        (1, 5, True, 95, "1 of the first 5 failed"),
        (1, 5, False, 95, None),
        (MOST_FAILED, 100, False, 95, "10 have failed"),
        (2, 5, False, 0, "2 failed, and everything else is done"),
        (0, 5, False, 0, None),
    ],
)
def test_it_pauses_where_too_many_fail(failed: int, tried: int, canary: bool, waiting: int, reason: str | None) -> None:
    assert reason_to_pause(failed=failed, tried=tried, canary=canary, waiting=waiting) == reason


def test_the_same_request_is_known_by_its_digest() -> None:
    one = BulkRequest(ask=ASK, selection=Selection(customer="fabrikam"))
    assert one.digest == BulkRequest(ask=sent_by(ASK, "more"), selection=Selection(customer="fabrikam")).digest
    others = [
        BulkRequest(ask=ASK, selection=Selection(customer="contoso")),
        BulkRequest(ask=ASK.model_copy(update={"quantity": 5}), selection=Selection(customer="fabrikam")),
        BulkRequest(ask=ASK, selection=Selection(rows=1, digest="x")),
    ]
    assert len({each.digest for each in (one, *others)}) == 4
