"""`pay`, `fail_payment`, `change_terms` and `account` in a scenario: what they take, and every fault (MON-5, MON-6)."""

from decimal import Decimal
from typing import Any

import pytest

from domain.account.requests import ChangeTerms, FailPayment, ReceivePayment
from domain.account.terms import HoldScope, terms_of
from statemachines.simulation.course import simulate
from statemachines.simulation.scenario_file import parse_scenario
from tests.support.simulated.scenarios import LATER, LEAST, OFFER, asking, changed, faults, fields


def paying(**fields: Any) -> dict[str, Any]:
    """The least scenario with one payment."""
    return asking(do="pay", **{"payment_id": "p-1", "amount": "10.00", **fields})


def failing(**fields: Any) -> dict[str, Any]:
    """The least scenario with one failed payment."""
    return asking(do="fail_payment", **fields)


def own(**terms: object) -> dict[str, Any]:
    """A scenario with an account that has those terms of its own."""
    return changed(account={"terms": terms})


def terms(**fields: Any) -> dict[str, Any]:
    """The least scenario with one change of terms."""
    return asking(do="change_terms", **fields)


def without(name: str) -> dict[str, Any]:
    """The least scenario with a payment that lacks a field."""
    (command,) = paying()["commands"]
    return changed(commands=[{key: value for key, value in command.items() if key != name}])


def test_mon_5_a_life_without_an_account_or_a_payment_has_no_invoices() -> None:
    assert "invoices" not in simulate(parse_scenario(LEAST)).document()
    assert not parse_scenario(changed(account=None)).billed


@pytest.mark.parametrize("data", [changed(account={}), paying(), failing(), terms()])
def test_mon_5_a_life_with_an_account_or_a_payment_has_invoices(data: dict[str, Any]) -> None:
    until = "2026-03-31T10:00:00Z"
    scenario = parse_scenario({**data, "until": until})
    assert scenario.billed
    document = simulate(scenario).document()
    assert [invoice["invoice"] for invoice in document["invoices"]] == [1, 2, None]
    plain = simulate(parse_scenario(changed(until=until))).document()
    assert {name: document[name] for name in ("events", "ledger", "access", "timeline")} == {
        name: plain[name] for name in ("events", "ledger", "access", "timeline")
    }


def test_mon_6_who_asks_where_the_file_does_not_say_and_in_which_currency() -> None:
    (pay,) = parse_scenario(paying()).commands
    assert isinstance(pay, ReceivePayment)
    assert (pay.by, pay.currency, pay.invoice) == ("service", "USD", None)
    yen = {**OFFER, "currency": "JPY", "unit_price": 10}
    (pay,) = parse_scenario({**paying(amount=10), "offer": yen}).commands
    assert isinstance(pay, ReceivePayment)
    assert pay.currency == "JPY"
    (fail,) = parse_scenario(failing(by="billing_admin", payment_id="p-1", reason="no funds")).commands
    assert isinstance(fail, FailPayment)
    assert (fail.by, fail.reason) == ("billing_admin", "no funds")
    assert parse_scenario(failing()).commands[0].by == "service"
    (change,) = parse_scenario(terms(policy="nce-2022", suspends=False)).commands
    assert isinstance(change, ChangeTerms)
    assert (change.by, change.policy, change.suspends) == ("admin_agent", "nce-2022", False)


@pytest.mark.parametrize("pack", ["csp-2019", "saas-fulfillment-v2"])
def test_mon_6_an_accounts_terms_are_its_packs_and_suspension_can_be_turned_off(pack: str) -> None:
    assert parse_scenario(paying() | {"policy": pack}).terms == terms_of(pack)
    assert parse_scenario(changed(policy=pack, account={})).terms == terms_of(pack)
    assert parse_scenario(changed(policy=pack, account={"nonpayment_suspension": True})).terms == terms_of(pack)
    off = parse_scenario(changed(policy=pack, account={"nonpayment_suspension": False}))
    assert off.terms == terms_of(pack).without_suspension()


@pytest.mark.parametrize("currency", ["USD", "JPY"])
def test_mon_8_mon_9_an_account_has_its_customers_own_terms(currency: str) -> None:
    data = {**own(tolerance="3.00", holds="all", sell_while_held=True), "policy": "saas-fulfillment-v2"}
    scenario = parse_scenario({**data, "offer": {**OFFER, "currency": currency, "unit_price": 10}})
    assert scenario.billed
    assert scenario.terms == terms_of("saas-fulfillment-v2").model_copy(
        update={"tolerance": Decimal(3), "holds": HoldScope.ALL, "sell_while_held": True}
    )
    off = parse_scenario(changed(account={"nonpayment_suspension": False, "terms": {"holds": "all"}}))
    assert (off.terms.suspends_after, off.terms.holds) == (None, HoldScope.ALL)


