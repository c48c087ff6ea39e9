"""How each read command is asked in tests, with realistic data."""

from collections.abc import Iterator

from tests.support.command_line import Billed
from tests.support.paths import ROOT

LINES = {
    "list": ["list", "list --count", "list --customer {customer}"],
    "search": ["search {customer}", "search contoso"],
    "show": ["show {subscription}", "show {suspended}", "show {cancelled}"],
    "timeline": ["timeline {subscription}", "timeline {suspended}", "timeline --customer {customer}"],
    "events": ["events {subscription}", "events {suspended}", "events {cancelled}"],
    "ledger": ["ledger {subscription}"],
    "what-if": ["what-if {suspended} reactivate"],
    "forecast": ["forecast --customer {customer}", "forecast --months 2"],
    "access": ["access {subscription}", "access {suspended}"],
    "balance": ["balance {customer}"],
    "statement": ["statement {customer}"],
    "invoice list": ["invoice list", "invoice list --customer {customer}"],
    "invoice show": ["invoice show {invoice}"],
    "invoice notes": ["invoice notes {customer}"],
    "invoice note": ["invoice note {note}"],
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
    "bulk list": ["bulk list"],
    "bulk show": ["bulk show {bulk}"],
    "bulk report": ["bulk report {bulk}", "bulk report {bulk} --failed"],
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
    *(
        "buy",
        "setup-link",
        "quantity",
        "add-on",
        "undo-changes",
        "auto-renew",
        "suspend",
        "reactivate",
        "cancel",
        "activate",
    ),
    *("reject-quantity", "deprovision", "clock advance", "catalog import", "catalog export"),
    *("cart add", "cart remove", "cart buy", "usage report", "usage import", "invoice pay", "invoice fail"),
    *("account pay", "account terms", "account open", "notifications retry", "notifications skip"),
    *("invoice credit", "invoice write-off", "account credit", "account refund", "account refund-paid"),
    "account reverse",
    *("conflict adopt", "conflict set-aside", "demo", "worker", "import", "export"),
    *(f"bulk {name}" for name in ("suspend", "reactivate", "cancel", "auto-renew", "quantity", "price", "policy")),
    *(f"bulk {name}" for name in ("migrate", "pause", "resume", "stop", "rate")),
}


def filled(billed: Billed) -> dict[str, str]:
    """One that renews, one suspended and one cancelled subscription, an invoice, a cart and a bulk of a customer."""
    ask, customer = billed.ask, billed.customer
    found = {"customer": customer, "subscription": billed.subscription, "invoice": billed.invoice}
    for name in ("suspended", "cancelled"):
        found[name] = f"{customer}-production-{name}"
        ask.json(f"buy contoso-crm --customer {customer} --quantity 450 --id {found[name]}")
    ask.json(f"quantity {billed.subscription} 490 --actor Zoë_Müller@northwind-traders.example --yes")
    ask.json(f"add-on {billed.subscription} archive 25 --yes")
    ask.json(f"suspend {found['suspended']} --reason nonpayment --by service --details asked_for_by_the_bank --yes")
    ask.json(f"cancel {found['cancelled']} --reason customer_request --yes")
    ask.json(f"cart add fabrikam-mail --customer {customer} --quantity 250")
    ask.json(f"invoice credit {billed.invoice} 1.25 USD --reason agreed_with_the_bank_and_the_customer")
    found["note"] = ask.json(f"invoice notes {customer}")[0]["credit_note"]
    found["bulk"] = f"{customer}-more-licences"
    ask.json(f"bulk quantity 480 --customer {customer} --id {found['bulk']} --yes")
    return found


def asked(names: dict[str, str], command: str | None = None) -> Iterator[str]:
    """What is typed, of all commands or of one."""
    for line in LINES[command] if command else (line for lines in LINES.values() for line in lines):
        yield line.format_map(names)
