"""What is asked in each state: every command, with the arguments that make a difference."""

from datetime import datetime, timedelta
from functools import cache

from domain.subscription.commands import AnyCommand
from domain.values import format_instant
from statemachines.preview.simulator import Simulator
from tests.support.instants import MONTH, TICK
from tests.support.simulated.life import Facts, a_command

NEWER_POLICY = "newer_policy"
"""Not a command: the worker learns of a new version of the pack (BUY-5)."""
WAIT = "wait"
"""Nothing is asked: the milestones alone happen."""
REASONS = ("customer_request", "nonpayment", "fraud")


def asks(simulator: Simulator, at: datetime) -> dict[str, AnyCommand | None]:
    """The commands to the life as it is at that instant, by name; None is the new version of its policy pack."""
    subscription = simulator.life.subscription
    quantity, backup = subscription.quantity, subscription.add_ons.get("backup", 0)
    end, number = subscription.commitment_end or at, len(simulator.book.usage) + 1
    named: dict[str, tuple[str, Facts]] = {
        "activate": ("activate", {}),
        "more": ("change_quantity", {"quantity": quantity + 1}),
        "fewer": ("change_quantity", {"quantity": max(0, quantity - 1)}),
        "as many": ("change_quantity", {"quantity": quantity}),
        "too many": ("change_quantity", {"quantity": subscription.offer.max_quantity + 1}),
        "more from the renewal on": ("change_quantity", {"quantity": quantity + 1, "when": "renewal"}),
        "as many from the renewal on": ("change_quantity", {"quantity": quantity, "when": "renewal"}),
        "the add-on from the renewal on": ("set_add_on", {"add_on": "backup", "quantity": 1, "when": "renewal"}),
        "no add-on from the renewal on": ("set_add_on", {"add_on": "backup", "quantity": 0, "when": "renewal"}),
        "undo what is scheduled": ("undo_scheduled_changes", {}),
        "reject the last": ("reject_quantity", {"sequence": last.seq if (last := subscription.last_change) else 1}),
        "reject another": ("reject_quantity", {"sequence": subscription.seq + 1}),
        "more of the add-on": ("set_add_on", {"add_on": "backup", "quantity": backup + 1}),
        "as many of the add-on": ("set_add_on", {"add_on": "backup", "quantity": backup}),
        "remove the add-on": ("set_add_on", {"add_on": "backup", "quantity": 0}),
        **{f"suspend for {reason}": ("suspend", {"reason": reason}) for reason in REASONS},
        "pause for a month": ("suspend", {"until": format_instant(at + MONTH)}),
        "pause to the end": ("suspend", {"until": format_instant(end)}),
        "suspend by dunning": ("suspend", {"reason": "nonpayment", "by": "system"}),
        "reactivate": ("reactivate", {}),
        **{f"lift {reason}": ("reactivate", {"reason": reason}) for reason in REASONS},
        "lift after a payment": ("reactivate", {"reason": "nonpayment", "by": "system"}),
        "reactivate without right": ("reactivate", {"by": "sales_agent"}),
        "cancel": ("cancel", {}),
        "cancel for fraud": ("cancel", {"reason": "fraud", "by": "service"}),
        "auto-renew off": ("set_auto_renew", {"enabled": False}),
        "auto-renew on": ("set_auto_renew", {"enabled": True}),
        "deprovision": ("deprovision", {}),
        "report usage": ("report_usage", {"units": 2, "usage_id": f"u-{number}"}),
        "report usage from the beginning": (
            "report_usage",
            {"units": 1, "usage_id": f"u-{number}", "used_at": format_instant(subscription.ordered_at)},
        ),
        "report usage again": ("report_usage", {"units": 2, "usage_id": "u-1"}),
        "a price for now": ("change_price", {"unit_price": "12.00"}),
        "a price for the next term": ("change_price", {"unit_price": "12.00", "holds_from": format_instant(end)}),
        "prices to come": (
            "change_price",
            {"unit_price": "0", "holds_from": format_instant(end), "later": (format_instant(end + TICK), "10.00")},
        ),
        "free from the next term": ("change_price", {"unit_price": "0", "holds_from": format_instant(end)}),
    }
    commands = {name: _command(do, *fields.items()) for name, (do, fields) in named.items()}
    return {**commands, NEWER_POLICY: None}


@cache
def _command(do: str, *fields: tuple[str, object]) -> AnyCommand:
    given = dict(fields)
    if isinstance(later := given.get("later"), tuple):
        at, price = later
        given["later"] = [{"at": at, "unit_price": price}]
    return a_command(do, **given)


def learn_newer_policy(simulator: Simulator) -> None:
    """The same pack in its next version: another window, another retention."""
    life = simulator.life
    pack = life.subscription.next_policy or life.subscription.policy
    if pack.version == 1 and not life.subscription.state.ended:
        changes = {
            "version": 2,
            "window_reopens_on_renewal": not pack.window_reopens_on_renewal,
            "retention_base": timedelta(days=45),
            "retention_cap": timedelta(days=45),
        }
        simulator.life = life.with_next_policy(pack.model_copy(update=changes))
