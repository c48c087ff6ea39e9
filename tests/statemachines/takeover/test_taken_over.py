"""MOV-1 to MOV-4: what a row comes to, and what is wrong with a row that comes to nothing."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from domain.catalog.catalog import ListedOffer
from domain.faults import Fault
from domain.subscription.events import EventName
from statemachines.preview.simulator import Simulator
from statemachines.subscription.timeline import timeline
from statemachines.takeover.known import Known
from statemachines.takeover.takeover import taken_over
from tests.support.instants import instant
from tests.support.shop.offers import BACKUP, MICROSOFT, listed
from tests.support.shop.taken_over import FABRIKAM, decided, simulated
from tests.support.shop.takeovers import ACTIVE, AS_OF, HELD, PAUSED, SUSPENDED, TRIAL, row_of
from tests.support.simulated.invariants import the_audit_finds_nothing
from tests.support.simulated.life import a_command

NOW = instant(AS_OF)
CRM = listed(id="crm", add_ons=[BACKUP], max_quantity=50)
YEARLY = {"term": "P1Y", "billing_plan": "monthly"}
A_YEAR = {
    "ordered_at": "2026-01-31T09:00:00Z",
    "anchor": "2026-01-31T09:00:00Z",
    "term_start": "2026-01-31T09:00:00Z",
    "term_end": "2027-01-31T09:00:00Z",
    "paid_until": "2026-03-31T09:00:00Z",
}
JUST_BOUGHT = {
    **ACTIVE,
    "ordered_at": "2026-03-10T09:00:00Z",
    "anchor": "2026-03-10T09:00:00Z",
    "term_start": "2026-03-10T09:00:00Z",
    "term_end": None,
    "paid_until": "2026-04-10T09:00:00Z",
}
"""Inside its refund window."""


def offer(**changes: Any) -> ListedOffer:
    return listed(**{"id": "crm", "add_ons": [BACKUP], "max_quantity": 50, **changes})


def at_work(fields: dict[str, Any], listed_as: ListedOffer = CRM, **changes: Any) -> Simulator:
    """The subscription at work from the row's instant on."""
    return simulated(decided(row_of(fields, **changes), Known(listed_as, FABRIKAM, 4), NOW))


def faults(fields: dict[str, Any], listed_as: ListedOffer = CRM, **changes: Any) -> list[str]:
    found = taken_over(row_of(fields, **changes), Known(listed_as, FABRIKAM, 4), NOW, "admin_agent", None)
    assert isinstance(found, list)
    return [str(fault) for fault in found]


def rows(simulator: Simulator) -> list[str]:
    return [f"{row.at:%m-%d} {row.kind} {row.line} {row.amount}" for row in simulator.book.rows]


def test_mov_4_nothing_is_charged_until_the_next_period_at_the_row_s_price() -> None:
    simulator = at_work(ACTIVE)
    (begun,) = simulator.book.events
    assert (begun.event, begun.at, begun.rule, begun.state) == (EventName.TAKEN_OVER, NOW, "MOV-1", "active")
    simulator.advance(instant("2026-03-31T08:59:59Z"))
    assert rows(simulator) == []
    simulator.advance(instant("2026-05-01T00:00:00Z"))
    # TIM-2: from the anchor, the 31st. MOV-2: renewals take the catalog's price.
    assert rows(simulator) == [
        "03-31 charge crm 30.00",
        "03-31 charge backup 2.50",
        "04-30 charge crm 30.00",
        "04-30 charge backup 2.50",
    ]
    assert [event.at.day for event in simulator.book.events[1:]] == [31, 30]
    assert simulator.life.subscription.term is not None
    assert simulator.life.subscription.term.number == 4
    the_audit_finds_nothing(simulator)


def test_mov_2_the_price_of_a_term_is_that_of_the_row_and_stays_where_the_row_says_so() -> None:
    yearly = offer(**YEARLY)
    simulator = at_work({**ACTIVE, **A_YEAR}, yearly)
    simulator.advance(instant("2026-04-01T00:00:00Z"))
    assert rows(simulator) == ["03-31 charge crm 27.00", "03-31 charge backup 2.50"]
    kept = at_work(ACTIVE, prices=[{"at": AS_OF, "unit_price": "9.00"}])
    kept.advance(instant("2026-04-01T00:00:00Z"))
    assert rows(kept)[0] == "03-31 charge crm 27.00"
    dearer = at_work(ACTIVE, prices=[{"at": "2026-03-20T00:00:00Z", "unit_price": "11.00"}])
    dearer.advance(instant("2026-04-01T00:00:00Z"))
    assert rows(dearer)[0] == "03-31 charge crm 33.00"


