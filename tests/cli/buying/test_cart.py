"""A cart from its first line to its order, against a real server: BUY-1 to BUY-3, ELG-1 to ELG-9, TRI-4, ISV-1."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from activities.adapters.sql.database import Database
from activities.adapters.sql.orders.carts import SqlCarts
from activities.settings import Settings
from domain.ordering.cart import CART_LIFE, Cart
from domain.ordering.lines import Line
from domain.values import parse_instant
from tests.support.command_line import Ask
from tests.support.paths import ROOT

pytestmark = pytest.mark.live


def fill(ask: Ask, customer: str, *lines: str) -> Any:
    """The cart with these lines."""
    return [ask.json(f"cart add {line} --customer {customer}") for line in lines][-1]


def fill_and_review(ask: Ask, customer: str, *lines: str) -> Any:
    """The same, reviewed."""
    fill(ask, customer, *lines)
    return ask.json(f"cart review --customer {customer}")


def change(settings: Settings, cart_id: str, changed: Callable[[Cart], Cart]) -> Cart:
    """The cart, changed behind the command line's back."""

    async def update() -> Cart:
        async with Database(settings.database_url) as database:
            return await SqlCarts(database).update(cart_id, changed)

    return asyncio.run(update())


def test_lines_come_go_and_are_shown(ask: Ask, customer: str) -> None:
    first = ask.json(f"cart add contoso-crm --customer {customer} --quantity 3 --add-on backup=1 --add-on archive=2")
    assert first["lines"] == [
        {
            "number": 1,
            "offer": "contoso-crm",
            "name": "Contoso CRM",
            "quantity": 3,
            "add_ons": {"backup": 1, "archive": 2},
            "policy": None,
        }
    ]
    assert (first["state"], first["reviewed"], first["ordered_at"]) == ("open", False, None)
    assert parse_instant(first["expires_at"]) - parse_instant(first["created_at"]) == timedelta(days=7)
    second = ask.json(f"cart add solo --customer {customer} --policy nce-2022")
    assert second["cart_id"] == first["cart_id"], "the open cart goes on"
    assert [(line["offer"], line["policy"]) for line in second["lines"]] == [
        ("contoso-crm", None),
        ("solo", "nce-2022"),
    ]
    assert ask.json(f"cart show --customer {customer}") == second
    lines = ask.said(f"cart show --customer {customer}").splitlines()
    assert lines[0] == f"{customer.replace('buyer-', 'Buyer ')} ({customer}), cart {first['cart_id']}"
    assert lines[3:7] == [
        "   1         3  contoso-crm  Contoso CRM",
        "             1    + backup",
        "             2    + archive",
        "   2         1  solo         Solo Licence under nce-2022",
    ]
    assert lines[-1] == f"Review it: python starter.py cart review --customer {customer}"
    left = ask.json(f"cart remove 1 --customer {customer}")
    assert [line["offer"] for line in left["lines"]] == ["solo"]
    ask.json(f"cart review --customer {customer}")
    assert f"Buy it: python starter.py cart buy --customer {customer}" in ask.said(f"cart show --customer {customer}")
    ask.json(f"cart remove 1 --customer {customer}")
    assert "Add a line: " in ask.said(f"cart show --customer {customer}")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("nothing", "refused by ELG-6 (not sold here): There is no offer nothing in the catalog."),
        ("contoso-crm --quantity 501", "refused by ELG-8 (offer, quantity, customer must match): Contoso CRM is sold"),
        ("compute --quantity 2", "refused by ELG-8"),
        ("contoso-crm --add-on cloud=1", "refused by BUY-4 (purchase): Contoso CRM has no add-on cloud."),
        ("solo --add-on backup=1", "refused by BUY-4"),
        ("contoso-crm --add-on backup=501", "refused by ELG-8"),
    ],
)
def test_what_nobody_can_buy_does_not_come_into_a_cart(ask: Ask, customer: str, line: str, said: str) -> None:
    assert said in ask.said(f"cart add {line} --customer {customer}", code=1)
    assert "has no cart" in ask.said(f"cart show --customer {customer}", code=1)


