"""What is changed in a running life: MON-4, MON-7, ELG-8, CXL-6, USE-1, and the keys of MON-2."""

import pytest

from tests.support.simulated.life import ALife, Facts, an_order, told

# February 15 to March 15 has 28 days: the second term, of a price that makes a day of one licence a dollar.
OFFER: Facts = {"unit_price": "28.00", "add_ons": [{"id": "backup", "unit_price": "14.00"}], "max_quantity": 100}
USAGE: Facts = {"billing_type": "usage", "unit_price": "0.25"}


def in_the_second_term(offer: Facts | None = None) -> ALife:
    """Three licences since 2026-02-15."""
    return ALife(an_order({**OFFER, **(offer or {})})).until("2026-02-20")


def test_mon_4_the_old_lines_are_credited_and_the_new_ones_charged() -> None:
    life = in_the_second_term()
    assert (
        told(life.ask("2026-03-01T12:00:00Z", "change_quantity", quantity=5)) == "done MON-4 credit 42.00 charge 70.00"
    )
    assert life.rows[2:] == ["credit crm 3 42.00 seq-3/credit/crm", "charge crm 5 70.00 seq-3/charge/crm"]
    assert life.events[-1] == "quantity_changed@2026-03-01T12:00:00Z MON-4"
    assert life.until("2026-03-15T09:00:00Z").rows[-1] == "charge crm 5 140.00 term-3/period-1/charge/crm"


def test_mon_4_decrease_within_the_offers_bounds() -> None:
    life = in_the_second_term({"min_quantity": 2})
    assert told(life.ask("2026-03-01", "change_quantity", quantity=2)) == "done MON-4 credit 42.00 charge 28.00"
    assert told(life.ask("2026-03-01", "change_quantity", quantity=1)) == "refused ELG-8"
    assert told(life.ask("2026-03-01", "change_quantity", quantity=101)) == "refused ELG-8"
    assert told(life.ask("2026-03-01", "change_quantity", quantity=0)) == "refused ELG-8"
    assert life.subscription.quantity == 2


def test_mon_4_an_add_on_is_prorated_to_its_parents_period() -> None:
    life = in_the_second_term()
    assert told(life.ask("2026-03-01", "set_add_on", add_on="backup", quantity=2)) == "done MON-4 charge 14.00"
    assert (
        told(life.ask("2026-03-08", "set_add_on", add_on="backup", quantity=1)) == "done MON-4 credit 7.00 charge 3.50"
    )
    assert life.rows[2:] == [
        "charge backup 2 14.00 seq-3/charge/backup",
        "credit backup 2 7.00 seq-4/credit/backup",
        "charge backup 1 3.50 seq-4/charge/backup",
    ]


def test_mon_4_with_no_days_left_it_changes_and_writes_nothing() -> None:
    life = in_the_second_term()
    assert told(life.ask("2026-03-15T08:59:59.999999Z", "change_quantity", quantity=9)) == "done MON-4"
    assert len(life.rows) == 2
    assert life.until("2026-03-15T09:00:00Z").rows[2] == "charge crm 9 252.00 term-3/period-1/charge/crm"


def test_mon_4_while_suspended_refused() -> None:
    life = in_the_second_term()
    life.ask("2026-03-01", "suspend")
    assert told(life.ask("2026-03-02", "change_quantity", quantity=5)) == "refused LIF-1"
    assert told(life.ask("2026-03-02", "set_add_on", add_on="backup", quantity=5)) == "refused LIF-1"


def test_cxl_6_a_usage_offer_has_no_quantity_to_change() -> None:
    life = in_the_second_term({"billing_type": "usage"})
    assert told(life.ask("2026-03-01", "change_quantity", quantity=5)) == "refused CXL-6"
    assert told(life.ask("2026-03-01", "set_add_on", add_on="backup", quantity=2)) == "done MON-4 charge 14.00"


def test_buy_4_an_add_on_that_the_offer_lacks() -> None:
    refused = in_the_second_term().ask("2026-03-01", "set_add_on", add_on="archive", quantity=1)
    assert told(refused) == "refused BUY-4"
    assert "backup" in refused.message


def test_elg_8_an_add_ons_quantity() -> None:
    refused = in_the_second_term().ask("2026-03-01", "set_add_on", add_on="backup", quantity=101)
    assert told(refused) == "refused ELG-8"
    assert refused.message == "An add-on's quantity must be 0 (which removes it) to 100, not 101."


