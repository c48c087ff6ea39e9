"""What an event changed, what it credits, and whether it ended the subscription."""

import pytest

from domain.subscription.events import Event
from tests.support.simulated.life import ALife, an_order


@pytest.fixture
def life() -> ALife:
    return ALife(an_order({"add_ons": [{"id": "backup", "unit_price": "2.00"}]}, at="2027-01-01T09:00:00Z", quantity=3))


def changed(event: Event) -> dict[str, tuple[object, object]]:
    return {change.fact: (change.before, change.after) for change in event.changes}


def test_each_fact_that_changed_from_and_to(life: ALife) -> None:
    life.ask("2027-01-01T10:00:00Z", "change_quantity", quantity=5)
    life.ask("2027-01-01T11:00:00Z", "set_add_on", add_on="backup", quantity=2)
    life.ask("2027-01-01T12:00:00Z", "set_add_on", add_on="backup", quantity=0)
    life.ask("2027-01-01T13:00:00Z", "set_auto_renew", enabled=False)
    life.ask("2027-01-01T14:00:00Z", "suspend", reason="fraud")
    bought, more, added, removed, off, suspended = life.simulator.book.events
    assert [changed(event) for event in (more, added, removed, off, suspended)] == [
        {"quantity": (3, 5)},
        {"add_ons.backup": (0, 2)},
        {"add_ons.backup": (2, 0)},
        {"auto_renew": (True, False)},
        {"state": ("active", "suspended"), "holds": ([], ["fraud"])},
    ]
    assert "quantity" not in changed(bought)


def test_what_ended_it_and_what_that_credited(life: ALife) -> None:
    life.ask("2027-01-01T10:00:00Z", "cancel", reason="customer_request")
    bought, cancelled = life.simulator.book.events
    assert (bought.ends, bought.credited) == (False, None)
    assert (cancelled.ends, str(cancelled.credited)) == (True, "USD 30.00")


def test_an_end_that_credits_nothing(life: ALife) -> None:
    life.ask("2027-01-03T10:00:00Z", "set_auto_renew", enabled=False)
    life.until("2027-02-01T09:00:00Z")
    assert [(event.event, event.ends, event.credited) for event in life.simulator.book.events[-1:]] == [
        ("expired", True, None)
    ]
