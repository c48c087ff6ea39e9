"""What a person reads of a subscription in the Web UI."""

from datetime import UTC, datetime

from domain.conflict import Choice, Conflict, compared
from domain.ordering.terms import Order
from domain.rules import Rule
from domain.subscription.commands import SetAutoRenew, Suspend
from domain.subscription.decision import Answer, Outcome
from domain.subscription.holds import Reason
from statemachines.preview.simulator import Simulator
from statemachines.subscription.life import LifeSteps
from tests.support.shop.offers import offer
from workflows.durable.markdown import ROOM, second
from workflows.subscription.details import details, markdown

OFFER = offer(trial_days=30)
BOUGHT = datetime(2027, 1, 31, 9, tzinfo=UTC)
NOW = datetime(2027, 2, 10, 12, tzinfo=UTC)


def lived() -> Simulator:
    """A trial that was suspended on its tenth day."""
    simulator = Simulator(Order(subscription_id="s-1", customer="fabrikam", offer=OFFER, at=BOUGHT, quantity=3))
    simulator.ask(Suspend(by="service", actor="fraud-detection", reason=Reason.FRAUD), NOW)
    return simulator


def test_state_holds_what_comes_next_what_is_allowed_and_the_last_events() -> None:
    text = markdown(lived().life, LifeSteps().lifecycle, NOW, None).replace(ROOM, "")
    assert text.splitlines()[0] == "## Suspended: 3 x contoso-crm for fabrikam"
    assert "**Holds:** fraud since 2027-02-10 12:00:00." in text
    assert "| 2027-06-10 12:00:00 | All data is deleted | SUS-3 |" in text
    assert "**Allowed now:** suspend, reactivate, cancel, set_auto_renew, change_price." in text
    assert "| 3 | 2027-02-10 12:00:00 | suspended | fraud-detection | SUS-1 |" in text
    assert "attention" not in text


def test_the_money_of_what_comes_next() -> None:
    bought = Simulator(Order(subscription_id="s-1", customer="fabrikam", offer=OFFER, at=BOUGHT, quantity=3))
    text = markdown(bought.life, LifeSteps().lifecycle, BOUGHT, None).replace(ROOM, "")
    assert "| 2027-03-02 09:00:00 | Trial ends: first charge USD 30.00 | TRI-3 |" in text
    assert "A cancel is credited until 2027-02-01 09:00:00." in text


def test_attention_and_refused_signals_are_told() -> None:
    refused = Answer(
        at=NOW,
        do="cancellation_requested",
        outcome=Outcome.REFUSED,
        rule=Rule.LIF_1,
        message="takes one argument",
        seq=0,
    )
    life = lived().life.with_refused_signal(refused)
    text = markdown(life, LifeSteps().lifecycle, NOW, "record: no such key")
    assert "**Needs attention:** record: no such key. Fix the cause, then send the update `retry_effect`." in text
    assert "**Refused signals:** 1. Last: cancellation_requested, LIF-1: takes one argument" in text


def test_a_conflict_is_told_in_short() -> None:
    fields = compared({"5 quantity": "5", "5 by": "service"}, {"5 quantity": "7", "5 by": "service"})
    conflict = Conflict(key="record:5", words="it differs", fields=fields, choices=(Choice.ADOPT, Choice.SET_ASIDE))
    life, lifecycle = lived().life, LifeSteps().lifecycle
    text = markdown(life, lifecycle, NOW, "record: it differs", conflict=conflict)
    assert "then send the update `retry_effect`, or settle the conflict by `settle_conflict`." in text
    assert "**Conflict `record:5`:** differing: 5 quantity. Choices: `adopt` or `set_aside`." in text
    assert details(life, lifecycle, NOW, "it differs", None, conflict=conflict).conflict == conflict


def test_details_are_as_of_the_instant_that_is_asked_for() -> None:
    bought = Simulator(Order(subscription_id="s-1", customer="fabrikam", offer=OFFER, at=BOUGHT, quantity=3))
    inside = details(bought.life, LifeSteps().lifecycle, BOUGHT, None, None)
    after = details(bought.life, LifeSteps().lifecycle, NOW, None, None)
    assert (inside.refund_closes is None, after.refund_closes is None) == (False, True)
    assert inside.settled


def test_sus_4_of_expiry_and_deletion_only_what_comes_first_is_shown() -> None:
    suspended, expiring = lived(), lived()
    expiring.ask(SetAutoRenew(by="admin_agent", enabled=False), NOW)
    trial_end, deletion = datetime(2027, 3, 2, 9, tzinfo=UTC), datetime(2027, 6, 10, 12, tzinfo=UTC)
    for life, ends_at, deletes_at, words in (
        (
            suspended.life,
            None,
            deletion,
            "All data is deleted at 2027-06-10T12:00:00Z unless it is reactivated before; it does not renew meanwhile.",
        ),
        (expiring.life, trial_end, None, "It expires with its trial, at 2027-03-02T09:00:00Z."),
    ):
        found = details(life, LifeSteps().lifecycle, NOW, None, None)
        assert (found.ends_at, found.deletes_at) == (ends_at, deletes_at)
        text = markdown(life, LifeSteps().lifecycle, NOW, None).replace(ROOM, "")
        assert f"**Holds:** fraud since 2027-02-10 12:00:00. {words}" in text
        assert (f"| {second(trial_end)} | Expires |" in text) == (ends_at is not None)
        assert (f"| {second(deletion)} | All data is deleted |" in text) == (deletes_at is not None)