def test_mov_2_bounds_prices_and_policy_of_the_row_come_before_the_catalog_s() -> None:
    row = {**ACTIVE, "quantity": 60, "max_quantity": 70, "add_on_prices": {"backup": "1.00"}, "policy": "nce-2022"}
    subscription = at_work(row).life.subscription
    assert (subscription.offer.max_quantity, subscription.policy.name) == (70, "nce-2022")
    assert [str(add_on.unit_price) for add_on in subscription.offer.add_ons] == ["1.00"]


def test_mov_3_a_change_credits_the_days_left_of_what_was_paid() -> None:
    simulator = at_work(ACTIVE)
    answer = simulator.ask(a_command("change_quantity", quantity=1), instant("2026-03-15T09:00:00Z"))
    # 16 of 31 days.
    assert (str(answer.credit), str(answer.charge)) == ("USD 13.94", "USD 4.65")
    the_audit_finds_nothing(simulator)


def test_mov_3_without_what_was_paid_the_refund_window_is_closed_and_a_cancel_waits_for_the_renewal() -> None:
    simulator = at_work(JUST_BOUGHT)
    answer = simulator.ask(a_command("cancel"), NOW + timedelta(minutes=1))
    assert (answer.outcome, answer.credit) == ("cancellation_scheduled", None)


def test_mov_3_what_was_paid_is_credited_inside_the_window_whole() -> None:
    fields = {**JUST_BOUGHT, "refundable": {"crm": "27", "backup": "2.50"}}
    simulator = at_work(fields)
    simulator.ask(a_command("change_quantity", quantity=4), NOW)
    answer = simulator.ask(a_command("cancel"), instant("2026-03-11T08:59:59.999999Z"))
    assert (answer.outcome, str(answer.credit)) == ("cancelled_with_credit", "USD 38.50")
    the_audit_finds_nothing(simulator)
    late = at_work(fields)
    assert late.ask(a_command("cancel"), instant("2026-03-11T09:00:00Z")).outcome == "cancellation_scheduled"


def test_a_trial_goes_on_converts_at_its_price_and_is_credited_as_ever() -> None:
    yearly = offer(term="P1Y", billing_plan="annual", trial_days=60)
    simulator = at_work(TRIAL, yearly, ordered_at="2026-03-09T00:00:00Z", trial_end="2026-03-20T00:00:00Z")
    simulator.advance(instant("2026-03-21T00:00:00Z"))
    assert rows(simulator) == ["03-20 charge crm 27.00", "03-20 charge backup 2.50"]
    answer = simulator.ask(a_command("cancel"), instant("2026-03-22T00:00:00Z"))
    assert str(answer.credit) == "USD 29.50"
    the_audit_finds_nothing(simulator)


def test_a_suspended_one_is_deleted_when_its_customer_was_told_and_reactivated_for_the_days_left() -> None:
    simulator = at_work(SUSPENDED)
    shown = {str(each.what): each.at for each in timeline(simulator.life.subscription, NOW)}
    assert shown == {"delete": instant("2026-03-05T00:00:00Z") + timedelta(days=90)}
    told = at_work(SUSPENDED, deletes_at="2026-04-04T00:00:00Z").life.subscription
    assert told.deletes_at == instant("2026-04-04T00:00:00Z")
    assert simulator.book.access == []
    answer = simulator.ask(a_command("reactivate"), NOW + timedelta(days=1))
    assert (answer.rule, answer.charge) == ("SUS-5", None)
    earlier = at_work({**SUSPENDED, **A_YEAR}, offer(**YEARLY), paid_until="2026-02-28T09:00:00Z",
                      holds=[{"reason": "fraud", "at": "2026-02-20T00:00:00Z", "by": "global_admin"}])  # fmt: skip
    assert str(earlier.ask(a_command("reactivate"), NOW + timedelta(days=1)).charge) == "USD 19.03"
    the_audit_finds_nothing(earlier)


def test_a_scheduled_cancellation_ends_it_with_its_term_and_can_be_undone() -> None:
    row = {
        **ACTIVE,
        "auto_renew": False,
        "cancellation_reason": "customer_request",
        "cancellation_at": "2026-03-02T00:00:00Z",
    }
    simulator = at_work(row)
    simulator.advance(instant("2026-04-01T00:00:00Z"))
    assert [(each.event, each.rule) for each in simulator.book.events[1:]] == [("expired", "CXL-3")]
    assert rows(simulator) == []
    undone = at_work(row).ask(a_command("set_auto_renew", enabled=True), NOW)
    assert (undone.outcome, undone.rule) == ("done", "REN-3")


