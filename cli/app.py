"""The command line as a whole: which commands there are."""

from collections.abc import Callable
from typing import Any

import typer

from cli import (
    access,
    account,
    add_on,
    auto_renew,
    cancellation,
    cart,
    cart_purchase,
    cart_review,
    catalog,
    catalog_listing,
    catalog_offer,
    check,
    clock,
    customer,
    demo,
    details,
    invoice,
    journal,
    ledger,
    listing,
    notifications,
    order,
    provisioning,
    purchase,
    quantity,
    scenario,
    setup_link,
    statement,
    suspension,
    timeline,
    usage,
)
from cli.group import OneLineGroup

COMMANDS: dict[str, Callable[..., None]] = {
    "demo": demo.demo,
    "buy": purchase.buy,
    "list": listing.list_subscriptions,
    "show": details.show,
    "timeline": timeline.timeline,
    "events": journal.events,
    "ledger": ledger.ledger,
    "balance": statement.balance,
    "statement": statement.statement,
    "access": access.access,
    "quantity": quantity.change_quantity,
    "add-on": add_on.set_add_on,
    "suspend": suspension.suspend,
    "reactivate": suspension.reactivate,
    "cancel": cancellation.cancel,
    "auto-renew": auto_renew.set_auto_renew,
    "activate": provisioning.activate,
    "reject-quantity": quantity.reject_quantity,
    "deprovision": provisioning.deprovision,
    "setup-link": setup_link.setup_link,
    "resolve": setup_link.resolve,
    "check": check.check,
}

GROUPS: dict[str, tuple[str, dict[str, Callable[..., None]]]] = {
    "catalog": (
        "What is sold: check, import, list, show.",
        {
            "check": catalog.check,
            "import": catalog.import_catalog,
            "list": catalog_listing.list_offers,
            "show": catalog_offer.show_offer,
        },
    ),
    "customer": (
        "Who can buy: list, show.",
        {"list": customer.list_customers, "show": customer.show_customer},
    ),
    "cart": (
        "Lines to buy together: add, remove, show, review, buy.",
        {
            "add": cart.add,
            "remove": cart.remove,
            "show": cart.show,
            "review": cart_review.review,
            "buy": cart_purchase.buy,
        },
    ),
    "order": ("What was ordered: list, show.", {"list": order.list_orders, "show": order.show}),
    "invoice": (
        "Monthly invoices: list, show, pay, fail.",
        {"list": invoice.list_invoices, "show": invoice.show, "pay": invoice.pay, "fail": invoice.fail},
    ),
    "account": (
        "A customer's account: show, pay, terms, open.",
        {
            "show": account.show,
            "pay": account.pay,
            "terms": account.change_terms,
            "open": account.open_account,
        },
    ),
    "notifications": (
        "What publishers are told: list, retry, skip.",
        {"list": notifications.list_notifications, "retry": notifications.retry, "skip": notifications.skip},
    ),
    "clock": ("Time travel on test clocks: advance.", {"advance": clock.advance}),
    "usage": (
        "Usage, of offers that are billed by it: report, import.",
        {"report": usage.report, "import": usage.import_usage},
    ),
    "scenario": ("Lives described as data: run.", {"run": scenario.run}),
}


def _group(about: str, **settings: Any) -> typer.Typer:
    return typer.Typer(help=about, no_args_is_help=True, rich_markup_mode=None, **settings)


app = _group(
    "Subscriptions that run for years: buy them, change them, and see what happens and why.",
    name="starter.py",
    cls=OneLineGroup,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"max_content_width": 100},
)
for name, command in COMMANDS.items():
    app.command(name)(command)

for noun, (about, commands) in GROUPS.items():
    group = _group(about)
    for name, command in commands.items():
        group.command(name)(command)
    app.add_typer(group, name=noun)