def test_rol_1_an_unknown_actor_is_data_not_a_fault() -> None:
    (answer,) = simulate(parse_scenario(paying(by="janitor"))).answers
    assert (answer.do, answer.outcome.value, answer.rule) == ("pay", "refused", "ROL-1")


def test_answers_stand_in_the_commands_order_whoever_gives_them() -> None:
    commands: list[dict[str, object]] = [
        {"at": LATER, "do": "pay", "payment_id": "p-1", "amount": "10.00"},
        {"at": LATER, "do": "change_quantity", "quantity": 2},
        {"at": LATER, "do": "fail_payment"},
        {"at": LATER, "do": "set_auto_renew", "enabled": False},
        {"at": LATER, "do": "change_terms", "suspends": False},
    ]
    story = simulate(parse_scenario(changed(commands=commands)))
    assert [answer.do for answer in story.answers] == [command["do"] for command in commands]


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (paying(amount="0"), "commands[0].amount: got '0'; takes an amount of more than 0"),
        (paying(amount=0), "commands[0].amount: got 0; takes an amount of more than 0"),
        (
            paying(amount=10.5),
            'commands[0].amount: got 10.5; takes digits in a string, such as "30.00", or an integer; never a float',
        ),
        (
            paying(amount="-1"),
            "commands[0].amount: got '-1'; takes digits in a string, such as \"30.00\", or an integer; never a float",
        ),
        (
            paying(amount=True),
            'commands[0].amount: got True; takes digits in a string, such as "30.00", or an integer; never a float',
        ),
        (paying(amount="10.005"), "commands[0].amount: got '10.005'; takes at most 2 decimals in USD"),
        (
            {**paying(amount="1.5"), "offer": {**OFFER, "currency": "JPY", "unit_price": 10}},
            "commands[0].amount: got '1.5'; takes at most 0 decimals in JPY",
        ),
        (
            paying(amount=10**18),
            "commands[0].amount: got 1000000000000000000; takes at most 12 digits before the point and 9 after it, "
            "in a string; never a float",
        ),
        (without("amount"), "commands[0].amount: got nothing; takes a value; it is required"),
        (without("payment_id"), "commands[0].payment_id: got nothing; takes a value; it is required"),
        (without("at"), "commands[0].at: got nothing; takes the instant of the command"),
        (paying(payment_id="p 1"), "commands[0].payment_id: got 'p 1'; takes 1 to 64 letters, digits, `_` or `-`"),
        (paying(payment_id=""), "commands[0].payment_id: got ''; takes 1 to 64 letters, digits, `_` or `-`"),
        (paying(payment_id=7), "commands[0].payment_id: got 7; takes text"),
        (paying(currency="USD"), "commands[0].currency: got 'USD'; takes no such field"),
        (paying(currency="EUR"), "commands[0].currency: got 'EUR'; takes no such field"),
        (paying(invoice="1"), "commands[0].invoice: got '1'; takes no such field"),
        (paying(command_id="c"), "commands[0].command_id: got 'c'; takes no such field"),
        (paying(actor="ann"), "commands[0].actor: got 'ann'; takes no such field"),
        (paying(expected={}), "commands[0].expected: got {}; takes no such field"),
        (
            paying(reason="late"),
            "commands[0].reason: got 'late'; takes no such field; the known ones are in docs/scenarios.md",
        ),
        (paying(by=""), "commands[0].by: got ''; takes 1 or more characters"),
        (
            paying(at="2026-01-01T00:00:00Z"),
            "commands[0].at: got 2026-01-01T00:00:00Z; takes an instant not before the order's",
        ),
        (failing(invoice="1"), "commands[0].invoice: got '1'; takes no such field"),
        (failing(reason=""), "commands[0].reason: got ''; takes 1 or more characters"),
        (failing(reason="r" * 201), f"commands[0].reason: got '{'r' * 76}...; takes at most 200 characters"),
        (
            failing(amount="1"),
            "commands[0].amount: got '1'; takes no such field; the known ones are in docs/scenarios.md",
        ),
        (
            failing(currency="USD"),
            "commands[0].currency: got 'USD'; takes no such field; the known ones are in docs/scenarios.md",
        ),
        (
            terms(policy="csp-2018"),
            "commands[0].policy: got 'csp-2018'; takes one of csp-2019, csp-2019-china, saas-fulfillment-v2, nce-2022",
        ),
        (terms(suspends="no"), "commands[0].suspends: got 'no'; takes true or false"),
        (terms(suspends=0), "commands[0].suspends: got 0; takes true or false"),
        (
            terms(due_after=30),
            "commands[0].due_after: got 30; takes no such field; the known ones are in docs/scenarios.md",
        ),
        (changed(account=False), "account: got False; takes a mapping"),
        (changed(account=[]), "account: got []; takes a mapping"),
        (
            changed(account={"nonpayment_suspension": "no"}),
            "account.nonpayment_suspension: got 'no'; takes true or false",
        ),
        (
            changed(account={"nonpayment_suspension": None}),
            "account.nonpayment_suspension: got nothing; takes true or false",
        ),
        (changed(account={"terms": "csp-2019"}), "account.terms: got 'csp-2019'; takes a mapping"),
        (
            own(tolerance="-1"),
            "account.terms.tolerance: got '-1'; takes digits in a string, such as \"30.00\", or an integer; "
            "never a float",
        ),
        (
            own(tolerance=1.5),
            'account.terms.tolerance: got 1.5; takes digits in a string, such as "30.00", or an integer; never a float',
        ),
        (own(tolerance="0.001"), "account.terms.tolerance: got 0.001; takes at most 2 decimals in USD"),
        (
            own(tolerance="0.00001"),
            "account.terms.tolerance: got '0.00001'; takes at most 4 decimals: no currency has more",
        ),
        (
            {**own(tolerance="0.5"), "offer": {**OFFER, "currency": "JPY", "unit_price": 10}},
            "account.terms.tolerance: got 0.5; takes at most 0 decimals in JPY",
        ),
        (own(holds="some"), "account.terms.holds: got 'some'; takes one of unpaid or all"),
        (own(sell_while_held="yes"), "account.terms.sell_while_held: got 'yes'; takes true or false"),
        (
            own(notice=30),
            "account.terms.notice: got 30; takes no such field; the known ones are in docs/scenarios.md",
        ),
        (terms(tolerance="0.005"), "commands[0].tolerance: got 0.005; takes at most 2 decimals in USD"),
        (terms(holds="none"), "commands[0].holds: got 'none'; takes one of unpaid or all"),
    ],
)
def test_one_fault_is_one_line(data: dict[str, Any], line: str) -> None:
    assert faults(data) == [line]