def test_mov_4_what_was_due_since_the_row_s_instant_happens_with_its_dates() -> None:
    row = row_of(ACTIVE, as_of="2026-02-28T09:00:00Z", term_start="2026-01-31T09:00:00Z", term_end=None,
                 paid_until="2026-02-28T09:00:00Z")  # fmt: skip
    found = taken_over(row, Known(CRM, FABRIKAM, 4), NOW, "admin_agent", None)
    assert isinstance(found, list)
    earlier = row_of(row.model_dump(mode="json", exclude_none=True), as_of="2026-02-20T00:00:00Z")
    takeover = decided(earlier, Known(CRM, FABRIKAM, 4), NOW)
    assert takeover.overdue(NOW)
    simulator = simulated(takeover)
    simulator.advance(NOW)
    assert rows(simulator) == ["02-28 charge crm 30.00", "02-28 charge backup 2.50"]


def test_from_january_31_a_year_billed_monthly_keeps_its_distance_from_the_month_s_end() -> None:
    wanted = {**A_YEAR, "anchor": "2026-01-30T09:00:00Z", "term_start": "2026-01-30T09:00:00Z",
              "ordered_at": "2026-01-30T09:00:00Z", "term_end": "2027-01-30T09:00:00Z"}  # fmt: skip
    simulator = at_work({**ACTIVE, **wanted}, offer(**YEARLY), paid_until="2026-03-30T09:00:00Z")
    assert simulator.life.subscription.period == 2
    (fault,) = faults({**ACTIVE, **wanted}, offer(**YEARLY), paid_until="2026-02-28T09:00:00Z")
    assert fault == (
        "paid_until: got 2026-02-28T09:00:00Z; takes 2026-03-30T09:00:00Z, the end of the billing period that runs at "
        "2026-03-10T12:00:00Z; if the row is of an earlier instant, give that as as_of: what began since is charged "
        "then"
    )


def test_ren_4_what_is_made_for_the_renewal_is_taken_with_it() -> None:
    simulator = at_work({**ACTIVE, "scheduled_changes": {"crm": 5, "backup": 0}})
    simulator.advance(instant("2026-03-31T09:00:00Z"))
    renewed = simulator.book.events[-1]
    assert (renewed.event, renewed.after.quantity, renewed.after.add_ons) == (EventName.RENEWED, 5, {})


@pytest.mark.parametrize(("days", "announced"), [(0, []), (21, []), (20, ["2026-03-11T09:00:00Z"]), (None, [])])
def test_ren_5_the_renewal_is_announced_if_that_is_still_ahead(days: int | None, announced: list[str]) -> None:
    """As of March 10, 12:00: the instant of 21 days before is over, that of 20 is not."""
    simulator = at_work({**ACTIVE, "announce_days": days})
    simulator.advance(instant("2026-03-31T09:00:00Z"))
    found = [event.at for event in simulator.book.events if event.event is EventName.RENEWAL_ANNOUNCED]
    assert found == [instant(at) for at in announced]


def test_tri_6_nothing_is_made_for_the_renewal_in_a_trial() -> None:
    (fault,) = faults({**TRIAL, "scheduled_changes": {"crm": 5}})
    assert fault == "scheduled_changes.crm: got 5; takes nothing in a trial: its quantities are frozen (TRI-6)"


