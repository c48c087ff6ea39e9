"""A scenario file with several subscriptions of one customer: what it takes, and every fault (DESIGN section 7b)."""

from typing import Any

import pytest

from domain.account.requests import ReceivePayment
from domain.account.terms import terms_of
from statemachines.simulation.scenario import Step
from statemachines.simulation.scenario_file import parse_scenario
from tests.support.instants import instant
from tests.support.simulated.scenarios import (
    AT,
    LATER,
    LEAST,
    MAIL,
    OFFER,
    ORDER,
    SEVERAL,
    asking,
    asking_several,
    changed,
    faults,
    of_several,
)

CRM = {"offer": OFFER, "order": {"at": AT}}
ELSEWHERE = "no such field; the known ones are in docs/scenarios.md"
RENEW = {"do": "set_auto_renew", "enabled": False}
PAY = {"do": "pay", "payment_id": "p-1", "amount": "10.00"}
BOTH = "the name of a subscription (crm, mail)"


def with_subscriptions(**subscriptions: object) -> dict[str, Any]:
    """The scenario with these subscriptions."""
    return of_several(subscriptions=subscriptions)


def test_it_is_always_lived_with_the_account_opened_at_the_first_order() -> None:
    scenario = parse_scenario(of_several(policy="saas-fulfillment-v2"))
    assert scenario.billed
    assert (scenario.customer, scenario.opened_at) == ("fabrikam", instant(AT))
    assert scenario.terms == terms_of("saas-fulfillment-v2")
    orders = [scenario.order_for(name, name) for name in scenario.subscriptions]
    assert {(order.customer, order.policy, order.account_opened) for order in orders} == {
        ("fabrikam", "saas-fulfillment-v2", instant(AT))
    }


def test_sus_3_the_accounts_opening_counts_for_every_subscription() -> None:
    scenario = parse_scenario(of_several(account_opened="2026-01-01T00:00:00Z"))
    assert {scenario.order_for(name, name).account_opened for name in scenario.subscriptions} == {instant("2026-01-01")}
    assert scenario.opened_at == instant(AT)


def test_suspension_for_nonpayment_can_be_turned_off() -> None:
    scenario = parse_scenario(of_several(account={"nonpayment_suspension": False}))
    assert scenario.terms == terms_of("csp-2019").without_suspension()


def test_at_one_instant_orders_come_by_name_and_then_the_commands_of_the_file() -> None:
    commands: list[dict[str, Any]] = [{**RENEW, "of": "mail"}, {**PAY, "currency": "USD"}, {**RENEW, "of": "crm"}]
    late = {**CRM, "order": {"at": LATER}}
    scenario = parse_scenario(asking_several(*commands, subscriptions={"mail": late, "crm": late, "a-1": CRM}))
    first, *rest = scenario.steps
    assert first == Step(instant(AT), "a-1")
    assert [(step.of, step.command and step.command.action.value) for step in rest] == [
        ("crm", None),
        ("mail", None),
        ("mail", "set_auto_renew"),
        (None, "pay"),
        ("crm", "set_auto_renew"),
    ]


def test_a_payment_is_in_the_customers_currency_if_there_is_one() -> None:
    dollars = {**CRM, "order": {"at": "2026-02-05T09:00:00Z"}}
    for command in (PAY, {**PAY, "currency": "USD"}):
        scenario = parse_scenario(asking_several(command, subscriptions={"crm": CRM, "erp": dollars}))
        (pay,) = scenario.commands
        assert isinstance(pay, ReceivePayment)
        assert pay.currency == "USD"
    (pay,) = parse_scenario(asking_several({**PAY, "currency": "EUR"})).commands
    assert isinstance(pay, ReceivePayment)
    assert pay.currency == "EUR"