@pytest.mark.parametrize("command", ["add solo", "remove 1", "show", "review", "buy"])
def test_a_customer_without_a_record_has_no_cart(ask: Ask, command: str) -> None:
    said = ask.said(f"cart {command} --customer nobody-at-all", code=1)
    assert said.startswith("refused by ELG-8")
    assert "python starter.py catalog import" in said


@pytest.mark.parametrize("command", ["remove 1", "show", "review", "buy"])
def test_before_the_first_line_there_is_no_cart(ask: Ask, customer: str, command: str) -> None:
    said = ask.said(f"cart {command} --customer {customer}", code=1)
    assert said == f"{customer} has no cart. Start one: python starter.py cart add OFFER --customer {customer}\n"


def test_an_empty_cart_is_neither_reviewed_nor_bought(ask: Ask, customer: str) -> None:
    fill(ask, customer, "solo")
    ask.json(f"cart remove 1 --customer {customer}")
    for command in ("remove 1", "review", "buy"):
        said = ask.said(f"cart {command} --customer {customer}", code=1)
        assert said.startswith("refused by BUY-1"), command
        assert f"The cart is empty. Add a line first: python starter.py cart add OFFER --customer {customer}" in said


def test_a_line_that_is_not_there(ask: Ask, customer: str) -> None:
    fill(ask, customer, "solo", "contoso-crm")
    assert "has no line 3: it takes 1 to 2." in ask.said(f"cart remove 3 --customer {customer}", code=1)


def test_an_expired_cart_takes_nothing_and_a_new_one_begins(ask: Ask, customer: str, settings: Settings) -> None:
    old = fill_and_review(ask, customer, "solo")
    begun = datetime.now(UTC) - CART_LIFE
    change(settings, old["cart_id"], lambda cart: cart.model_copy(update={"created_at": begun}))
    assert ask.json(f"cart show --customer {customer}")["state"] == "expired"
    assert "Start a new one: " in ask.said(f"cart show --customer {customer}")
    for command in ("remove 1", "review", "buy"):
        said = ask.said(f"cart {command} --customer {customer}", code=1)
        assert said.startswith("refused by BUY-1"), command
        assert "expired at" in said
        assert f"Start a new one: python starter.py cart add OFFER --customer {customer}\n" in said


def test_nothing_is_bought_without_a_review_of_the_cart_as_it_is(ask: Ask, customer: str) -> None:
    fill(ask, customer, "solo")
    unseen = ask.said(f"cart buy --customer {customer}", code=1)
    assert unseen.startswith("refused by BUY-2")
    assert f"Review it, then buy: python starter.py cart review --customer {customer}" in unseen
    ask.json(f"cart review --customer {customer}")
    fill(ask, customer, "contoso-crm")
    assert ask.said(f"cart buy --customer {customer}", code=1) == unseen
    assert ask.json(f"order list --customer {customer}") == []


