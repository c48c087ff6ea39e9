"""One line placed: what it becomes, what it claims, and what is no longer so (BUY-2, BUY-5, TRI-4)."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from domain.ordering.eligibility import Ownership, Refusal
from domain.ordering.placement import Known, Placed, claims_of, offered, one_per_customer, one_trial, place, terms_of
from domain.ordering.terms import Order
from domain.roles import RolePreset
from domain.subscription.events import State
from domain.values import format_instant, parse_instant
from tests.support.shop.buyers import a_customer, a_line, holding
from tests.support.shop.offers import Facts, an_offer

NOW = parse_instant("2026-01-15T09:00:00Z")
TICK = timedelta(microseconds=1)
DEARER = {
    "prices": [{"at": "2026-01-15T09:00:00Z", "unit_price": "11"}, {"at": "2026-03-01T00:00:00Z", "unit_price": "12"}]
}


def known(offer: Facts | None = None, held: Ownership | None = None, version: int = 7) -> Known:
    """What the books know."""
    return Known(offer=an_offer(offer), customer=a_customer(), owned=held or Ownership(), catalog_version=version)


def placing(
    what: Known,
    line: Facts | None = None,
    at: datetime = NOW,
    by: str = "admin_agent",
    roles: RolePreset = RolePreset.DEFAULT,
) -> Placed | tuple[Refusal, ...]:
    """The line as subscription s-9."""
    return place(a_line(line), what, subscription_id="s-9", customer_id="fabrikam", at=at, by=by, roles=roles)


def placed(what: Known, line: Facts | None = None, at: datetime = NOW) -> Placed:
    """The same, where it must succeed."""
    found = placing(what, line, at)
    assert isinstance(found, Placed), found
    return found


def refused(found: Placed | tuple[Refusal, ...]) -> list[str]:
    """The refusals' rules."""
    assert not isinstance(found, Placed)
    assert all(refusal.message.endswith(".") and refusal.next_step.endswith(".") for refusal in found)
    return [refusal.rule.value for refusal in found]


def test_the_purchase_is_whole() -> None:
    order = placed(known(), {"add_ons": {"backup": 2}}).order
    assert order == Order.model_validate(
        {
            "subscription_id": "s-9",
            "customer": "fabrikam",
            "offer": {
                "id": "crm",
                "term": "P1M",
                "billing_plan": "monthly",
                "currency": "USD",
                "unit_price": "10.00",
                "max_quantity": 500,
                "add_ons": [{"id": "backup", "unit_price": "2.50"}, {"id": "audit", "unit_price": "1.00"}],
            },
            "at": NOW,
            "quantity": 3,
            "add_ons": {"backup": 2},
            "account_opened": "2025-12-01T00:00:00Z",
            "catalog_version": 7,
        },
        strict=False,
    )
    assert list(order.faults()) == []


def test_the_offers_policy_and_another_that_a_tester_names() -> None:
    china = known({"policy": "csp-2019-china"})
    assert placed(china).order.policy == "csp-2019-china"
    assert placed(china, {"policy": "nce-2022"}).order.policy == "nce-2022"


@pytest.mark.parametrize(
    ("at", "price", "coming"),
    [
        (NOW - TICK, "10.00", ["11", "12"]),
        (NOW, "11", ["12"]),
        (parse_instant("2026-03-01T00:00:00Z") - TICK, "11", ["12"]),
        (parse_instant("2026-03-01T00:00:00Z"), "12", []),
    ],
)
def test_buy_5_the_price_of_the_instant_is_pinned_and_coming_ones_are_carried(
    at: datetime, price: str, coming: list[str]
) -> None:
    order = placed(known(DEARER), at=at).order
    assert order.offer.unit_price == Decimal(price)
    assert [f"{change.unit_price:f}" for change in order.prices] == coming
    assert (order.subscription().unit_price, order.subscription().catalog_version) == (Decimal(price), 7)
    assert [change.unit_price for change in order.subscription().prices] == [Decimal(change) for change in coming]


