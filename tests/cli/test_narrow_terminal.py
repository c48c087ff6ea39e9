"""Every read command at a terminal of 80 columns, with realistic data: no line is longer, and no word is broken."""

import re

import pytest

from cli.start import program
from tests.support.command_line import COMMANDS, Billed, Starter
from tests.support.paths import ROOT

WIDTH, WIDE = 80, 400
LINES = {
    "list": ["list", "list --count", "list --customer {customer}"],
    "search": ["search {customer}", "search contoso"],
    "show": ["show {subscription}", "show {suspended}", "show {cancelled}"],
    "timeline": ["timeline {subscription}", "timeline {suspended}", "timeline --customer {customer}"],
    "events": ["events {subscription}", "events {suspended}", "events {cancelled}"],
    "ledger": ["ledger {subscription}"],
    "access": ["access {subscription}", "access {suspended}"],
    "balance": ["balance {customer}"],
    "statement": ["statement {customer}"],
    "invoice list": ["invoice list", "invoice list --customer {customer}"],
    "invoice show": ["invoice show {invoice}"],
    "account show": ["account show {customer}"],
    "catalog list": ["catalog list", "catalog list --customer {customer} --explain"],
    "catalog show": ["catalog show wingtip-crm", "catalog show dearer-soon"],
    "customer list": ["customer list"],
    "customer show": ["customer show {customer}"],
    "cart show": ["cart show --customer {customer}"],
    "cart review": ["cart review --customer {customer}"],
    "order list": ["order list"],
    "order show": ["order show {subscription}"],
    "notifications list": ["notifications list --all"],
    "config": ["config"],
    "explain": ["explain SUS-4", "explain CXL-2"],
    "check": ["check", "check {subscription}"],
    "reconcile": ["reconcile {subscription}"],
    "conflict show": ["conflict show {subscription}"],
    "scenario run": [f"scenario run {ROOT / 'scenarios' / 'lives' / 'several-holds.yaml'}"],
}
"""How each is asked here."""
ELSEWHERE = {
    "watch": "a live view: tests/cli/subscription/test_watching.py",
    "resolve": "needs a token: tests/cli/buying/test_setup_link.py",
    "setup": "changes a server unless it only checks: tests/cli/test_setup.py",
    "catalog check": "reads files: tests/cli/catalog/test_file.py",
}
CHANGING = {
    *("buy", "setup-link", "quantity", "add-on", "auto-renew", "suspend", "reactivate", "cancel", "activate"),
    *("reject-quantity", "deprovision", "migrate", "clock advance", "catalog import", "catalog export"),
    *("cart add", "cart remove", "cart buy", "usage report", "usage import", "invoice pay", "invoice fail"),
    *("account pay", "account terms", "account open", "notifications retry", "notifications skip"),
    *("conflict adopt", "conflict set-aside", "demo", "worker"),
}


@pytest.fixture
def names(billed: Billed) -> dict[str, str]:
    """One that renews, one suspended and one cancelled subscription, an invoice and a cart of a customer."""
    ask, customer = billed.ask, billed.customer
    found = {"customer": customer, "subscription": billed.subscription, "invoice": billed.invoice}
    for name in ("suspended", "cancelled"):
        found[name] = f"{customer}-production-{name}"
        ask.json(f"buy contoso-crm --customer {customer} --quantity 450 --id {found[name]}")
    ask.json(f"quantity {billed.subscription} 490 --actor Zoë_Müller@northwind-traders.example")
    ask.json(f"add-on {billed.subscription} archive 25")
    ask.json(f"suspend {found['suspended']} --reason nonpayment --by service --details asked_for_by_the_bank")
    ask.json(f"cancel {found['cancelled']} --reason customer_request --yes")
    ask.json(f"cart add fabrikam-mail --customer {customer} --quantity 250")
    return found


def test_every_read_command_is_walked() -> None:
    assert set(COMMANDS) == set(LINES) | set(ELSEWHERE) | CHANGING


def words(text: str) -> set[str]:
    """All but times, which go on, and headings: where a table is printed as a list, the first one has no place."""
    return {word for word in text.split() if not (word.isupper() or re.fullmatch(r"[0-9:]+", word))}


@pytest.mark.live
def test_no_line_is_longer_and_no_word_is_broken(
    starter: Starter, names: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setenv("NO_COLOR", "1")
    found = {}
    for line in (line.format_map(names) for lines in LINES.values() for line in lines):
        printed = {}
        for width in (WIDTH, WIDE):
            monkeypatch.setenv("COLUMNS", str(width))
            result = starter(*line.split())
            assert result.exit_code in {0, 1}, result.output
            printed[width] = re.sub(r"\x1b\[[0-9;]*m", "", result.stdout)
        long = [each for each in printed[WIDTH].splitlines() if len(each) > WIDTH and program() not in each]
        broken = words(printed[WIDE]) - words(printed[WIDTH])
        if long or broken:
            found[line] = [*long, *sorted(broken)[:8]]
    assert not found, "\n".join(f"{line}: {what}" for line, whats in found.items() for what in whats)