def test_elg_8_a_removed_add_on_is_credited_for_the_days_left_and_no_longer_charged() -> None:
    life = in_the_second_term()
    life.ask("2026-03-01", "set_add_on", add_on="backup", quantity=2)
    answer = life.ask("2026-03-08", "set_add_on", add_on="backup", quantity=0)
    assert told(answer) == "done MON-4 credit 7.00"
    assert answer.message == "The add-on backup is removed, credited by day."
    assert life.subscription.add_ons == {}
    assert life.rows[2:] == ["charge backup 2 14.00 seq-3/charge/backup", "credit backup 2 7.00 seq-4/credit/backup"]
    assert life.events[-1] == "add_on_changed@2026-03-08T00:00:00Z MON-4"
    assert life.until("2026-03-16").rows[4:] == ["charge crm 3 84.00 term-3/period-1/charge/crm"]


def test_elg_8_an_add_on_that_is_set_again_is_new() -> None:
    life = in_the_second_term()
    life.ask("2026-03-01", "set_add_on", add_on="backup", quantity=2)
    life.ask("2026-03-08", "set_add_on", add_on="backup", quantity=0)
    assert told(life.ask("2026-03-10", "set_add_on", add_on="backup", quantity=4)) == "done MON-4 charge 10.00"
    assert life.subscription.add_ons == {"backup": 4}
    assert life.until("2026-03-16").rows[-1] == "charge backup 4 56.00 term-3/period-1/charge/backup"


def test_mon_7_removing_an_add_on_that_is_not_there_is_unchanged() -> None:
    life = in_the_second_term()
    answer = life.ask("2026-03-01", "set_add_on", add_on="backup", quantity=0)
    assert (told(answer), answer.message) == ("unchanged MON-7", "The subscription does not have the add-on backup.")
    assert told(life.ask("2026-03-01", "set_add_on", add_on="archive", quantity=0)) == "refused BUY-4"
    life.ask("2026-03-02", "suspend")
    assert told(life.ask("2026-03-03", "set_add_on", add_on="backup", quantity=0)) == "refused LIF-1"


@pytest.mark.parametrize("offer", [{"trial_days": 30}, {"setup": "publisher"}])
def test_tri_6_an_add_on_is_not_removed_before_the_first_term(offer: Facts) -> None:
    life = ALife(an_order({**OFFER, **offer}, add_ons={"backup": 1}))
    assert told(life.ask("2026-01-16", "set_add_on", add_on="backup", quantity=0)) == "refused LIF-1"
    assert life.subscription.add_ons == {"backup": 1}


def test_cxl_5_a_full_credit_covers_what_is_left_of_removed_add_ons() -> None:
    year: Facts = {"term": "P1Y", "billing_plan": "annual", "add_ons": [{"id": "backup", "unit_price": "365.00"}]}
    life = ALife(an_order(year, add_ons={"backup": 1}))
    assert told(life.ask("2026-01-20", "set_add_on", add_on="backup", quantity=0)) == "done MON-4 credit 360.00"
    assert told(life.ask("2026-01-25", "cancel")) == "cancelled_with_credit CXL-2 credit 35.00"
    assert life.rows[2:] == [
        "credit backup 1 360.00 seq-2/credit/backup",
        "credit crm 3 30.00 seq-3/credit/crm",
        "credit backup 0 5.00 seq-3/credit/backup",
    ]


def test_cxl_5_the_days_before_a_removal_come_back_with_those_after_it() -> None:
    year: Facts = {"term": "P1Y", "billing_plan": "annual", "add_ons": [{"id": "backup", "unit_price": "365.00"}]}
    life = ALife(an_order(year, add_ons={"backup": 1}))
    life.ask("2026-01-20", "set_add_on", add_on="backup", quantity=0)
    assert told(life.ask("2026-01-22", "set_add_on", add_on="backup", quantity=2)) == "done MON-4 charge 716.00"
    assert told(life.ask("2026-01-25", "cancel")) == "cancelled_with_credit CXL-2 credit 751.00"
    assert life.rows[-1] == "credit backup 2 721.00 seq-4/credit/backup"


def test_cxl_7_a_window_that_opens_again_does_not_credit_add_ons_of_the_term_before() -> None:
    offer: Facts = {"add_ons": [{"id": "backup", "unit_price": "31.00"}]}
    life = ALife(an_order(offer, policy="nce-2022", add_ons={"backup": 1}))
    life.ask("2026-01-25", "set_add_on", add_on="backup", quantity=0)
    assert told(life.ask("2026-02-16", "cancel")) == "cancelled_with_credit CXL-2 credit 30.00"
    assert life.rows[-1] == "credit crm 3 30.00 seq-4/credit/crm"