@pytest.mark.parametrize("currency", ["US", None, 7])
def test_what_is_wrong_with_the_currency_is_a_fault_of_the_offer_alone(currency: object) -> None:
    assert fields(faults({**paying(), "offer": {**OFFER, "currency": currency}})) == ["offer.currency"]
    lacking = {name: value for name, value in OFFER.items() if name != "currency"}
    assert fields(faults({**paying(), "offer": lacking})) == ["offer.currency"]
    assert fields(faults({**paying(), "offer": "crm"})) == ["offer"]
    assert fields(faults({**paying(currency="EUR"), "offer": {**OFFER, "currency": currency}})) == [
        "offer.currency",
        "commands[0].currency",
    ]


def test_all_faults_at_once_in_the_files_order() -> None:
    data = {
        **LEAST,
        "account": {"suspends": False},
        "commands": [
            {"at": LATER, "do": "pay", "currency": "USD", "amount": 1.5, "invoice": "x", "seats": 1},
            {"do": "fail_payment", "invoice": "x", "reason": ""},
            {"at": LATER, "do": "change_terms", "policy": "x", "suspends": "x"},
        ],
    }
    assert fields(faults(data)) == [
        "account.suspends",
        "commands[0].currency",
        "commands[0].amount",
        "commands[0].invoice",
        "commands[0].seats",
        "commands[0].payment_id",
        "commands[1].invoice",
        "commands[1].reason",
        "commands[1].at",
        "commands[2].policy",
        "commands[2].suspends",
    ]


@pytest.mark.parametrize("do", ["paid", "pay_invoice", "Pay"])
def test_another_name_is_told_the_known_ones(do: str) -> None:
    (line,) = faults(asking(do=do))
    assert line.startswith(f"commands[0].do: got '{do}'; takes one of ")
    assert all(name in line for name in ("pay", "fail_payment", "change_terms"))
