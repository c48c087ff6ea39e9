"""A publisher that does not accept another quantity puts back what was before: MON-4, MON-7, ROL-4, ROL-3."""

from collections import Counter
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.roles import Party, Role
from domain.subscription.holds import Reason
from domain.subscription.ledger import Kind
from domain.subscription.subscription import Subscription
from statemachines.subscription.life import Life
from tests.support.instants import DAY, instant
from tests.support.simulated.life import COMMANDS, ORDERED, ALife, Facts, an_order, told
from tests.support.simulated.random_lives import prices

# February 15 to March 15 has 28 days: the second term, of a price that makes a day of one licence a dollar.
OFFER: Facts = {"unit_price": "28.00", "add_ons": [{"id": "backup", "unit_price": "14.00"}], "max_quantity": 100}
ENDS = "2026-03-15T09:00:00Z"


def changed_to(quantity: int, offer: Facts | None = None) -> ALife:
    """Three licences since 2026-02-15, and others by event 3 since 2026-03-01."""
    life = ALife(an_order({**OFFER, **(offer or {})})).until("2026-02-20")
    assert life.ask("2026-03-01", "change_quantity", quantity=quantity).seq == 3
    return life


def net(life: ALife, since: int) -> Decimal:
    """Charges less credits of the rows from that one on."""
    rows = life.simulator.book.rows[since:]
    return sum((row.amount if row.kind is Kind.CHARGE else -row.amount for row in rows), Decimal(0))


def test_mon_4_at_once_the_credit_is_exactly_the_charge() -> None:
    life = changed_to(5)
    assert told(life.ask("2026-03-01", "reject_quantity", sequence=3)) == "done MON-4 credit 70.00 charge 42.00"
    assert life.rows[2:] == [
        "credit crm 3 42.00 seq-3/credit/crm",
        "charge crm 5 70.00 seq-3/charge/crm",
        "credit crm 5 70.00 seq-4/credit/crm",
        "charge crm 3 42.00 seq-4/charge/crm",
    ]
    assert life.until(ENDS).rows[-1] == "charge crm 3 84.00 term-3/period-1/charge/crm"


@given(st.data(), st.sampled_from(["USD", "JPY", "KWD"]), st.sampled_from(["P1M", "P1Y"]))
def test_mon_4_at_one_instant_the_ledger_nets_to_zero(data: st.DataObject, currency: str, term: str) -> None:
    """Whatever the price, the quantities and the day: and each row of the change has its opposite."""
    price = data.draw(prices(currency))
    before, after = data.draw(st.lists(st.integers(1, 60), min_size=2, max_size=2, unique=True))
    offer: Facts = {"unit_price": price, "currency": currency, "term": term}
    life = ALife(an_order(offer, quantity=before))
    at = instant(ORDERED) + data.draw(st.timedeltas(0 * DAY, 27 * DAY))
    bought = len(life.rows)
    change = life.ask(at, "change_quantity", quantity=after)
    rejection = life.ask(at, "reject_quantity", sequence=change.seq)
    assert (rejection.outcome, rejection.credit, rejection.charge) == ("done", change.charge, change.credit)
    assert life.subscription.quantity == before
    assert net(life, bought) == 0
    rows = life.simulator.book.rows[bought:]
    charged, credited = (
        Counter((row.line, row.currency, row.quantity, row.amount) for row in rows if row.kind is kind) for kind in Kind
    )
    assert charged == credited


@pytest.mark.parametrize(("price", "currency"), [("0.01", "USD"), ("0.001", "KWD"), ("1", "JPY"), ("0.00", "USD")])
@pytest.mark.parametrize("day", ["2026-02-15T09:00:00Z", "2026-02-28", "2026-03-01", "2026-03-14", "2026-03-15"])
def test_mon_4_the_smallest_price_of_each_currency(price: str, currency: str, day: str) -> None:
    life = ALife(an_order({"unit_price": price, "currency": currency})).until("2026-02-15T09:00:00Z")
    bought = len(life.rows)
    change = life.ask(day, "change_quantity", quantity=4)
    assert life.ask(day, "reject_quantity", sequence=change.seq).outcome == "done"
    assert net(life, bought) == 0


def test_mon_4_later_the_days_in_between_are_paid_for() -> None:
    life = changed_to(5)
    assert told(life.ask("2026-03-08", "reject_quantity", sequence=3)) == "done MON-4 credit 35.00 charge 21.00"
    assert net(life, 2) == 14


def test_mon_4_a_decrease_rejected_takes_its_credit_back() -> None:
    life = changed_to(1)
    assert told(life.ask("2026-03-01", "reject_quantity", sequence=3)) == "done MON-4 credit 14.00 charge 42.00"
    assert net(life, 2) == 0
    assert life.subscription.quantity == 3


def test_rol_3_the_event_is_the_publishers_and_says_why() -> None:
    life = changed_to(5)
    life.ask("2026-03-01", "reject_quantity", sequence=3, actor="contoso", details="no seats are left")
    event = life.simulator.book.events[-1]
    assert (event.seq, event.event, event.rule) == (4, "quantity_changed", "MON-4")
    assert (event.by, event.actor, event.details) == ("publisher", "contoso", "no seats are left")
    assert (event.before.quantity, event.after.quantity) == (5, 3)


