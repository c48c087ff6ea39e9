"""Changes that are made for the renewal: REN-4."""

from datetime import timedelta

import pytest

from domain.subscription.effects import Provision, effects_of
from domain.subscription.events import Change
from statemachines.subscription.lifecycle import Lifecycle
from statemachines.subscription.narrative import headline
from statemachines.subscription.timeline import Milestone, What, timeline
from tests.support.instants import DAY, TICK, instant
from tests.support.simulated.life import ALife, Facts, an_order, told

ASKED, RENEWS = "2026-01-20T06:00:00Z", "2026-02-15T09:00:00Z"
BACKUP: Facts = {"add_ons": [{"id": "backup", "unit_price": "2.80"}, {"id": "archive", "unit_price": "1.00"}]}


def scheduled(quantity: int = 5, offer: Facts | None = None, **order: object) -> ALife:
    """A life with a change of its quantity of 3 made for the renewal."""
    life = ALife(an_order(offer, **order))
    answer = life.ask(ASKED, "change_quantity", quantity=quantity, when="renewal")
    assert (told(answer), answer.effective_at) == ("done REN-4", instant(RENEWS))
    return life


def renewal(life: ALife) -> Milestone:
    """The renewal as the timeline shows it."""
    return next(each for each in timeline(life.subscription, life.now) if each.what is What.RENEW)


def test_ren_4_it_changes_nothing_until_the_renewal_whose_charge_it_is_part_of() -> None:
    life = scheduled()
    assert life.subscription.quantity == 3
    assert len(life.rows) == 1
    life.until(instant(RENEWS) - TICK)
    assert life.subscription.quantity == 3
    life.until(RENEWS)
    assert life.events[1:] == [f"change_scheduled@{ASKED} REN-4", f"renewed@{RENEWS} REN-1"]
    assert life.subscription.quantity == 5
    assert life.rows[1:] == ["charge crm 5 50.00 term-2/period-1/charge/crm"]
    assert life.until("2026-03-15T09:00:00Z").rows[2:] == ["charge crm 5 50.00 term-3/period-1/charge/crm"]


def test_ren_4_the_timeline_shows_the_quantities_and_the_renewals_new_charge() -> None:
    life = scheduled(offer=BACKUP, add_ons={"archive": 1})
    life.ask(ASKED, "set_add_on", add_on="backup", quantity=2, when="renewal")
    life.ask(ASKED, "set_add_on", add_on="archive", quantity=0, when="renewal")
    shown = renewal(life)
    assert shown.why.endswith("10.00 USD a unit, with quantity 5 and 2 of add-on backup and 0 of add-on archive")
    assert headline(Lifecycle(), life.subscription, shown) == "Renews: charge USD 55.60"
    life.until(RENEWS)
    assert life.subscription.add_ons == {"backup": 2}
    assert life.simulator.book.events[-1].changes == (
        Change("quantity", 3, 5),
        Change("add_ons.archive", 1, 0),
        Change("add_ons.backup", 0, 2),
        Change("scheduled_changes.archive", 0, None),
        Change("scheduled_changes.backup", 2, None),
        Change("scheduled_changes.crm", 5, None),
    )


def test_ren_4_the_coming_price_of_the_renewal_holds_for_it() -> None:
    life = scheduled()
    life.ask("2026-02-01", "change_price", unit_price="12.00")
    assert "12.00 USD a unit, with quantity 5" in renewal(life).why
    assert life.until(RENEWS).rows[1:] == ["charge crm 5 60.00 term-2/period-1/charge/crm"]


def test_ren_4_a_later_one_replaces_it() -> None:
    life = scheduled()
    assert told(life.ask("2026-01-21", "change_quantity", quantity=5, when="renewal")) == "unchanged MON-7"
    assert told(life.ask("2026-01-22", "change_quantity", quantity=7, when="renewal")) == "done REN-4"
    assert life.names[1:] == ["change_scheduled", "change_scheduled"]
    assert life.until(RENEWS).subscription.quantity == 7


def test_ren_4_it_is_undone_by_what_holds_now_line_by_line() -> None:
    life = scheduled(offer=BACKUP)
    life.ask(ASKED, "set_add_on", add_on="backup", quantity=2, when="renewal")
    answer = life.ask("2026-01-21", "change_quantity", quantity=3, when="renewal")
    assert (told(answer), answer.effective_at) == ("done REN-4", instant(RENEWS))
    assert life.events[-1] == "changes_undone@2026-01-21T00:00:00Z REN-4"
    assert life.subscription.scheduled_changes == {"backup": 2}
    assert told(life.ask("2026-01-22", "change_quantity", quantity=3, when="renewal")) == "unchanged MON-7"
    life.until(RENEWS)
    assert (life.subscription.quantity, life.subscription.add_ons) == (3, {"backup": 2})