def test_as_many_subscriptions_as_a_file_may_have() -> None:
    many = {f"s-{number}": CRM for number in range(51)}
    assert len(parse_scenario(of_several(subscriptions=dict(list(many.items())[:50]))).subscriptions) == 50
    assert faults(of_several(subscriptions=many)) == ["subscriptions: got 51; takes 1 to 50 subscriptions, by name"]
    (line,) = faults(asking_several(RENEW, subscriptions=dict(list(many.items())[:50])))
    assert line.endswith("s-8, s-9, ...)")


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (asking_several({**RENEW, "of": "erp"}), f"commands[0].of: got 'erp'; takes {BOTH}"),
        (asking_several({**RENEW, "of": 7}), f"commands[0].of: got 7; takes {BOTH}"),
        (asking_several({**RENEW, "of": None}), f"commands[0].of: got nothing; takes {BOTH}"),
        (asking_several({**RENEW, "of": ["crm"]}), f"commands[0].of: got ['crm']; takes {BOTH}"),
        (asking_several(RENEW), f"commands[0].of: got nothing; takes {BOTH}"),
        (
            asking_several({**PAY, "of": "crm", "currency": "USD"}),
            "commands[0].of: got 'crm'; takes no such field: `pay` goes to the account",
        ),
        (
            asking_several({"do": "change_terms", "suspends": False, "of": None}),
            "commands[0].of: got nothing; takes no such field: `change_terms` goes to the account",
        ),
        (asking(**RENEW, of="crm"), f"commands[0].of: got 'crm'; takes {ELSEWHERE}"),
        (asking_several(PAY), "commands[0].currency: got nothing; takes the currency of the amount: EUR or USD"),
        (
            asking_several({**PAY, "currency": "euro"}),
            "commands[0].currency: got 'euro'; takes an ISO 4217 currency code such as USD",
        ),
        (asking_several({**PAY, "currency": "EUR", "amount": "0"}), "commands[0].amount: got '0'; takes an amount"),
        (
            asking_several({**PAY, "currency": "EUR", "invoice": 1}),
            "commands[0].invoice: got 1; takes no such field",
        ),
        (of_several(offer=OFFER), "offer: got {"),
        (of_several(order={"at": AT}), "order: got {'at': '2026-01-31T09:00:00Z'}; takes no such field beside"),
        (of_several(customer=None), "customer: got nothing; takes text"),
        (of_several(customer="a b"), "customer: got 'a b'; takes 1 to 64 letters, digits, `_` or `-`"),
        (changed(customer="fabrikam"), f"customer: got 'fabrikam'; takes {ELSEWHERE}"),
        (of_several(subscriptions={}), "subscriptions: got 0; takes 1 to 50 subscriptions, by name"),
        (of_several(subscriptions=None), "subscriptions: got nothing; takes a mapping"),
        (of_several(subscriptions=[CRM]), "subscriptions: got [{"),
        (with_subscriptions(crm=None), "subscriptions.crm: got nothing; takes a mapping"),
        (with_subscriptions(crm="contoso-crm"), "subscriptions.crm: got 'contoso-crm'; takes a mapping"),
        (with_subscriptions(**{"a b": CRM}), "subscriptions.a b: got 'a b'; takes 1 to 64 letters, digits, `_` or `-`"),
        (with_subscriptions(**{"": CRM}), "subscriptions.: got ''; takes 1 to 64 letters, digits, `_` or `-`"),
        (with_subscriptions(**{"x" * 65: CRM}), f"subscriptions.{'x' * 65}: got '{'x' * 65}'; takes 1 to 64 letters"),
        (
            with_subscriptions(crm={"offer": OFFER, "order": ORDER}),
            "subscriptions.crm.order.customer: got 'fabrikam'; takes no such field: `customer` is given once, beside "
            "`subscriptions`",
        ),
        (with_subscriptions(crm={"offer": OFFER}), "subscriptions.crm.order: got nothing; takes a value"),
        (
            with_subscriptions(crm={**CRM, "policy": "nce-2022"}),
            f"subscriptions.crm.policy: got 'nce-2022'; takes {ELSEWHERE}",
        ),
        (
            with_subscriptions(crm={**CRM, "offer": {**OFFER, "unit_price": "1.0000001"}}),
            "subscriptions.crm.offer.unit_price: got '1.0000001'; takes",
        ),
        (
            with_subscriptions(crm={**CRM, "order": {"at": AT, "add_ons": {"backup": 1}}}),
            "subscriptions.crm.order.add_ons.backup: got 'backup'; takes an add-on of the offer",
        ),
        (
            of_several(until="2026-02-05T08:59:59Z"),
            "until: got 2026-02-05T08:59:59Z; takes an instant not before the last order's",
        ),
        (
            of_several(commands=[{"at": "2026-01-31T08:00:00Z", **PAY, "currency": "USD"}]),
            "commands[0].at: got 2026-01-31T08:00:00Z; takes an instant not before the first order's",
        ),
        (
            of_several(commands=[{"at": "2026-02-04T09:00:00Z", "of": "mail", **RENEW}]),
            "commands[0].at: got 2026-02-04T09:00:00Z; takes an instant not before the order of mail",
        ),
        (
            of_several(commands=[{"at": LATER, "of": "crm", **RENEW}, {"at": AT, "of": "crm", **RENEW}]),
            "commands[1].at: got 2026-01-31T09:00:00Z; takes an instant not before the previous command's",
        ),
        (
            asking_several({"do": "set_add_on", "of": "mail", "add_on": "backup", "quantity": 1}),
            "commands[0].add_on: got 'backup'; takes an add-on of the offer",
        ),
        (
            asking_several({"do": "report", "of": "mail"}),
            "commands[0].do: got 'report'; takes one of ",
        ),
    ],
)
def test_one_fault_is_one_line(data: dict[str, Any], line: str) -> None:
    found = faults(data)
    assert [each[: len(line)] for each in found] == [line]
    assert "\n" not in found[0]


