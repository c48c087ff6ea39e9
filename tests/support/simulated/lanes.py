"""Simulated subscriptions on a line of time."""

from datetime import datetime, timedelta

from statemachines.preview.lane import Lane, Whose, living_lane, past_lane
from tests.support.instants import instant
from tests.support.simulated.life import ALife, an_order

AHEAD = timedelta(days=366)
TODAY = "2026-11-30T10:00:00Z"


def lane(life: ALife, until: datetime | None = None) -> Lane:
    """Its lane as of the instant that it has lived to."""
    book, subscription = life.simulator.book, life.subscription
    if subscription.state.ended:
        return past_lane(Whose.of(subscription), subscription, book.events, book.rows, life.now)
    return living_lane(life.simulator.life, book.events, book.rows, life.now, until or life.now + AHEAD)


def changed_and_suspended(name: str = "crm-fabrikam-01") -> ALife:
    """A monthly subscription with a change of its quantity and a suspension past the end of its term."""
    life = ALife(an_order(subscription_id=name))
    life.ask("2026-03-20T10:00:00Z", "change_quantity", quantity=5)
    life.ask("2026-05-02T10:00:00Z", "suspend", reason="customer_request")
    life.ask("2026-06-10T10:00:00Z", "reactivate")
    return life.until(TODAY)


def suspended_now(name: str = "crm-fabrikam-02") -> ALife:
    """A year's subscription that is held for nonpayment since today."""
    life = ALife(an_order({"term": "P1Y", "billing_plan": "annual"}, subscription_id=name)).until(TODAY)
    life.ask(TODAY, "suspend", reason="nonpayment", by="service")
    return life


def cancelled_in_time(name: str = "crm-fabrikam-03") -> ALife:
    """A year's subscription that was cancelled inside its refund window."""
    life = ALife(an_order({"term": "P1Y", "billing_plan": "annual"}, subscription_id=name))
    life.ask("2026-01-20T09:00:00Z", "cancel")
    return life.until(TODAY)


def on_trial(name: str = "crm-fabrikam-04") -> ALife:
    """A trial of thirty days, a fortnight old, that becomes a monthly billed year."""
    offer = {"term": "P1Y", "billing_plan": "monthly", "trial_days": 30}
    return ALife(an_order(offer, subscription_id=name, at="2026-11-16T10:00:00Z")).until(instant(TODAY))


def crowded(name: str = "crm-fabrikam-05") -> ALife:
    """Ten changes within a minute, and three at one instant."""
    life = ALife(an_order(subscription_id=name)).until("2026-11-20T10:00:00Z")
    for number in range(10):
        life.ask(f"2026-11-20T10:00:{number:02}Z", "change_quantity", quantity=10 + number)
    life.ask("2026-11-20T10:01:00Z", "suspend", reason="fraud")
    life.ask("2026-11-20T10:01:00Z", "reactivate")
    life.ask("2026-11-20T10:01:00Z", "set_auto_renew", enabled=False)
    return life.until(TODAY)
