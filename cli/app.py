"""The command line as a whole: which commands there are."""

from collections.abc import Callable
from typing import Any

import typer

from cli import check
from cli.account import account, invoice, statement
from cli.buying import cart, cart_purchase, cart_review, order, purchase, setup_link
from cli.catalog import catalog, customer
from cli.catalog import listing as catalog_listing
from cli.catalog import offer as catalog_offer
from cli.group import OneLineGroup
from cli.notifications import notifications
from cli.rehearsal import clock, demo, scenario
from cli.subscription import changes, details, history, listing, timeline, usage

COMMANDS: dict[str, Callable[..., None]] = {
    "demo": demo.demo,
    "buy": purchase.buy,
    "list": listing.list_subscriptions,
    "show": details.show,
    "timeline": timeline.timeline,
    "events": history.events,
    "ledger": history.ledger,
    "balance": statement.balance,
    "statement": statement.statement,
    "access": history.access,
    "quantity": changes.change_quantity,
    "add-on": changes.set_add_on,
    "suspend": changes.suspend,
    "reactivate": changes.reactivate,
    "cancel": changes.cancel,
    "auto-renew": changes.set_auto_renew,
    "activate": changes.activate,
    "reject-quantity": changes.reject_quantity,
    "deprovision": changes.deprovision,
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