def test_buy_5_what_the_catalog_knows_besides_is_not_pinned() -> None:
    kept = placed(known({"countries": ["US"], "exclusive_to": ["northwind"]})).order.offer
    assert not {"countries", "exclusive_to", "name", "vendor", "prices"} & set(kept.model_dump())


def test_tri_4_the_first_gets_the_trial_and_claims_it_for_ever() -> None:
    first = placed(known({"trial_days": 30}))
    assert (first.order.offer.trial_days, first.trial_of) == (30, None)
    assert first.claims == (one_trial("fabrikam", "crm"),)
    assert first.claims[0].permanent


def test_tri_4_used_up_the_next_begins_paid() -> None:
    second = placed(known({"trial_days": 30}, holding(trial_of="s-1")))
    assert (second.order.offer.trial_days, second.trial_of, second.claims) == (0, "s-1", ())


def test_tri_4_its_own_trial_is_not_used_up_by_placing_the_line_again() -> None:
    again = placed(known({"trial_days": 30}, holding(trial_of="s-9")))
    assert (again.order.offer.trial_days, again.trial_of) == (30, None)


def test_an_offer_without_a_trial_says_nothing_of_one() -> None:
    found = placed(known(None, holding(trial_of="s-1")))
    assert (found.trial_of, found.claims) == (None, ())


def test_elg_1_what_is_sold_once_is_claimed_until_its_end() -> None:
    found = placed(known({"one_per_customer": True, "trial_days": 30}))
    assert found.claims == (one_per_customer("fabrikam", "crm"), one_trial("fabrikam", "crm"))
    assert [claim.permanent for claim in found.claims] == [False, True]
    assert len({claim.key for claim in found.claims}) == 2


def test_claims_of_different_customers_and_offers_are_different() -> None:
    both = an_offer({"one_per_customer": True, "trial_days": 30})
    other = both.model_copy(update={"id": "erp"})
    found = [*claims_of("a", both, trial=True), *claims_of("b", both, trial=True), *claims_of("a", other, trial=True)]
    assert len({claim.key for claim in found}) == 6
    assert claims_of("a", both, trial=False) == (one_per_customer("a", "crm"),)


def test_what_is_refused_and_in_which_order() -> None:
    """Who may buy, who buys, what is bought, then eligibility: each needs the one before it."""
    nothing = Known(offer=None, customer=None, owned=Ownership(), catalog_version=0)
    assert refused(placing(nothing, by="janitor")) == ["ROL-1"]
    assert refused(placing(nothing, by="publisher")) == ["ROL-4"]
    assert refused(placing(nothing)) == ["ELG-8"]
    assert refused(placing(nothing.model_copy(update={"customer": a_customer()}))) == ["ELG-6"]
    both = known({"transactable": False}, holding(State.SUSPENDED))
    assert refused(placing(both, {"quantity": 501})) == ["ELG-2", "ELG-6", "ELG-8"]


def test_rol_1_under_the_strict_preset_only_some_roles_buy() -> None:
    assert refused(placing(known(), by="billing_admin", roles=RolePreset.STRICT)) == ["ROL-1"]
    found = placing(known(), by="sales_agent", roles=RolePreset.STRICT)
    assert isinstance(found, Placed)
    assert (found.order.by, found.order.roles) == ("sales_agent", RolePreset.STRICT)


def test_an_offer_that_the_catalog_should_not_have_taken_is_not_sold() -> None:
    faulty = known().model_copy(update={"offer": an_offer().model_copy(update={"unit_price": Decimal("10.0000005")})})
    (refusal,) = placing(faulty)
    assert isinstance(refusal, Refusal)
    assert str(refusal) == (
        "Contoso CRM cannot be priced: offer.unit_price: got '10.0000005'; takes at most 6 decimals (MON-12). "
        "Choose a smaller quantity, or correct the offer in the catalog."
    )