@pytest.mark.parametrize("by", [*Role, Party.SERVICE, Party.SYSTEM])
def test_rol_4_nobody_else_rejects(by: str) -> None:
    life = changed_to(5)
    before = life.subscription
    answer = life.ask("2026-03-01", "reject_quantity", sequence=3, by=by)
    assert told(answer) == "refused ROL-4"
    assert "may not reject_quantity" in answer.message
    assert life.subscription == before


def test_mon_7_twice_is_unchanged() -> None:
    life = changed_to(5)
    life.ask("2026-03-01", "reject_quantity", sequence=3)
    before = life.events
    assert told(life.ask("2026-03-02", "reject_quantity", sequence=3)) == "unchanged MON-7"
    assert life.events == before


def test_mon_7_twice_is_unchanged_also_after_a_renewal() -> None:
    """Whoever is not sure that it arrived sends it again, and must not read that it was refused."""
    life = changed_to(5)
    life.ask("2026-03-01", "reject_quantity", sequence=3)
    assert told(life.ask(ENDS, "reject_quantity", sequence=3)) == "unchanged MON-7"


def test_mon_4_a_rejection_is_not_rejected() -> None:
    life = changed_to(5)
    life.ask("2026-03-01", "reject_quantity", sequence=3)
    answer = life.ask("2026-03-01", "reject_quantity", sequence=4)
    assert told(answer) == "refused MON-4"
    assert "itself the rejection of event 3" in answer.message
    assert "change_quantity" in answer.message
    assert life.subscription.quantity == 3


def test_mon_4_what_a_user_changes_anew_can_be_rejected_anew() -> None:
    life = changed_to(5)
    life.ask("2026-03-01", "reject_quantity", sequence=3)
    life.ask("2026-03-01", "change_quantity", quantity=5)
    assert told(life.ask("2026-03-01", "reject_quantity", sequence=3)) == "refused MON-4"
    assert told(life.ask("2026-03-01", "reject_quantity", sequence=5)) == "done MON-4 credit 70.00 charge 42.00"
    assert net(life, 2) == 0
    assert life.subscription.quantity == 3


def test_mon_4_only_the_last_change_is_rejected() -> None:
    life = changed_to(5)
    life.ask("2026-03-02", "change_quantity", quantity=8)
    refused = life.ask("2026-03-02", "reject_quantity", sequence=3)
    assert told(refused) == "refused MON-4"
    assert "event 4 is. Reject that one" in refused.message
    life.ask("2026-03-02", "reject_quantity", sequence=4)
    assert life.subscription.quantity == 5
    left = life.ask("2026-03-02", "reject_quantity", sequence=3)
    assert told(left) == "refused MON-4"
    assert "Nothing is left to reject" in left.message


@pytest.mark.parametrize("sequence", [1, 2, 4, 999, 1_000_000_000])
def test_mon_4_an_event_that_is_no_change_of_the_quantity(sequence: int) -> None:
    life = changed_to(5)
    before = life.subscription
    answer = life.ask("2026-03-01", "reject_quantity", sequence=sequence)
    assert told(answer) == "refused MON-4"
    assert f"Event {sequence} is not the last quantity change; event 3 is." in answer.message
    assert life.subscription == before


def test_mon_4_what_comes_in_between_without_the_quantity_does_not_matter() -> None:
    life = changed_to(5)
    life.ask("2026-03-01", "set_add_on", add_on="backup", quantity=2)
    life.ask("2026-03-01", "change_price", unit_price="30.00")
    life.ask("2026-03-01", "cancel")
    life.ask("2026-03-02", "suspend")
    life.ask("2026-03-03", "reactivate")
    assert told(life.ask("2026-03-08", "reject_quantity", sequence=3)) == "done MON-4 credit 35.00 charge 21.00"
    assert (life.subscription.quantity, life.subscription.add_ons) == (3, {"backup": 2})


def test_mon_4_until_the_periods_end_and_not_at_it() -> None:
    last_moment = "2026-03-15T08:59:59.999999Z"
    assert told(changed_to(5).ask(last_moment, "reject_quantity", sequence=3)) == "done MON-4"
    life = changed_to(5)
    answer = life.ask(ENDS, "reject_quantity", sequence=3)
    assert told(answer) == "refused MON-4"
    assert "Event 3 can no longer be rejected" in answer.message
    assert ENDS in answer.message
    assert "change_quantity" in answer.message
    assert life.rows[-1] == "charge crm 5 140.00 term-3/period-1/charge/crm"


def test_mon_4_a_later_period_of_the_same_term_stands_too() -> None:
    life = ALife(an_order({"term": "P1Y"}))
    life.ask("2026-01-20", "change_quantity", quantity=5)
    assert told(life.ask("2026-02-15T09:00:00Z", "reject_quantity", sequence=2)) == "refused MON-4"
    assert life.subscription.quantity == 5


