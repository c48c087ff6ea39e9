"""What is typed wrongly ends with exit code 2 and one line: the field, what came, what it takes, where to read on."""

from datetime import UTC, datetime

import pytest

from cli.options import an_instant
from tests.support.command_line import GROUPS, Starter

CASES = {
    "quantity crm-1 1.5": "N: got '1.5'; takes a whole number",
    "quantity crm-1 -1": "Got '-1' where it takes 0 or more",
    "quantity crm-1 99999999999999999999": (
        "N: got '99999999999999999999'; takes a whole number, 0 or more, of at most 18 digits"
    ),
    "quantity crm-1 99999999999": "quantity: got 99999999999; takes 1000000000 or less",
    "quantity": "Missing argument 'ID'",
    "quantity ../x 1": "ID: got '../x'; takes 1 to 64 letters, digits, `_` or `-`",
    "quantity crm-1 5 --at tomorrow": "--at: got 'tomorrow'; takes an ISO 8601 instant",
    "quantity crm-1 5 --at 2027-01-01T00:00:00": "--at: got '2027-01-01T00:00:00'; takes an instant with its offset",
    "quantity crm-1 5 --at 2027-02-30": "--at: got '2027-02-30'; takes an ISO 8601 instant",
    "quantity crm-1 5 --at 2027-2-3": "--at: got '2027-2-3'; takes an ISO 8601 instant",
    "quantity crm-1 5 --at 20270203": "--at: got '20270203'; takes an ISO 8601 instant",
    "quantity crm-1 5 --actor \x1b[2J": r"--actor: got '\x1b[2J'; takes printable characters, without spaces at the",
    "quantity crm-1 5 --actor " + 65 * "x": "; takes 1 to 64 characters",
    "quantity crm-1 5 --command-id a/b": "--command-id: got 'a/b'; takes",
    "quantity crm-1 5 --bx admin": "No such option: --bx (Possible options: --by)",
    "reject-quantity crm-1": "Missing argument 'SEQ'",
    "reject-quantity crm-1 second": "SEQ: got 'second'; takes a whole number",
    "reject-quantity crm-1 2.0": "SEQ: got '2.0'; takes a whole number",
    "reject-quantity crm-1 0": "sequence: got 0; takes 1 or more",
    "reject-quantity crm-1 99999999999": "sequence: got 99999999999; takes 1000000000 or less",
    "suspend crm-1": "Missing option '--reason'",
    "suspend crm-1 --reason bored": "--reason: got 'bored'; takes one of customer_request, nonpayment, fraud",
    "auto-renew crm-1 maybe": "on|off: got 'maybe'; takes one of on, off",
    "usage report c-1 -- -5 --usage-id d": "UNITS: got '-5'; takes digits",
    "usage report c-1 1e5 --usage-id d": "UNITS: got '1e5'; takes digits",
    "list --state asleep": "--state: got 'asleep'; takes one of pending",
    "list --limit 0": "--limit: got '0'; takes 1 or more",
    "list --customer x'y": "--customer: got",
    "buy contoso-crm": "Missing option '--customer'",
    "buy contoso-crm --customer fabrikam --quantity 0": "quantity: got 0; takes 1 or more",
    "buy contoso-crm --customer fabrikam --policy lax": "policy: got 'lax'; takes one of csp-2019",
    "buy contoso-crm --customer fabrikam --add-on backup": "--add-on: got 'backup'; takes",
    "buy contoso-crm --customer fabrikam --add-on backup=0": "add_ons.backup: got 0; takes 1 or more",
    "buy contoso-crm --customer fabrikam --add-on a'b=1": "--add-on: got",
    "buy contoso-crm --customer fabrikam --add-on backup=1 --add-on backup=2": "--add-on: got 'backup' twice",
    "buy contoso-crm --customer fabrikam --id " + 57 * "x": "; takes 1 to 56 letters, digits, `_` or `-`",
    "buy contoso-crm --customer fabrikam --by " + 65 * "x": "; takes 1 to 64 characters",
    "buy contoso-crm --customer fabrikam --test-clock 2027": "--test-clock: got '2027'; takes",
    "buy contoso-crm --customer a/b": "--customer: got 'a/b'; takes 1 to 64",
    "cart add": "Missing argument 'OFFER'",
    "cart add contoso-crm": "Missing option '--customer'",
    "cart add contoso-crm --customer fabrikam --quantity 0": "quantity: got 0; takes 1 or more",
    "cart add contoso-crm --customer fabrikam --quantity 1000000001": "quantity: got 1000000001; takes 1000000000 or",
    "cart add contoso-crm --customer fabrikam --policy lax": "policy: got 'lax'; takes one of csp-2019",
    "cart remove 0 --customer fabrikam": "LINE: got '0'; takes 1 or more",
    "cart remove first --customer fabrikam": "LINE: got 'first'; takes a whole number",
    "cart show": "Missing option '--customer'",
    "order show ../x": "ID: got '../x'; takes 1 to 56",
    "order list --after a.b": "--after: got 'a.b'; takes 1 to 56",
    "order list --limit 0": "--limit: got '0'; takes 1 or more",
    "setup-link a'b": "ID: got",
    "list --after x": "--after: got 'x'; takes the mark that the last page ended with",
    "cancel crm-1 --reason fraud": "cancel asks before it acts, and there is no terminal to ask at: add --yes",
    "deprovision c-1": "deprovision asks before it acts",
    "frobnicate": "No such command 'frobnicate'",
    "cansel crm-1": "No such command 'cansel'. Did you mean 'cancel'? See: python starter.py --help",
    "invoices list": "Did you mean 'invoice'?",
    "invoice lst": "Did you mean 'list'? See: python starter.py invoice --help",
    "retry crm-1": "Did you mean 'notifications retry'?",
    "scenario run": "Missing argument 'FILE...'",
}


@pytest.mark.parametrize("line", CASES, ids=str)
def test_one_line(starter: Starter, line: str) -> None:
    result = starter(*line.split())
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.count("\n") == 1
    assert CASES[line] in result.stderr


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("buy contoso-crm --customer fabrikam --by intern", "refused by ROL-1"),
        ("buy contoso-crm --customer fabrikam --by publisher", "refused by ROL-4"),
        ("cart buy --customer fabrikam --by intern", "refused by ROL-1"),
    ],
)
def test_what_a_rule_refuses_is_exit_code_1(starter: Starter, line: str, said: str) -> None:
    result = starter(*line.split())
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.count("\n") == 1
    assert said in result.stderr


@pytest.mark.parametrize("group", [(), *((noun,) for noun in GROUPS)])
def test_without_a_command_there_is_help(starter: Starter, group: tuple[str, ...]) -> None:
    result = starter(*group)
    assert result.exit_code == 2
    assert result.stdout.startswith("Usage: python starter.py")


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2027-02-01", datetime(2027, 2, 1, tzinfo=UTC)),
        ("2028-02-29", datetime(2028, 2, 29, tzinfo=UTC)),
        ("2027-02-01T09:00:00+02:00", datetime(2027, 2, 1, 7, tzinfo=UTC)),
    ],
)
def test_a_date_is_its_midnight_in_utc(text: str, instant: datetime) -> None:
    assert an_instant(text) == instant


def test_an_unknown_rule_is_named_with_those_that_exist(starter: Starter) -> None:
    result = starter("explain", "ELG-\x1b99")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("No rule is called 'ELG-\\x1b99'. The rules: TIM-1 to TIM-7, ")