def terms(what: Known, line: Facts | None = None, at: datetime = NOW) -> str:
    """The digest of what a review would show."""
    shown = offered(a_line(line), what, subscription_id="s-9", at=at, by="admin_agent")
    assert shown is not None
    return terms_of(shown.order)


def test_buy_2_on_the_terms_that_were_shown() -> None:
    shown = terms(known())
    assert isinstance(placing(known(), {"terms": shown}), Placed)
    assert isinstance(placing(known(), {"terms": shown}, at=NOW + timedelta(days=3)), Placed)
    assert terms(known(version=8)) == shown
    assert refused(placing(known(), {"terms": "not-shown"})) == ["BUY-2"]


@pytest.mark.parametrize(
    "changed",
    [
        {"unit_price": "10.01"},
        {"prices": [{"at": format_instant(NOW), "unit_price": "9.00"}]},
        {"trial_days": 30},
        {"policy": "nce-2022"},
        {"setup": "publisher"},
        {"add_ons": [{"id": "backup", "unit_price": "2.51"}]},
    ],
)
def test_buy_2_terms_that_differ_are_refused_whichever_way(changed: Facts) -> None:
    assert refused(placing(known(changed), {"terms": terms(known())})) == ["BUY-2"]


def test_buy_2_a_trial_that_was_used_up_meanwhile_is_another_term() -> None:
    shown = terms(known({"trial_days": 30}))
    found = placing(known({"trial_days": 30}, holding(trial_of="s-1")), {"terms": shown})
    assert refused(found) == ["BUY-2"]
    assert not isinstance(found, Placed)
    said = "The terms of Contoso CRM have changed since the review. Review it again in a cart, then buy it."
    assert str(found[0]) == said


def test_buy_2_a_price_that_begins_between_review_and_purchase() -> None:
    shown = terms(known(DEARER), at=NOW - TICK)
    assert refused(placing(known(DEARER), {"terms": shown}, NOW)) == ["BUY-2"]
    assert isinstance(placing(known(DEARER), {"terms": shown}, NOW - TICK), Placed)


@pytest.mark.parametrize("line", [{"quantity": 4}, {"add_ons": {"backup": 1}}, {"policy": "nce-2022"}])
def test_buy_2_terms_are_of_one_content(line: Facts) -> None:
    assert terms(known(), line) != terms(known())


def test_nothing_is_offered_of_what_is_unknown() -> None:
    nothing = Known(offer=None, customer=a_customer(), owned=Ownership(), catalog_version=0)
    assert offered(a_line(), nothing, subscription_id="s-9", at=NOW, by="admin_agent") is None
    refused_by_a_rule = known({"transactable": False})
    assert offered(a_line(), refused_by_a_rule, subscription_id="s-9", at=NOW, by="admin_agent") is not None


@pytest.mark.parametrize("ahead", [timedelta(0), TICK, 90 * timedelta(days=1)])
def test_buy_6_a_line_begins_up_to_90_days_after_it_is_placed(ahead: timedelta) -> None:
    begins_at = NOW + ahead
    found = placed(known({"trial_days": 30}), {"begins_at": format_instant(begins_at)})
    assert found.order.begins_at == begins_at
    assert found.claims == (one_trial("fabrikam", "crm"),)


@pytest.mark.parametrize("ahead", [-TICK, 90 * timedelta(days=1) + TICK, timedelta(days=91)])
def test_buy_6_no_other_line_is_placed(ahead: timedelta) -> None:
    found = placing(known(), {"begins_at": format_instant(NOW + ahead)})
    assert refused(found) == ["BUY-6"]
    assert not isinstance(found, Placed)
    assert found[0].message.startswith(f"begins_at: got {format_instant(NOW + ahead)}; takes an instant from the order")


def test_buy_6_when_it_begins_is_no_term_that_the_review_showed() -> None:
    """BUY-2: dates are none."""
    plain, later = (placed(known(), line).order for line in ({}, {"begins_at": "2026-02-01T00:00:00Z"}))
    assert terms_of(plain) == terms_of(later)