@pytest.mark.parametrize(("back", "rule"), [("2026-02-20", "SUS-6"), ("2027-01-20", "SUS-7")])
def test_mon_4_a_reactivation_that_charged_it_stands_too(back: str, rule: str) -> None:
    """The rest of another period, or a new term."""
    life = ALife(an_order({"term": "P1Y"}, policy="csp-2019", at="2026-01-15T09:00:00Z"))
    change = "2026-12-20" if rule == "SUS-7" else "2026-01-20"
    number = life.ask(change, "change_quantity", quantity=5).seq
    life.ask(change, "suspend")
    assert life.ask(back, "reactivate").rule == rule
    assert told(life.ask(back, "reject_quantity", sequence=number)) == "refused MON-4"


def test_elg_8_a_quantity_that_is_not_possible_any_more() -> None:
    """An order's own quantity is bound by no catalog where it comes from none."""
    life = changed_to(5, {"min_quantity": 4})
    before = life.subscription
    answer = life.ask("2026-03-01", "reject_quantity", sequence=3)
    assert told(answer) == "refused ELG-8"
    assert "must be 4 to 100, not 3" in answer.message
    assert life.subscription == before


@pytest.mark.parametrize(
    ("offer", "steps", "state", "refusal"),
    [
        ({"setup": "publisher"}, [], "pending", "LIF-1"),
        ({"trial_days": 30}, [], "trial", "LIF-1"),
        ({}, [], "active", "MON-4"),
        ({}, [("change_quantity", {"quantity": 5}), ("suspend", {})], "suspended", "LIF-1"),
        ({}, [("change_quantity", {"quantity": 5}), ("cancel", {})], "cancelled", "LIF-1"),
        ({"billing_type": "usage"}, [], "active", "CXL-6"),
    ],
)
def test_lif_1_where_the_quantity_cannot_be_changed(
    offer: Facts, steps: list[tuple[str, Facts]], state: str, refusal: str
) -> None:
    """TRI-6, SUS-2: as `change_quantity` is; and nothing is charged or credited."""
    life = ALife(an_order(offer))
    for do, fields in steps:
        life.ask("2026-01-16", do, **fields)
    rows = life.rows
    answer = life.ask("2026-01-16", "reject_quantity", sequence=2)
    assert (life.state, told(answer)) == (state, f"refused {refusal}")
    assert life.rows == rows


def test_lif_1_suspended_it_waits_for_the_reactivation() -> None:
    life = changed_to(5)
    life.ask("2026-03-02", "suspend", reason=Reason.FRAUD)
    refused = life.ask("2026-03-03", "reject_quantity", sequence=3)
    assert told(refused) == "refused LIF-1"
    assert (
        "The subscription is suspended; reject_quantity is not allowed. Allowed now: suspend, reactivate"
        in refused.message
    )
    life.ask("2026-03-04", "reactivate")
    assert told(life.ask("2026-03-08", "reject_quantity", sequence=3)) == "done MON-4 credit 35.00 charge 21.00"


def test_cxl_5_rejected_and_cancelled_in_the_window_it_nets_to_zero() -> None:
    life = ALife()
    life.ask(ORDERED, "change_quantity", quantity=7)
    life.ask(ORDERED, "reject_quantity", sequence=2)
    assert told(life.ask(ORDERED, "cancel")) == "cancelled_with_credit CXL-2 credit 30.00"
    assert net(life, 0) == 0


def test_lif_1_it_is_allowed_only_where_there_is_a_change() -> None:
    life = ALife()
    assert "reject_quantity" not in life.ask("2026-01-16", "activate").message
    life.ask("2026-01-16", "change_quantity", quantity=5)
    assert "change_quantity, reject_quantity, set_add_on" in life.ask("2026-01-16", "activate").message
    assert "reject_quantity" not in life.ask("2026-02-16", "activate").message


def test_a_life_that_was_carried_over_before_there_was_a_rejection() -> None:
    """A field that an older state lacks: what was changed then cannot be rejected, what is changed now can."""
    life = changed_to(5)
    carried = life.simulator.life.model_dump(mode="json")
    assert carried["subscription"].pop("last_change")
    life.simulator.life = Life.model_validate(carried)
    assert life.subscription.last_change is None
    assert told(life.ask("2026-03-01", "reject_quantity", sequence=3)) == "refused MON-4"
    life.ask("2026-03-01", "change_quantity", quantity=4)
    assert told(life.ask("2026-03-01", "reject_quantity", sequence=4)) == "done MON-4 credit 56.00 charge 70.00"


def test_a_life_is_carried_over_with_its_last_change() -> None:
    subscription = changed_to(5).subscription
    assert Subscription.model_validate_json(subscription.model_dump_json()) == subscription


def test_the_same_rejection_asked_in_other_words_is_the_same() -> None:
    asked = {"do": "reject_quantity", "by": "publisher", "sequence": 3}
    again = COMMANDS.validate_json('{"sequence": 3, "details": null, "by": "publisher", "do": "reject_quantity"}')
    assert COMMANDS.validate_python(asked).fingerprint() == again.fingerprint()