def test_mon_7_what_already_is_is_unchanged_and_no_event() -> None:
    life = in_the_second_term()
    life.ask("2026-03-01", "set_add_on", add_on="backup", quantity=2)
    before = life.events
    for do, fields in (
        ("change_quantity", {"quantity": 3}),
        ("set_add_on", {"add_on": "backup", "quantity": 2}),
        ("set_auto_renew", {"enabled": True}),
        ("change_price", {"unit_price": "28"}),
    ):
        answer = life.ask("2026-03-02", do, **fields)
        assert told(answer) == "unchanged MON-7", do
        assert answer.effective_at is None
        assert answer.seq == life.subscription.seq
    assert life.events == before


def test_mon_7_a_refusal_goes_before_it() -> None:
    life = in_the_second_term()
    life.ask("2026-03-01", "suspend")
    assert told(life.ask("2026-03-02", "change_quantity", quantity=3)) == "refused LIF-1"
    assert told(life.ask("2026-03-02", "suspend", by="publisher")) == "refused ROL-4"


def test_mon_7_a_usage_id_again() -> None:
    life = ALife(an_order({"billing_type": "usage"}))
    assert told(life.ask("2026-01-16", "report_usage", units="2.50", usage_id="a")) == "done CXL-6"
    assert told(life.ask("2026-01-17", "report_usage", units="2.5", usage_id="a")) == "unchanged MON-7"
    other = life.ask("2026-01-18", "report_usage", units="3", usage_id="a")
    assert told(other) == "refused MON-7"
    assert "2.50" in other.message
    assert life.until("2026-02-16").rows == ["charge crm 2.50 25.00 term-1/period-1/charge/crm"]


def test_mon_2_several_changes_at_one_instant_have_keys_of_their_own() -> None:
    life = in_the_second_term()
    for quantity in (4, 5, 4, 3):
        life.ask("2026-03-01", "change_quantity", quantity=quantity)
    keys = [row.split()[-1] for row in life.rows]
    assert len(set(keys)) == len(keys) == 10
    net = sum(row.amount if row.kind == "charge" else -row.amount for row in life.simulator.book.rows)
    assert net == 168


def test_mon_2_rows_of_zero_are_not_written() -> None:
    life = ALife(an_order({"unit_price": "0.00"})).until("2026-03-20")
    assert (life.rows, life.names) == ([], ["purchased", "renewed", "renewed"])


def test_mon_3_usage_told_late_goes_on_the_next_charge() -> None:
    life = ALife(an_order(USAGE))
    life.ask("2026-01-20", "report_usage", units=100, usage_id="in-time")
    late = life.ask("2026-02-20", "report_usage", units=40, usage_id="late", used_at="2026-02-01T00:00:00Z")
    assert told(late) == "done CXL-6"
    assert "next charge" in late.message
    life.until("2026-03-16")
    assert [(row.at.month, str(row.quantity), str(row.amount)) for row in life.simulator.book.rows] == [
        (2, "100", "25.00"),
        (3, "40", "10.00"),
    ]


def test_mon_3_usage_counts_in_the_period_in_which_it_was_used() -> None:
    life = ALife(an_order(USAGE))
    life.ask("2026-02-10", "report_usage", units=8, usage_id="told-later", used_at="2026-01-20T00:00:00Z")
    assert [str(row.amount) for row in life.until("2026-02-16").simulator.book.rows] == ["2.00"]


def test_use_1_what_is_not_used_yet_or_was_used_before_the_order_is_refused() -> None:
    life = ALife(an_order(USAGE))
    refused = life.ask("2026-01-20", "report_usage", units=1, usage_id="a", used_at="2026-01-21T00:00:00Z")
    assert told(refused) == "refused USE-1"
    refused = life.ask("2026-01-20", "report_usage", units=1, usage_id="a", used_at="2026-01-01T00:00:00Z")
    assert told(refused) == "refused USE-1"
    assert not life.simulator.book.usage


def test_sus_10_what_was_used_in_trial_is_not_billed_however_late_it_is_told() -> None:
    life = ALife(an_order({**USAGE, "trial_days": 30}))
    late = life.ask("2026-02-20", "report_usage", units=40, usage_id="late", used_at="2026-01-20T00:00:00Z")
    assert "trial" in late.message
    assert not life.until("2026-06-01").simulator.book.rows


def test_mon_7_the_same_report_again_is_unchanged_and_other_units_are_refused() -> None:
    life = ALife(an_order(USAGE))
    report: Facts = {"units": 40, "usage_id": "u-1", "used_at": "2026-01-20T00:00:00Z"}
    assert told(life.ask("2026-01-21", "report_usage", **report)) == "done CXL-6"
    assert told(life.ask("2026-01-22", "report_usage", **report)) == "unchanged MON-7"
    assert told(life.ask("2026-01-22", "report_usage", **{**report, "units": 41})) == "refused MON-7"
