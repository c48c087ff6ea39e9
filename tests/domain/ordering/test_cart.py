"""The cart: seven days, and no purchase without a review of the same content (BUY-1, BUY-2)."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from domain.next_step import Do, NextStep
from domain.ordering.cart import NOT_SHOWN, Cart, CartRefused, CartState
from domain.ordering.lines import MAX_LINES, Line
from domain.rules import Rule
from domain.values import parse_instant
from tests.support.shop.buyers import a_line

BEGUN = parse_instant("2026-01-15T09:00:00Z")
SOON = BEGUN + timedelta(hours=1)
TICK = timedelta(microseconds=1)
CRM, ERP = a_line(), a_line({"offer": "erp", "quantity": 1})
SHOWN = ("terms-1", "terms-2")

Change = Callable[[Cart, datetime], Cart]
CHANGES: dict[str, Change] = {
    "add": lambda cart, now: cart.adding(CRM, now),
    "remove": lambda cart, now: cart.removing(1, now),
    "review": lambda cart, now: cart.as_reviewed(cart.lines, SHOWN, now),
    "buy": lambda cart, now: cart.ordered(cart.lines, SHOWN, now),
}


def cart(*lines: Line, reviewed: bool = False) -> Cart:
    """A cart with those lines."""
    terms = tuple(f"terms-{n}" for n in range(1, len(lines) + 1)) if reviewed else None
    return Cart(id="o-1", customer="fabrikam", created_at=BEGUN, lines=lines, reviewed=terms)


def refusal(change: Callable[[], Cart], step: Do) -> str:
    """`rule message next step` of what must be refused; a program reads the next step `step`."""
    with pytest.raises(CartRefused) as caught:
        change()
    assert caught.value.message.endswith(".")
    taken = caught.value.next_step
    assert taken is not None
    assert str(taken).endswith(".")
    assert (taken.do, taken.subject) == (step, "fabrikam")
    return f"{caught.value.rule} {caught.value}"


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("late", [-TICK, 0 * TICK, TICK])
def test_buy_1_it_expires_seven_days_after_it_was_begun(change: str, late: timedelta) -> None:
    now = BEGUN + timedelta(days=7) + late
    found = cart(CRM, ERP, reviewed=True)
    assert found.expires_at == BEGUN + timedelta(days=7)
    assert found.state(now) is (CartState.OPEN if late < 0 * TICK else CartState.EXPIRED)
    if late < 0 * TICK:
        CHANGES[change](found, now)
    else:
        assert refusal(lambda: CHANGES[change](found, now), Do.ADD_TO_CART) == (
            "BUY-1 The cart expired at 2026-01-22 09:00:00 UTC, seven days after it was created. Start a new one."
        )


def test_buy_1_what_was_bought_does_not_expire_and_takes_nothing_more() -> None:
    bought = cart(CRM, ERP, reviewed=True).ordered((CRM, ERP), SHOWN, SOON)
    late = BEGUN + timedelta(days=70)
    assert bought.state(SOON) is bought.state(late) is CartState.ORDERED
    assert bought.ordered((CRM,), ("x",), late) is bought
    for change in ("add", "remove", "review"):
        with pytest.raises(CartRefused) as caught:
            CHANGES[change](bought, SOON)
        assert caught.value.next_step == NextStep(Do.ADD_TO_CART, "fabrikam", "Add to a new one")
        assert caught.value.rule is Rule.BUY_1
        assert str(caught.value) == "The cart has been ordered. Add to a new one."


def test_buy_1_lines_are_added_at_the_end_and_removed_by_number() -> None:
    found = cart().adding(CRM, SOON).adding(ERP, SOON).adding(CRM, SOON)
    assert found.lines == (CRM, ERP, CRM)
    assert found.removing(2, SOON).lines == (CRM, CRM)
    assert found.removing(3, SOON).lines == (CRM, ERP)


@pytest.mark.parametrize("number", [-1, 0, 3])
def test_buy_1_a_line_that_is_not_there(number: int) -> None:
    found = cart(CRM, ERP)
    assert (
        refusal(lambda: found.removing(number, SOON), Do.SHOW_CART)
        == f"BUY-1 The cart has no line {number}: it takes 1 to 2. Look at its lines."
    )


@pytest.mark.parametrize("change", ["remove", "review", "buy"])
def test_buy_1_an_empty_cart(change: str) -> None:
    words = "BUY-1 The cart is empty. Add a line first."
    assert refusal(lambda: CHANGES[change](cart(), SOON), Do.ADD_TO_CART) == words


def test_buy_1_it_holds_so_many_lines() -> None:
    full = cart(*[CRM] * (MAX_LINES - 1)).adding(ERP, SOON)
    assert refusal(lambda: full.adding(CRM, SOON), Do.BUY_CART) == (
        f"BUY-1 The cart is full: it holds {MAX_LINES} lines. Buy it, then fill another."
    )


def test_buy_2_without_a_review_it_is_not_bought() -> None:
    assert refusal(lambda: cart(CRM).ordered((CRM,), ("terms-1",), SOON), Do.REVIEW_CART) == (
        "BUY-2 The cart has changed since its last review, or was never reviewed. Review it, then buy."
    )


def test_buy_2_reviewed_it_is_bought_on_the_terms_that_were_shown() -> None:
    reviewed = cart(CRM, ERP).as_reviewed((CRM, ERP), SHOWN, SOON)
    bought = reviewed.ordered((CRM, ERP), SHOWN, SOON + TICK)
    assert [line.terms for line in bought.lines] == [*SHOWN]
    assert [line.model_copy(update={"terms": None}) for line in bought.lines] == [CRM, ERP]
    assert bought.ordered_at == SOON + TICK


def test_buy_2_an_offer_that_the_review_did_not_know_is_sold_on_no_terms() -> None:
    reviewed = cart(CRM, ERP).as_reviewed((CRM, ERP), ("terms-1", None), SOON)
    assert [line.terms for line in reviewed.ordered((CRM, ERP), ("terms-1", None), SOON).lines] == [
        "terms-1",
        NOT_SHOWN,
    ]


@pytest.mark.parametrize("change", ["add", "remove"])
def test_buy_2_every_change_undoes_the_review(change: str) -> None:
    changed = CHANGES[change](cart(CRM, ERP, reviewed=True), SOON)
    assert changed.reviewed is None
    assert refusal(lambda: changed.ordered(changed.lines, SHOWN, SOON), Do.REVIEW_CART).startswith(
        "BUY-2 The cart has changed since its last review"
    )


def test_buy_2_what_is_no_longer_as_the_review_showed_it_is_named() -> None:
    found = cart(CRM, ERP, CRM, reviewed=True)
    assert refusal(lambda: found.ordered(found.lines, ("other", "terms-2", None), SOON), Do.REVIEW_CART) == (
        "BUY-2 The terms of line 1, 3 have changed since the review. Review it again, then buy."
    )


@pytest.mark.parametrize("change", ["review", "buy"])
def test_buy_2_somebody_else_changed_it_meanwhile(change: str) -> None:
    found = cart(CRM, ERP, reviewed=True)
    seen = (CRM,)
    asked = found.as_reviewed if change == "review" else found.ordered
    assert refusal(lambda: asked(seen, ("terms-1",), SOON), Do.REVIEW_CART) == (
        "BUY-2 Somebody else has changed the cart in the meantime. Review it again."
    )