def test_ren_4_all_of_it_is_undone() -> None:
    life = scheduled(offer=BACKUP)
    life.ask(ASKED, "set_add_on", add_on="backup", quantity=2, when="renewal")
    answer = life.ask("2026-01-21", "undo_scheduled_changes")
    assert (told(answer), answer.effective_at) == ("done REN-4", instant("2026-01-21"))
    assert life.names[-1] == "changes_undone"
    assert told(life.ask("2026-01-21", "undo_scheduled_changes")) == "unchanged MON-7"
    life.until(RENEWS)
    assert (life.subscription.quantity, life.subscription.add_ons) == (3, {})


def test_ren_4_undoing_is_shown_as_allowed_only_where_there_is_something_to_undo() -> None:
    life, lifecycle = scheduled(), Lifecycle()
    assert "undo_scheduled_changes" in lifecycle.allowed(life.subscription, life.now)
    life.until(RENEWS)
    assert "undo_scheduled_changes" not in lifecycle.allowed(life.subscription, life.now)


@pytest.mark.parametrize(("quantity", "charged"), [(4, "4 40.00"), (5, "5 50.00")])
def test_ren_4_an_immediate_change_of_the_line_drops_it_in_its_own_event(quantity: int, charged: str) -> None:
    life = scheduled(offer=BACKUP)
    life.ask(ASKED, "set_add_on", add_on="backup", quantity=2, when="renewal")
    answer = life.ask("2026-01-25", "change_quantity", quantity=quantity)
    assert answer.message.endswith("The change to 5 at the renewal is dropped.")
    assert life.names[-1] == "quantity_changed"
    assert life.subscription.scheduled_changes == {"backup": 2}
    assert life.until(RENEWS).rows[-2:] == [
        f"charge crm {charged} term-2/period-1/charge/crm",
        "charge backup 2 5.60 term-2/period-1/charge/backup",
    ]


def test_ren_4_an_immediate_change_of_an_add_on_drops_its_own_alone() -> None:
    life = scheduled(offer=BACKUP)
    life.ask(ASKED, "set_add_on", add_on="backup", quantity=2, when="renewal")
    assert "to 2 at the renewal is dropped" in life.ask("2026-01-25", "set_add_on", add_on="backup", quantity=1).message
    assert life.subscription.scheduled_changes == {"crm": 5}


def test_ren_4_a_rejected_quantity_drops_it_too() -> None:
    life = ALife(an_order())
    life.ask(ASKED, "change_quantity", quantity=4)
    life.ask("2026-01-21", "change_quantity", quantity=6, when="renewal")
    assert told(life.ask("2026-01-22", "reject_quantity", sequence=2)).startswith("done MON-4")
    assert life.subscription.scheduled_changes == {}


def test_ren_4_what_changes_nothing_now_drops_nothing() -> None:
    life = scheduled()
    assert told(life.ask("2026-01-25", "change_quantity", quantity=3)) == "unchanged MON-7"
    assert life.subscription.scheduled_changes == {"crm": 5}


def test_ren_4_it_is_kept_while_auto_renew_is_off_and_none_is_made_then() -> None:
    life = scheduled()
    life.ask("2026-01-25", "set_auto_renew", enabled=False)
    refused = life.ask("2026-01-26", "change_quantity", quantity=6, when="renewal")
    assert told(refused) == "refused REN-4"
    assert refused.message == (
        "when: got renewal; the subscription does not renew, it ends at 2026-02-15T09:00:00Z. Turn auto-renew on first "
        "(set_auto_renew), or change the quantity now."
    )
    life.ask("2026-01-27", "set_auto_renew", enabled=True)
    assert life.until(RENEWS).subscription.quantity == 5


def test_ren_4_it_can_be_undone_while_auto_renew_is_off() -> None:
    life = scheduled()
    life.ask("2026-01-25", "set_auto_renew", enabled=False)
    assert told(life.ask("2026-01-26", "undo_scheduled_changes")) == "done REN-4"


def test_ren_4_what_expires_drops_it() -> None:
    life = scheduled()
    life.ask("2026-01-25", "set_auto_renew", enabled=False)
    life.until(RENEWS)
    assert (life.state, life.subscription.quantity, life.subscription.scheduled_changes) == ("expired", 3, {})


@pytest.mark.parametrize(
    ("offer", "rule"),
    [({"trial_days": 30}, "TRI-6"), ({"setup": "publisher"}, "TRI-6")],
    ids=["in trial", "pending"],
)
@pytest.mark.parametrize(
    "command", [{"do": "change_quantity"}, {"do": "set_add_on", "add_on": "backup"}], ids=["quantity", "add-on"]
)
def test_ren_4_before_the_paid_term_there_is_none(offer: Facts, rule: str, command: Facts) -> None:
    life = ALife(an_order(offer | BACKUP))
    fields = {name: value for name, value in command.items() if name != "do"}
    assert told(life.ask(ASKED, str(command["do"]), quantity=5, when="renewal", **fields)) == f"refused {rule}"
    assert told(life.ask(ASKED, "undo_scheduled_changes")) == "refused LIF-1"