def test_sus_11_a_pause_goes_on_and_ends_by_itself() -> None:
    simulator = at_work({**SUSPENDED, "holds": PAUSED})
    assert simulator.life.subscription.deletes_at is None
    simulator.advance(instant("2026-03-20"))
    last = simulator.book.events[-1]
    assert (last.event, last.at, last.rule) == (EventName.REACTIVATED, instant("2026-03-20"), "SUS-11")


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"subscription_id": None}, "subscription_id", "an id, or a reference"),
        ({"state": "pending"}, "state", "one of trial, active, suspended; buy a pending one here"),
        ({"state": "cancelled"}, "state", "one that has ended is not taken over"),
        ({"quantity": 51}, "quantity", "1 to 50, the offer's bounds"),
        ({"add_ons": {"audit": 1}}, "add_ons.audit", "an add-on of the offer (backup)"),
        ({"add_on_prices": {"backup": "1.0000001"}}, "add_on_prices.backup", "at most 6 decimals (MON-12)"),
        ({"unit_price": "1.0000001"}, "unit_price", "at most 6 decimals (MON-12)"),
        ({"min_quantity": 9, "max_quantity": 8}, "min_quantity", "at most max_quantity (8)"),
        ({"prices": [{"at": AS_OF, "unit_price": "1"}] * 2}, "prices[1].at", "an instant after"),
        ({"as_of": "2026-03-10T12:00:01Z"}, "as_of", "an instant that has come"),
        ({"ordered_at": "2026-03-11T00:00:00Z"}, "ordered_at", "an instant up to as_of"),
        ({"ordered_at": "2026-02-01T00:00:00Z"}, "anchor", "an instant from ordered_at"),
        ({"term_start": None}, "term_start", "a value: with a term it is required"),
        ({"paid_until": None}, "paid_until", "a value: with a term it is required"),
        ({"trial_end": "2026-03-02T00:00:00Z"}, "trial_end", "an instant up to term_start"),
        ({"term_start": "2026-03-01T09:00:00Z"}, "term_start", "2026-02-28T09:00:00Z or 2026-03-31T09:00:00Z"),
        ({"term_end": "2026-03-28T09:00:00Z"}, "term_end", "2026-03-31T09:00:00Z, the end of a term of P1M"),
        ({"paid_until": "2026-03-31T09:00:00.000001Z"}, "paid_until", "2026-03-31T09:00:00Z, the end of"),
        ({"paid_until": "2026-04-30T09:00:00Z"}, "paid_until", "what is paid further ahead is not taken over"),
        ({"term_start": "2026-01-31T09:00:00Z", "term_end": None, "paid_until": "2026-02-28T09:00:00Z"}, "term_start",
         "dates that lie ahead at 2026-03-10T12:00:00Z: by this row 'Renews' was due at 2026-02-28T09:00:00Z (REN-1)"),
        ({"holds": HELD}, "holds", "nothing, because state is active"),
        ({"state": "suspended"}, "holds", "why it is suspended"),
        ({"state": "suspended", "holds": [*HELD, *HELD]}, "holds[1].reason", "each reason once (SUS-9)"),
        ({"state": "suspended", "holds": [{"reason": "fraud", "at": "2026-03-11T00:00:00Z"}]}, "holds[0].at", "as_of"),
        ({"state": "suspended", "holds": HELD, "deletes_at": AS_OF}, "deletes_at", "'All data is deleted'"),
        ({"deletes_at": "2026-09-01T00:00:00Z"}, "deletes_at", "nothing, because state is active (SUS-3)"),
        ({"state": "suspended", "holds": PAUSED, "deletes_at": "2026-09-01T00:00:00Z"}, "deletes_at", "SUS-11"),
        ({"state": "suspended", "holds": [{**HELD[0], "until": AS_OF}]}, "holds[0].until", "only a pause"),
        (
            {"state": "suspended", "holds": [{**PAUSED[0], "until": "2026-06-03T00:00:00.000001Z"}]},
            "holds[0].until",
            "up to 2026-06-03T00:00:00Z (SUS-11)",
        ),
        ({"state": "suspended", "holds": [{**PAUSED[0], "until": AS_OF}]}, "holds", "'Pause ends' was due"),
        ({"cancellation_at": "2026-03-01T00:00:00Z"}, "cancellation_at", "nothing without cancellation_reason"),
        ({"cancellation_reason": "fraud", "cancellation_at": "2026-03-01T00:00:00Z"}, "auto_renew", "false, because"),
        ({"cancellation_reason": "fraud", "auto_renew": False}, "cancellation_at", "when it was cancelled"),
        ({"scheduled_changes": {"crm": 51}}, "scheduled_changes.crm", "1 to 50 (ELG-8)"),
        ({"scheduled_changes": {"crm": 0}}, "scheduled_changes.crm", "1 to 50 (ELG-8)"),
        ({"scheduled_changes": {"audit": 1}}, "scheduled_changes.audit", "a line whose quantity can change"),
        ({"state": "trial"}, "trial_end", "a value: a trial has one"),
        ({"state": "trial", "trial_end": "2026-04-01T00:00:00Z"}, "term_start", "nothing: a trial has no term yet"),
        ({"refundable": {"audit": "1"}}, "refundable.audit", "a line of the subscription: crm, backup"),
        ({"refundable": {"crm": "1.001"}}, "refundable.crm", "at most 2 decimals (USD)"),
        ({**JUST_BOUGHT, "refundable": {"crm": "26.99"}}, "refundable.crm", "at least 27.00: so much is left"),
    ],
)  # fmt: skip
def test_each_fault_names_its_field_what_came_and_what_it_takes(fields: dict[str, Any], field: str, words: str) -> None:
    found = faults(ACTIVE, **fields)
    assert any(each.startswith(f"{field}: got ") and words in each for each in found), found