def test_a_cart_stays_open_where_there_is_no_server(ask: Ask, customer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    cart = fill_and_review(ask, customer, "solo")["cart_id"]
    with monkeypatch.context() as away:
        away.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
        assert "No Temporal server can be reached" in ask.said(f"cart buy --customer {customer}", code=1)
    assert ask.json(f"cart show --customer {customer}")["state"] == "open"
    assert ask.json(f"cart buy --customer {customer}")["order_id"] == cart


def test_where_nobody_answers_the_next_step_names_the_cart(
    ask: Ask, customer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    cart = fill_and_review(ask, customer, "solo")["cart_id"]
    with monkeypatch.context() as waiting:
        # A queue on which no worker works, and nobody to wait for it long.
        waiting.setenv("PERENNIAL_TASK_QUEUE", "nobody-works-here")
        waiting.setattr("workflows.durable.options.ANSWER_TIMEOUT", timedelta(milliseconds=300))
        said = ask.whole(f"cart buy --customer {customer}", code=1).stderr.splitlines()[-1]
    assert "no worker polls its task queue 'nobody-works-here' in namespace 'default' at " in said
    assert said.endswith(
        ". Start a worker: make dev. It may have been done, or be done later. Asked again under its id it is done "
        f"once: python starter.py cart buy --customer {customer} --cart {cart}"
    )
    assert ask.json(f"cart show --customer {customer}")["state"] == "ordered"


def test_what_changed_since_the_review_is_not_bought(ask: Ask, customer: str) -> None:
    shown = fill_and_review(ask, customer, "contoso-crm", "fabrikam-mail")
    assert shown["lines"][1]["state"] == "trial"
    ask.json(f"buy fabrikam-mail --customer {customer} --id elsewhere-{customer}")
    said = ask.said(f"cart buy --customer {customer}", code=1)
    assert said.startswith("refused by BUY-2")
    assert "The terms of line 2 have changed since the review. Review it again" in said
    again = ask.json(f"cart review --customer {customer}")["lines"][1]
    assert (again["trial_end"], again["trial_of"]) == (None, f"elsewhere-{customer}")
    assert again["first_charge"] == {"amount": "7.35", "currency": "EUR"}
    assert "(TRI-4)" in ask.said(f"cart review --customer {customer}")
    bought = ask.json(f"cart buy --customer {customer}")
    assert [line["status"] for line in bought["lines"]] == ["bought", "bought"]


def test_the_review_tells_each_lines_terms_dates_and_money(ask: Ask, customer: str) -> None:
    shown = fill_and_review(
        ask,
        customer,
        "contoso-crm --quantity 3 --add-on backup=1",
        "fabrikam-mail",
        "wingtip-crm",
        "compute",
        "dearer-soon --quantity 2",
        "contoso-crm --policy nce-2022",
    )
    at = parse_instant(shown["at"])
    crm, mail, wingtip, compute, dearer, other = shown["lines"]
    assert all(line["available"] for line in shown["lines"])
    assert crm["price"]["per_period"] == crm["first_charge"] == {"amount": "32.50", "currency": "USD"}
    assert crm["price"]["lines"] == [
        {"line": "contoso-crm", "quantity": 3, "unit_price": "10.00", "amount": "30.00"},
        {"line": "backup", "quantity": 1, "unit_price": "2.50", "amount": "2.50"},
    ]
    assert parse_instant(crm["first_charge_at"]) == at
    assert parse_instant(crm["refund_until"]) == at + timedelta(hours=24)
    assert parse_instant(other["refund_until"]) == at + timedelta(days=7), "nce-2022"
    assert (mail["state"], parse_instant(mail["trial_end"])) == ("trial", at + timedelta(days=30))
    assert mail["first_charge_at"] == mail["trial_end"]
    assert (wingtip["state"], wingtip["first_charge"], wingtip["trial_end"]) == ("pending", None, None)
    assert parse_instant(wingtip["activation_deadline"]) == at + timedelta(days=30)
    assert (compute["first_charge"], compute["price"]["per_period"], compute["refund_until"]) == (None, None, None)
    assert compute["first_charge_at"] == compute["renews_at"]
    assert dearer["coming_prices"] == [
        {"at": "2090-01-01T00:00:00Z", "unit_price": "4.00125", "per_period": {"amount": "8.00", "currency": "USD"}}
    ]
    assert shown["first_charges"] == [
        {"amount": "7.35", "currency": "EUR"},
        {"amount": "48.50", "currency": "USD"},
    ]


def test_the_review_as_a_person_reads_it(ask: Ask, customer: str) -> None:
    fill(ask, customer, "contoso-crm --quantity 1 --add-on backup=1", "wingtip-crm", "wingtip-crm", "dearer-soon")
    fill(ask, customer, "only-in-france", "for-schools", "compute", "fabrikam-mail", "isv-usage")
    text = ask.said(f"cart review --customer {customer}")
    lines = text.splitlines()
    assert max(map(len, lines)) <= 100
    assert lines[4].startswith(" 1  1 x Contoso CRM (contoso-crm) at USD 10.00 ")
    assert lines[4].endswith(" USD 10.00")
    assert lines[5].startswith("    + 1 x backup at USD 2.50 ")
    assert "    terms         USD 12.50 per month, term of one month, policy csp-2019" in lines
    assert "ELG-1, one per customer: " in text
    assert "It is line 2 of this cart." in " ".join(text.split())
    assert "ELG-3, not in the customer's country: " in text
    assert "    price change  USD 4.00125 per unit, USD 4.00 per month, from the first renewal after 2090-01-01" in text
    assert "    trial         30 days free after the set-up" in lines
    assert "first charges     EUR 7.35, USD 15.50" in lines
    assert "                  and line 2 after its set-up" in lines
    assert lines[-1] == f"next              python starter.py cart buy --customer {customer}"


RULES = {
    "only-in-france": "ELG-3",
    "not-through-us": "ELG-4",
    "for-others": "ELG-5",
    "container": "ELG-6",
    "isv-usage": "ELG-7",
    "for-schools": "ELG-8",
}


def test_each_rule_refuses_its_line_and_nothing_else(ask: Ask, customer: str) -> None:
    shown = fill_and_review(ask, customer, *RULES, "solo")
    told = {line["offer"]: [refusal["rule"] for refusal in line["refusals"]] for line in shown["lines"]}
    assert told == {**{offer: [rule] for offer, rule in RULES.items()}, "solo": []}
    assert all(refusal["next_step"] for line in shown["lines"] for refusal in line["refusals"]), "ELG-9"
    bought = ask.json(f"cart buy --customer {customer}", code=1)
    assert {line["offer"]: line["status"] for line in bought["lines"]} == {
        **dict.fromkeys(RULES, "refused"),
        "solo": "bought",
    }
    assert {line["offer"]: line["refusal"]["rule"] for line in bought["lines"] if line["refusal"]} == RULES


def test_bought_once_however_often_it_is_sent(ask: Ask, customer: str) -> None:
    cart = fill_and_review(ask, customer, "contoso-crm --quantity 2", "office-suite")["cart_id"]
    first = ask.json(f"cart buy --customer {customer}")
    assert first["order_id"] == cart
    assert [line["subscription_id"] for line in first["lines"]] == [f"{cart}-1", f"{cart}-2"]
    assert ask.json(f"cart buy --customer {customer}") == first
    assert [event["event"] for event in ask.json(f"events {cart}-1")] == ["purchased"]
    assert ask.json(f"cart show --customer {customer}")["state"] == "ordered"
    assert f"order show {cart}" in ask.said(f"cart show --customer {customer}")
    for command in ("remove 1", "review"):
        assert "The cart has been ordered." in ask.said(f"cart {command} --customer {customer}", code=1)
    assert fill(ask, customer, "solo")["cart_id"] != cart


def test_a_cart_that_is_bought_says_so_at_once_and_then_what_came_of_it(ask: Ask, customer: str) -> None:
    cart = fill_and_review(ask, customer, "contoso-crm", "wingtip-crm", "contoso-crm")["cart_id"]
    result = ask.whole(f"cart buy --customer {customer}")
    taken, done = result.stderr.splitlines()
    assert taken == f"Order {cart} was sent: 3 lines."
    assert done.endswith(f": order {cart}")
    assert f"{cart}  for {customer}, " in result.stdout
    assert ": 3 of 3 lines bought" in result.stdout
    assert "https://contoso.example/set-up?token=" in result.stdout, "ISV-1"
    assert "no e-mail is sent" in result.stdout, "ISV-2"


def test_the_second_of_one_per_customer_is_refused_and_can_be_bought_later(ask: Ask, customer: str) -> None:
    shown = fill_and_review(ask, customer, "solo", "solo")
    assert [[r["rule"] for r in line["refusals"]] for line in shown["lines"]] == [[], ["ELG-1"]]
    cart = shown["cart_id"]
    result = ask.whole(f"cart buy --customer {customer}", code=1)
    assert "1 of 2 lines bought, 1 refused" in result.stdout
    assert "line 2 is refused by ELG-1 (one per customer): " in result.stdout
    ask.json(f"cancel {cart}-1 --reason customer_request --yes")
    again = ask.json(f"cart buy --customer {customer}")
    assert [line["status"] for line in again["lines"]] == ["bought", "bought"]
    assert ask.json(f"show {cart}-2")["state"] == "active"
    assert ask.json(f"show {cart}-1")["state"] == "cancelled"


def test_an_earlier_cart_is_tried_again_by_its_id(ask: Ask, customer: str) -> None:
    cart = fill_and_review(ask, customer, "solo", "solo")["cart_id"]
    ask.json(f"cart buy --customer {customer}", code=1)
    assert fill(ask, customer, "contoso-crm")["cart_id"] != cart
    ask.json(f"cancel {cart}-1 --reason customer_request --yes")
    again = ask.json(f"cart buy --customer {customer} --cart {cart}")
    assert (again["order_id"], [line["status"] for line in again["lines"]]) == (cart, ["bought", "bought"])


def test_a_cart_of_somebody_else(ask: Ask, customer: str) -> None:
    cart = fill(ask, customer, "solo")["cart_id"]
    assert f"fabrikam has no cart {cart}" in ask.said(f"cart buy --customer fabrikam --cart {cart}", code=1)
    assert "has no cart nope" in ask.said(f"cart buy --customer {customer} --cart nope", code=1)


def test_a_suspended_one_is_to_be_reactivated_instead(ask: Ask, customer: str) -> None:
    ask.json(f"buy contoso-crm --customer {customer} --id held-{customer}")
    ask.json(f"suspend held-{customer} --reason customer_request --yes")
    (line,) = fill_and_review(ask, customer, "contoso-crm")["lines"]
    (refusal,) = line["refusals"]
    assert (refusal["rule"], refusal["subscription_id"]) == ("ELG-2", f"held-{customer}")
    assert f"Reactivate held-{customer} instead." in ask.said(f"cart review --customer {customer}")


def test_many_lines(ask: Ask, customer: str) -> None:
    for _ in range(11):
        fill(ask, customer, "contoso-crm")
    cart = fill_and_review(ask, customer, "office-suite")["cart_id"]
    assert ask.whole(f"cart buy --customer {customer}").stderr.startswith(f"Order {cart} was sent: 12 lines.\n")


def test_bought_without_waiting(ask: Ask, customer: str) -> None:
    cart = fill_and_review(ask, customer, "contoso-crm")["cart_id"]
    assert ask.json(f"cart buy --customer {customer} --no-wait") == {"order_id": cart}
    assert ask.json(f"cart buy --customer {customer}")["lines"][0]["status"] == "bought"


def test_a_cart_that_was_ordered_but_never_sent_is_finished_by_the_same_command(
    ask: Ask, customer: str, settings: Settings
) -> None:
    cart = fill_and_review(ask, customer, "contoso-crm")["cart_id"]
    ordered = change(settings, cart, lambda found: found.ordered(found.lines, found.reviewed or (), datetime.now(UTC)))
    assert ordered.ordered_at is not None
    assert ask.json(f"cart buy --customer {customer}")["lines"][0]["status"] == "bought"


def test_killed_in_the_middle_the_same_command_finishes_it(ask: Ask, running: dict[str, str], customer: str) -> None:
    for _ in range(6):
        fill(ask, customer, "contoso-crm")
    cart = fill_and_review(ask, customer, "solo")["cart_id"]
    command = [sys.executable, str(ROOT / "starter.py"), "cart", "buy", "--customer", customer]
    buying = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env={"PATH": "/usr/bin:/bin", **running}
    )
    with buying:
        assert buying.stderr is not None
        assert buying.stderr.readline() == f"Order {cart} was sent: 7 lines.\n"
        buying.send_signal(signal.SIGKILL)
    finished = ask.json(f"cart buy --customer {customer}")
    assert [line["subscription_id"] for line in finished["lines"]] == [f"{cart}-{number}" for number in range(1, 8)]
    assert {line["status"] for line in finished["lines"]} == {"bought"}


def test_two_at_once_buy_it_once(ask: Ask, running: dict[str, str], customer: str) -> None:
    cart = fill_and_review(ask, customer, "solo", "contoso-crm")["cart_id"]
    command = [sys.executable, str(ROOT / "starter.py"), "cart", "buy", "--customer", customer, "--json"]
    environment = {"PATH": "/usr/bin:/bin", **running}
    both = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment) for _ in range(2)
    ]
    said = [buying.communicate(timeout=60) for buying in both]
    assert [buying.returncode for buying in both] == [0, 0], said
    assert said[0][0] == said[1][0]
    assert [event["event"] for event in ask.json(f"events {cart}-1")] == ["purchased"]


def test_a_full_cart_says_so(ask: Ask, customer: str, settings: Settings) -> None:
    cart = fill(ask, customer, "contoso-crm")["cart_id"]
    lines = tuple(Line(offer="contoso-crm") for _ in range(200))
    change(settings, cart, lambda found: found.model_copy(update={"lines": lines}))
    said = ask.said(f"cart add contoso-crm --customer {customer}", code=1)
    assert "The cart is full: it holds 200 lines." in said
