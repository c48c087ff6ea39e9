"""What is changed in a running life: MON-4, MON-7, ELG-8, CXL-6, and the keys of MON-2."""

import pytest

from tests.support.simulated.life import ALife, Facts, an_order, told

# February 15 to March 15 has 28 days: the second term, of a price that makes a day of one licence a dollar.
OFFER: Facts = {"unit_price": "28.00", "add_ons": [{"id": "backup", "unit_price": "14.00"}], "max_quantity": 100}


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


@pytest.mark.parametrize("quantity", [0, 101])
def test_elg_8_an_add_ons_quantity(quantity: int) -> None:
    life = in_the_second_term()
    assert told(life.ask("2026-03-01", "set_add_on", add_on="backup", quantity=quantity)) == "refused ELG-8"


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