def test_microsoft_s_offers_and_usage_offers_have_rules_of_their_own() -> None:
    (fault,) = faults(ACTIVE, offer(**MICROSOFT), auto_renew=False)
    assert fault.endswith("it cannot be turned off for Microsoft's offers (REN-2)")
    fault = faults(ACTIVE, offer(billing_type="usage", **MICROSOFT))[0]
    assert fault.startswith("quantity: got 3; takes 1: a usage offer has no quantity (CXL-6)")


USED = {"usage_id": "u-1", "used_at": "2026-03-05T00:00:00Z", "units": "12.5"}
METERED = {**ACTIVE, "quantity": 1, "unbilled_usage": [USED]}
USAGE = offer(billing_type="usage", **MICROSOFT)


def test_mov_4_usage_of_the_running_period_is_billed_at_its_end_at_the_row_s_price() -> None:
    simulator = at_work(METERED, USAGE)
    answer = simulator.ask(a_command("report_usage", usage_id="u-2", units="4", used_at="2026-03-09T00:00:00Z"), NOW)
    assert answer.outcome == "done"
    again = simulator.ask(a_command("report_usage", usage_id="u-1", units="12.5", used_at="2026-03-05T00:00:00Z"), NOW)
    assert (again.outcome, again.rule) == ("unchanged", "MON-7")
    simulator.ask(a_command("report_usage", usage_id="u-3", units="10", corrects="u-1"), NOW)
    simulator.advance(instant("2026-04-01T00:00:00Z"))
    # 14 units at 9.00; the add-on in advance, as ever.
    assert rows(simulator) == ["03-31 charge crm 126.00", "03-31 charge backup 2.50"]
    the_audit_finds_nothing(simulator)
    none = at_work(METERED, USAGE, unbilled_usage=[])
    none.advance(instant("2026-04-01T00:00:00Z"))
    assert rows(none) == ["03-31 charge backup 2.50"]


def test_cxl_6_a_usage_offer_that_was_taken_over_is_deprovisioned_and_its_usage_billed() -> None:
    simulator = at_work(METERED, USAGE)
    answer = simulator.ask(a_command("deprovision"), NOW + timedelta(days=1))
    assert (answer.outcome, str(answer.charge)) == ("done", "USD 112.50")
    the_audit_finds_nothing(simulator)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"unbilled_usage": [USED, USED]}, "unbilled_usage[1].usage_id: got 'u-1'; takes each report once"),
        (
            {"unbilled_usage": [{**USED, "used_at": "2026-02-28T08:59:59Z"}]},
            "unbilled_usage[0].used_at: got 2026-02-28T08:5",
        ),
        (
            {"unbilled_usage": [{**USED, "used_at": "2026-03-10T12:00:01Z"}]},
            "unbilled_usage[0].used_at: got 2026-03-10T12:0",
        ),
        ({"refundable": {"crm": "1"}}, "refundable: got 'crm'; takes nothing: usage is not refunded (CXL-6)"),
        (
            {"state": "suspended", "holds": HELD},
            "state: got 'suspended'; takes trial or active: a usage offer is not taken",
        ),
    ],
)
def test_each_fault_of_a_usage_offer_is_named(changes: dict[str, Any], words: str) -> None:
    found = faults(METERED, USAGE, **changes)
    assert any(each.startswith(words) for each in found), found


def test_usage_is_for_usage_offers_in_a_term() -> None:
    (fault,) = faults(ACTIVE, unbilled_usage=[USED])
    assert fault == "unbilled_usage: got '1 reports'; takes nothing for a licence offer (CXL-6)"
    (fault,) = faults({**TRIAL, "quantity": 1}, USAGE, unbilled_usage=[USED])
    assert fault == "unbilled_usage: got '1 reports'; takes nothing: usage is free in a trial"


def test_an_unknown_customer_and_an_unknown_offer_are_both_named() -> None:
    found = taken_over(row_of(ACTIVE), Known(None, None), NOW, "admin_agent", None)
    assert isinstance(found, list)
    assert all(isinstance(each, Fault) for each in found)
    assert [each.field for each in found] == ["customer", "offer"]


def test_a_reference_makes_the_same_id_again_and_is_in_the_journal() -> None:
    row = row_of(ACTIVE, subscription_id=None, reference="old/4711")
    takeover = decided(row, Known(CRM, FABRIKAM, 4), NOW)
    assert takeover.subscription.subscription_id == row_of(ACTIVE, subscription_id=None, reference="old/4711").id
    assert takeover.event.details == "reference old/4711"
    assert takeover.event.taken_over is not None
    assert takeover.event.taken_over.charged == {"crm": Decimal("27.00"), "backup": Decimal("2.50")}