def test_each_subscription_has_its_own_prices() -> None:
    """A price of half a cent is a fault in euros and in yen, whichever subscription has it."""
    yen = {"offer": {**MAIL, "currency": "JPY", "unit_price": 10}, "order": {"at": AT}}
    amounts = [{"do": "change_price", "of": name, "unit_price": "10.1234567"} for name in ("crm", "yen")]
    lines = faults(asking_several(*amounts, subscriptions={"crm": CRM, "yen": yen}))
    assert [line.partition(": got")[0] for line in lines] == ["commands[0].unit_price", "commands[1].unit_price"]


@pytest.mark.parametrize("missing", ["name", "customer", "until"])
def test_what_is_required(missing: str) -> None:
    lines = faults({key: value for key, value in SEVERAL.items() if key != missing})
    assert lines == [f"{missing}: got nothing; takes a value; it is required"]


def test_what_is_wrong_with_the_currency_is_a_fault_of_the_offer_alone() -> None:
    """And so are faulty subscriptions, whatever the commands name."""
    odd = {"offer": {**OFFER, "currency": "US"}, "order": {"at": AT}}
    lines = faults(asking_several(PAY, {**RENEW, "of": "crm"}, subscriptions={"crm": odd}))
    assert [line.partition(":")[0] for line in lines] == ["subscriptions.crm.offer.currency"]
    lines = faults(asking_several(PAY, {**RENEW, "of": "crm"}, subscriptions="crm"))
    assert [line.partition(":")[0] for line in lines] == ["subscriptions"]


def test_all_faults_at_once_in_the_files_order() -> None:
    data = {
        "customer": "fabrikam",
        "offer": OFFER,
        "subscriptions": {
            "crm": {"offer": {**OFFER, "term": "P6M"}, "order": {"at": AT, "customer": "fabrikam"}},
            "mail": {"offer": MAIL, "order": {"at": "soon"}},
        },
        "commands": [{"at": LATER, "of": "erp", **RENEW}, {"at": LATER, **PAY}, {"do": "deprovision"}],
        "until": LEAST["until"],
    }
    assert [line.partition(": got")[0] for line in faults(data)] == [
        "offer",
        "subscriptions.crm.offer.term",
        "subscriptions.crm.order.customer",
        "subscriptions.mail.order.at",
        "commands[0].of",
        "commands[1].currency",
        "commands[2].at",
        "commands[2].of",
        "name",
    ]
