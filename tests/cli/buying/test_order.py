"""Orders as the books have them: BUY-3, ELG-9."""

import pytest

from activities.adapters.sql.orders.orders import SqlOrders
from activities.orders.contracts import LineStatus, OrderLine, PlacedOrder
from cli.buying.order import summary, watched
from cli.printing.progress import Progress
from domain.values import parse_instant
from perennial.order import orders
from tests.support.command_line import Ask

pytestmark = pytest.mark.live


def bought(ask: Ask, customer: str, *ids: str) -> list[str]:
    """Orders of one line each, in this order."""
    for order in ids:
        ask.json(f"buy contoso-crm --customer {customer} --id {order}")
    return list(ids)


def test_an_order_shows_its_lines_with_reasons_and_next_steps(ask: Ask, customer: str) -> None:
    ask.json(f"cart add contoso-crm --customer {customer} --quantity 3 --add-on backup=2")
    ask.json(f"cart add only-in-france --customer {customer}")
    cart = ask.json(f"cart review --customer {customer}")["cart_id"]
    ask.json(f"cart buy --customer {customer}", code=1)
    shown = ask.json(f"order show {cart}")
    assert (shown["order_id"], shown["customer"]) == (cart, customer)
    assert [(line["number"], line["status"]) for line in shown["lines"]] == [(1, "bought"), (2, "refused")]
    assert (shown["lines"][0]["quantity"], shown["lines"][0]["add_ons"]) == (3, {"backup": 2})
    assert shown["lines"][1]["refusal"]["rule"] == "ELG-3"
    text = ask.said(f"order show {cart}")
    assert max(map(len, text.splitlines())) <= 100
    assert f"   1         3  contoso-crm     bought   {cart}-1" in text
    assert "             2    + backup" in text
    assert "line 2 is refused by ELG-3 (not in the customer's country): " in text
    assert "token=" not in text, "looking at an order makes no links"


def test_a_purchase_in_one_line_is_an_order_too(ask: Ask, customer: str) -> None:
    (order,) = bought(ask, customer, f"one-{customer}")
    assert ask.json(f"order show {order}")["lines"][0]["subscription_id"] == order


def test_orders_are_listed_newest_first_page_by_page(ask: Ask, customer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orders, "PAGE", 2)
    ids = bought(ask, customer, *(f"page-{n}-{customer}" for n in range(1, 6)))

    def page(options: str) -> list[str]:
        return [order["order_id"] for order in ask.json(f"order list --customer {customer} {options}")]

    assert page("") == ids[::-1]
    assert page("--limit 2") == ids[:2:-1]
    assert page(f"--limit 2 --after {ids[3]}") == [ids[2], ids[1]]
    assert page(f"--after {ids[0]}") == []
    result = ask.whole(f"order list --customer {customer} --limit 2")
    assert result.stdout.splitlines()[1].startswith(ids[4])
    assert result.stderr == f"There may be more: --after {ids[3]}\n"


def test_no_order_yet(ask: Ask, customer: str) -> None:
    assert ask.json(f"order list --customer {customer}") == []
    assert ask.said(f"order list --customer {customer}") == "No order matches. See all: python starter.py order list\n"


def test_an_order_that_nobody_knows(ask: Ask) -> None:
    assert (
        ask.said("order show nope", code=1)
        == "There is no order nope on this server. List the orders: python starter.py order list\n"
    )
    assert ask.said("order list --after nope", code=2).startswith("--after: got 'nope'; takes the id of an order")


def order_of(*statuses: LineStatus, error: str | None = None) -> PlacedOrder:
    lines = [
        OrderLine(number=n, offer="solo", quantity=1, add_ons={}, subscription_id=f"o-{n}", status=status)
        for n, status in enumerate(statuses, start=1)
    ]
    if error:
        lines[-1] = lines[-1].model_copy(update={"error": error})
    at = parse_instant("2027-01-31T09:00:00Z")
    return PlacedOrder(order_id="o", customer="fabrikam", ordered_at=at, lines=tuple(lines))


def test_where_an_order_stands() -> None:
    waiting, placed, done, refused = LineStatus.WAITING, LineStatus.PLACED, LineStatus.BOUGHT, LineStatus.REFUSED
    assert summary(order_of(done)) == "1 of 1 line bought"
    assert summary(order_of(done, refused)) == "1 of 2 lines bought, 1 refused"
    assert summary(order_of(done, waiting, placed)) == "1 of 3 lines bought, the others in progress"
    assert summary(order_of(done, placed, error="the books are full")) == "1 of 2 lines bought, 1 stopped"


def test_progress_counts_what_is_settled(monkeypatch: pytest.MonkeyPatch) -> None:
    notes: list[tuple[str, str]] = []
    monkeypatch.setattr(Progress, "note", lambda _, key, note: notes.append((key, note)))
    with watched("o") as watch:
        watch(order_of(LineStatus.BOUGHT, LineStatus.REFUSED, LineStatus.WAITING, LineStatus.PLACED))
    assert notes == [("o", "2 of 4 lines")]


def test_what_is_not_in_the_books_yet_is_shown_from_the_server(
    ask: Ask, customer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (order,) = bought(ask, customer, f"early-{customer}")

    async def not_yet(books: SqlOrders, order_id: str) -> None:
        return None

    monkeypatch.setattr(SqlOrders, "order", not_yet)
    shown = ask.json(f"order show {order}")
    assert (shown["order_id"], shown["lines"][0]["subscription_id"]) == (order, order)