def test_ren_4_suspended_none_is_made_but_it_is_undone() -> None:
    life = scheduled()
    life.ask("2026-01-25", "suspend")
    assert told(life.ask("2026-01-26", "change_quantity", quantity=6, when="renewal")) == "refused MON-4"
    assert told(life.ask("2026-01-26", "undo_scheduled_changes")) == "done REN-4"
    assert told(life.ask("2026-01-27", "undo_scheduled_changes")) == "unchanged MON-7"


@pytest.mark.parametrize(("late", "rule"), [(timedelta(0), "SUS-7"), (20 * DAY, "SUS-7")])
def test_ren_4_suspended_over_the_renewal_the_new_term_takes_it(late: timedelta, rule: str) -> None:
    life = scheduled()
    life.ask("2026-01-25", "suspend")
    assert life.until("2026-02-20").subscription.quantity == 3
    answer = life.ask(instant("2026-02-20") + late, "reactivate")
    assert told(answer) == f"reactivated_new_term {rule} charge 50.00"
    assert (life.subscription.quantity, life.subscription.scheduled_changes) == (5, {})


def test_ren_4_reactivated_before_the_renewal_it_waits_on() -> None:
    life = scheduled()
    life.ask("2026-01-25", "suspend")
    life.ask("2026-02-01", "reactivate")
    assert life.subscription.quantity == 3
    assert life.until(RENEWS).subscription.quantity == 5


@pytest.mark.parametrize("until", [RENEWS, "2026-02-20T00:00:00Z"])
def test_ren_4_a_pause_that_ends_at_the_renewal_or_later_takes_it(until: str) -> None:
    life = scheduled()
    life.ask("2026-01-25", "suspend", until=until)
    life.until(until)
    assert life.subscription.quantity == 5
    assert life.rows[-1].startswith("charge crm 5 50.00 term-2")


def test_ren_4_past_the_end_of_its_term_the_pause_shows_it() -> None:
    life = scheduled()
    life.ask("2026-01-25", "suspend", until="2026-02-20T00:00:00Z")
    (resumes,) = (each for each in timeline(life.subscription, life.now) if each.what is What.RESUME)
    assert resumes.why == "the planned pause ends and a new term begins at 10.00 USD a unit, with quantity 5"


@pytest.mark.parametrize("quantity", [0, 10_001])
def test_ren_4_within_the_offers_bounds(quantity: int) -> None:
    life = ALife(an_order({"max_quantity": 10_000}))
    assert told(life.ask(ASKED, "change_quantity", quantity=quantity, when="renewal")) == "refused ELG-8"


def test_ren_4_only_add_ons_of_the_offer() -> None:
    life = ALife(an_order(BACKUP))
    assert told(life.ask(ASKED, "set_add_on", add_on="mail", quantity=1, when="renewal")) == "refused BUY-4"


def test_ren_4_a_usage_offer_has_no_quantity_but_add_ons() -> None:
    life = ALife(an_order({"billing_type": "usage", "unit_price": "0.25", **BACKUP}))
    assert told(life.ask(ASKED, "change_quantity", quantity=5, when="renewal")) == "refused CXL-6"
    assert told(life.ask(ASKED, "set_add_on", add_on="backup", quantity=1, when="renewal")) == "done REN-4"
    assert life.until(RENEWS).subscription.add_ons == {"backup": 1}


@pytest.mark.parametrize("by", ["service", "publisher", "system"])
@pytest.mark.parametrize("do", ["change_quantity", "undo_scheduled_changes"])
def test_rol_4_parties_make_and_undo_none(by: str, do: str) -> None:
    fields: Facts = {"quantity": 5, "when": "renewal"} if do == "change_quantity" else {}
    assert told(ALife(an_order()).ask(ASKED, do, by=by, **fields)) == "refused ROL-4"


def test_ren_4_the_renewal_provisions_the_new_quantities() -> None:
    life = scheduled(offer=BACKUP)
    life.ask(ASKED, "set_add_on", add_on="backup", quantity=2, when="renewal")
    before = life.subscription
    _, granted = effects_of(Lifecycle().decide(before, renewal(life), instant(RENEWS)), before)
    assert isinstance(granted, Provision)
    assert (granted.access, granted.quantity, granted.add_ons) == ("grant", 5, {"backup": 2})
    plain = ALife(an_order()).subscription
    assert len(effects_of(Lifecycle().decide(plain, timeline(plain, plain.last_at)[-1], instant(RENEWS)), plain)) == 1
