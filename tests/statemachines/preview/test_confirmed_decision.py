"""CXL-1: what was shown is what is done. A confirmed decision that has changed is refused and shows the new one."""

from statemachines.preview.simulator import Simulator
from tests.support.instants import TICK, instant
from tests.support.simulated.life import LIVING, ALife, Facts, a_command, an_order, told

CLOSES = instant("2026-01-16T09:00:00Z")
SHOWN: Facts = {"outcome": "cancelled_with_credit", "credit": {"amount": "30.00", "currency": "USD"}}


def test_confirmed_in_time_it_is_done() -> None:
    life = ALife()
    assert told(life.ask(CLOSES - TICK, "cancel", expected=SHOWN)) == "cancelled_with_credit CXL-2 credit 30.00"


def test_the_window_closed_in_between() -> None:
    life = ALife()
    before = life.subscription
    answer = life.ask(CLOSES, "cancel", expected=SHOWN)
    assert told(answer) == "refused CXL-3"
    assert "Nothing was done" in answer.message
    assert "The subscription will not renew. It expires with its term, at 2026-02-15T09:00:00Z" in answer.message
    assert life.subscription == before


def test_another_amount_than_was_shown() -> None:
    life = ALife(an_order({"term": "P1Y", "billing_plan": "annual"}))
    life.ask("2026-01-16", "change_quantity", quantity=4)
    answer = life.ask("2026-01-17", "cancel", expected=SHOWN)
    assert answer.outcome == "refused"
    assert "USD 3" in answer.message
    assert life.state == "active"


def test_a_charge_that_was_not_shown() -> None:
    life = ALife()
    life.ask("2026-01-20", "suspend")
    answer = life.ask("2026-02-20", "reactivate", expected={"outcome": "done"})
    assert told(answer) == "refused SUS-7"
    assert life.state == "suspended"


def test_what_is_refused_or_unchanged_anyway_is_answered_so() -> None:
    life = ALife()
    assert told(life.ask("2026-01-20", "reactivate", expected={"outcome": "done"})) == "refused LIF-1"
    assert (
        told(life.ask("2026-01-20", "set_auto_renew", enabled=True, expected={"outcome": "done"})) == "unchanged MON-7"
    )


def test_a_preview_can_be_confirmed() -> None:
    """The flow of `cancel`: decided on a copy, shown, confirmed with what was shown."""
    life = ALife()
    preview = Simulator.resumed(life.simulator.life, LIVING).ask(a_command("cancel"), CLOSES - TICK)
    shown = {"outcome": preview.outcome.value, "credit": preview.credit}
    assert told(life.ask(CLOSES - TICK, "cancel", expected=shown)) == told(preview)
