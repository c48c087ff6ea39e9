"""What an import changes, and everything for which it is refused: decided before anything is written."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from domain.catalog.catalog import Contents, ListedOffer
from domain.catalog.changes import Changes
from domain.catalog.customers import Customer, Partner
from domain.catalog.differences import in_words
from domain.catalog.importing import ImportRefused, Plan, Stored, ids_to_compare, own_faults, plan
from tests.support.shop.offers import listed_fields

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
BEGUN, COMING = "2027-01-01T00:00:00Z", "2027-06-01T00:00:00Z"
OFFER = listed_fields(id="crm")
PARTNER: dict[str, Any] = {"id": "litware", "name": "Litware"}
CUSTOMER: dict[str, Any] = {
    "id": "fabrikam",
    "name": "Fabrikam",
    "partner": "litware",
    "country": "US",
    "segment": "commercial",
    "account_opened": "2026-01-01T00:00:00Z",
}
NOTHING = Stored(partners={}, customers={}, offers={}, publishers={}, tax_rates={})


def contents(*offers: dict[str, Any], partners: Any = (), customers: Any = ()) -> Contents:
    whole = {"partners": list(partners), "customers": list(customers), "offers": list(offers)}
    return Contents.model_validate(whole, strict=False)


def offer(*prices: tuple[str, str], **changes: Any) -> dict[str, Any]:
    """The offer with coming prices."""
    return {**OFFER, "prices": [{"at": at, "unit_price": price} for at, price in prices], **changes}


def holding(before: Contents) -> Stored:
    """A catalog with exactly these records."""
    return Stored(
        publishers={publisher.id: publisher for publisher in before.publishers},
        partners={partner.id: partner for partner in before.partners},
        customers={customer.id: customer for customer in before.customers},
        offers={listed.id: listed for listed in before.offers},
        tax_rates={rates.id: rates for rates in before.tax_rates},
    )


def over(before: dict[str, Any], after: dict[str, Any], at: datetime = NOW) -> Plan:
    """The second offer imported over the first."""
    return plan(contents(after), holding(contents(before)), at)


def refused(imported: Contents, stored: Stored = NOTHING, at: datetime = NOW) -> list[str]:
    with pytest.raises(ImportRefused) as caught:
        plan(imported, stored, at)
    return [str(fault) for fault in caught.value.faults]


def changed(planned: Plan) -> list[str]:
    return [str(field) for record in planned.changes.records for field in record.fields]


def moves(planned: Plan) -> list[tuple[str, str, str]]:
    """Each price change as (instant, before, after)."""
    return [(f"{c.at:%Y-%m-%d}", f"{c.before:f}", f"{c.after:f}") for c in planned.changes.prices]


def test_a_first_import_makes_every_record_and_changes_no_price() -> None:
    planned = plan(contents(offer((COMING, "12.00")), partners=[PARTNER], customers=[CUSTOMER]), NOTHING, NOW)
    told = [(record.kind.value, record.id, record.new, record.fields) for record in planned.changes.records]
    assert told == [
        ("partner", "litware", True, ()),
        ("customer", "fabrikam", True, ()),
        ("offer", "crm", True, ()),
    ]
    assert planned.changes.prices == ()
    assert planned.changes.repriced == ()


def test_the_same_again_changes_nothing() -> None:
    whole = contents(offer((COMING, "12.00")), partners=[PARTNER], customers=[CUSTOMER])
    planned = plan(whole, holding(whole), NOW)
    assert planned == Plan(changes=Changes(), partners=(), customers=(), offers=(), publishers=(), tax_rates=())
    assert not planned.changes


def test_a_price_written_otherwise_is_the_same_price() -> None:
    assert not over(offer((COMING, "12.00")), offer((COMING, "12.0"), unit_price="10")).changes


def test_what_is_not_named_stays() -> None:
    other = {**OFFER, "id": "erp"}
    planned = plan(contents(other), holding(contents(OFFER)), NOW)
    assert [record.id for record in planned.changes.records] == ["erp"]


@pytest.mark.parametrize(
    ("before", "after", "line"),
    [
        ({}, {"name": "CRM"}, "name: Contoso CRM -> CRM"),
        (
            {"segments": ["commercial", "education"]},
            {"segments": ["commercial"]},
            "segments: commercial, education -> commercial",
        ),
        ({}, {"countries": ["US", "DE"]}, "countries: none -> US, DE"),
        ({}, {"transactable": False}, "transactable: true -> false"),
        ({}, {"trial_days": 30}, "trial_days: 0 -> 30"),
        ({}, {"add_ons": [{"id": "backup", "unit_price": "2.50"}]}, "add_ons: none -> backup=2.50"),
        (
            {"countries": [f"{a}{b}" for a, b in ("US", "CA", "DE", "FR", "GB", "JP", "BR", "CN", "IN", "MX")]},
            {"countries": ["US"]},
            "countries: US, CA, DE, FR, GB, JP, BR, CN and 2 more -> US",
        ),
        ({"setup": "publisher", "setup_url": "https://a.example"}, {}, "setup: publisher -> none"),
        ({}, {"policy": "nce-2022"}, "policy: csp-2019 -> nce-2022"),
    ],
)
def test_a_changed_field_is_told_in_a_few_words(before: dict[str, Any], after: dict[str, Any], line: str) -> None:
    planned = over({**OFFER, **before}, {**OFFER, **after})
    assert changed(planned)[0] == line
    assert [(record.kind.value, record.new) for record in planned.changes.records] == [("offer", False)]


def test_records_of_each_kind_can_change() -> None:
    stored = holding(contents(OFFER, partners=[PARTNER], customers=[CUSTOMER]))
    moved = {**CUSTOMER, "country": "CA", "account_opened": "2026-02-01T00:00:00Z"}
    planned = plan(contents(partners=[{**PARTNER, "name": "Litware, Inc."}], customers=[moved]), stored, NOW)
    assert changed(planned) == [
        "name: Litware -> Litware, Inc.",
        "country: US -> CA",
        "account_opened: 2026-01-01T00:00:00Z -> 2026-02-01T00:00:00Z",
    ]


# References and ids


def test_elg_8_a_customers_partner_must_be_there() -> None:
    takes = "takes the id of a partner in the import or in the catalog"
    assert refused(contents(customers=[CUSTOMER])) == [f"customers[0].partner: got 'litware'; {takes}"]
    known = Stored(
        partners={"litware": Partner(id="litware", name="Litware")},
        customers={},
        offers={},
        publishers={},
        tax_rates={},
    )
    assert plan(contents(customers=[CUSTOMER]), known, NOW).changes


def test_elg_5_partners_of_an_exclusive_offer_must_be_there() -> None:
    exclusive = {**OFFER, "exclusive_to": ["litware", "nobody"]}
    (line,) = refused(contents(exclusive, partners=[PARTNER]))
    assert line.startswith("offers[0].exclusive_to[1]: got 'nobody'; takes the id of a partner")


def test_each_id_once() -> None:
    whole = contents(OFFER, {**OFFER, "id": "erp"}, OFFER, partners=[PARTNER, PARTNER], customers=[CUSTOMER, CUSTOMER])
    assert [str(fault) for fault in own_faults(whole)] == refused(whole)
    assert [line.split(";")[0] for line in refused(whole)] == [
        "partners[1].id: got 'litware'",
        "customers[1].id: got 'fabrikam'",
        "offers[2].id: got 'crm'",
    ]


def test_one_id_can_name_a_record_of_each_kind() -> None:
    alike = contents({**OFFER, "id": "litware"}, partners=[PARTNER], customers=[{**CUSTOMER, "id": "litware"}])
    assert len(plan(alike, NOTHING, NOW).changes.records) == 3


def test_all_faults_at_once() -> None:
    faulty = contents(offer((COMING, "12.0000001"), unit_price="11.00"), customers=[CUSTOMER])
    fields = [line.split(":")[0] for line in refused(faulty, holding(contents(OFFER)))]
    assert fields == ["offers[0].prices[0].unit_price", "customers[0].partner", "offers[0].unit_price"]


def test_what_an_import_is_compared_with() -> None:
    named = ids_to_compare(contents({**OFFER, "exclusive_to": ["coho"]}, customers=[CUSTOMER]))
    assert [sorted(ids) for ids in (named.partners, named.customers, named.offers)] == [
        ["coho", "litware"],
        ["fabrikam"],
        ["crm"],
    ]


# What never changes


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("publisher", "microsoft"),
        ("billing_type", "usage"),
        ("term", "P1Y"),
        ("billing_plan", "one_time"),
        ("currency", "EUR"),
    ],
)
def test_what_subscriptions_rely_on_never_changes(field: str, value: str) -> None:
    after = {**OFFER, field: value} | ({"vendor": None} if field == "publisher" else {})
    (line,) = refused(contents(after), holding(contents(OFFER)))
    assert line.startswith(f"offers[0].{field}: got '{value}'; takes {OFFER.get(field, '')}")
    assert "as before" in line


# Prices (BUY-5)

KEPT = offer((BEGUN, "11.00"), (COMING, "12.00"))


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (offer((BEGUN, "11.00"), (COMING, "12.50")), [("2027-06-01", "12.00", "12.50")]),
        (offer((BEGUN, "11.00")), [("2027-06-01", "12.00", "11.00")]),
        (offer((BEGUN, "11.00"), (COMING, "12.00"), ("2028-01-01T00:00:00Z", "13")), [("2028-01-01", "12.00", "13")]),
        (
            offer((BEGUN, "11.00"), ("2027-04-01T00:00:00Z", "11.50"), (COMING, "12.00")),
            [("2027-04-01", "11.00", "11.50")],
        ),
        # Learned late: the past after what has begun.
        (
            offer((BEGUN, "11.00"), ("2027-02-01T00:00:00Z", "9.00"), (COMING, "12.00")),
            [("2027-02-01", "11.00", "9.00")],
        ),
        # Moved to a later date: until then it stays as it was.
        (offer((BEGUN, "11.00"), ("2027-09-01T00:00:00Z", "12.00")), [("2027-06-01", "12.00", "11.00")]),
        # An entry that changes no price.
        (offer((BEGUN, "11.00"), ("2027-04-01T00:00:00Z", "11.00"), (COMING, "12.00")), []),
    ],
)
def test_coming_prices_may_be_added_changed_and_removed(
    after: dict[str, Any], expected: list[tuple[str, str, str]]
) -> None:
    planned = over(KEPT, after)
    assert moves(planned) == expected
    assert planned.changes.repriced == (("crm",) if expected else ())
    assert [record.id for record in planned.changes.records] == ["crm"]


@pytest.mark.parametrize(
    ("after", "line"),
    [
        (
            {**KEPT, "unit_price": "10.50"},
            "offers[0].unit_price: got '10.50'; takes 10.00, as before; for a new price, add an entry to `prices`",
        ),
        (
            offer((BEGUN, "11.50"), (COMING, "12.00")),
            "offers[0].prices[0].unit_price: got '11.50'; takes 11.00, as before, because it is already in effect",
        ),
        (
            offer((COMING, "12.00")),
            "offers[0].prices: got nothing; takes the entry 2027-01-01T00:00:00Z=11.00, as before, because it is",
        ),
        (
            offer(("2026-12-31T23:59:59.999999Z", "10.50"), (BEGUN, "11.00"), (COMING, "12.00")),
            "offers[0].prices[0].at: got 2026-12-31T23:59:59.999999Z; takes an instant after 2027-01-01T00:00:00Z, the",
        ),
    ],
)
def test_a_price_that_has_begun_stays(after: dict[str, Any], line: str) -> None:
    (found,) = refused(contents(after), holding(contents(KEPT)))
    assert found.startswith(line)


def test_a_price_that_moved_is_told_from_both_sides() -> None:
    found = refused(contents(offer(("2027-01-02T00:00:00Z", "11.00"), (COMING, "12.00"))), holding(contents(KEPT)))
    assert [line.split(";")[0] for line in found] == ["offers[0].prices: got nothing"]


@pytest.mark.parametrize(("late", "begun"), [(-1, False), (0, True), (1, True)])
def test_a_price_has_begun_at_its_very_instant(late: int, begun: bool) -> None:
    at = datetime(2027, 6, 1, tzinfo=UTC) + timedelta(microseconds=late)
    stored, without = holding(contents(KEPT)), contents(offer((BEGUN, "11.00")))
    if begun:
        assert len(refused(without, stored, at)) == 1
    else:
        assert plan(without, stored, at).changes.prices


def test_a_first_price_may_be_learned_late() -> None:
    planned = over(OFFER, offer((BEGUN, "11.00")))
    (change,) = planned.changes.prices
    assert (change.before, change.after, change.difference) == (Decimal("10.00"), Decimal("11.00"), Decimal("1.00"))


def test_words_of_values() -> None:
    listed = ListedOffer.model_validate(contents(KEPT).offers[0])
    assert in_words(listed.prices) == "2027-01-01T00:00:00Z=11.00, 2027-06-01T00:00:00Z=12.00"
    assert in_words(None) == in_words(()) == "none"
    customer = Customer.model_validate({**CUSTOMER, "segment": "education"})
    assert in_words(customer.segment) == "education"


# Tax rates


RATES: dict[str, Any] = {"country": "DE", "tax_class": "press", "rates": [{"from": "2026-01-01", "rate": "0.07"}]}


def with_rates(*rates: dict[str, Any], **kinds: Any) -> Contents:
    return Contents.model_validate({"tax_rates": list(rates), **kinds}, strict=False)


def test_mon_13_an_offers_class_must_have_rates() -> None:
    press = {**OFFER, "tax_class": "press"}
    takes = "takes a tax class that has rates (standard), or add some to `tax_rates`"
    assert refused(contents(press)) == [f"offers[0].tax_class: got 'press'; {takes}"]
    assert plan(with_rates(RATES, offers=[press]), NOTHING, NOW).changes
    assert plan(contents(press), holding(with_rates(RATES)), NOW).changes
    assert plan(contents({**OFFER, "tax_class": "standard"}), NOTHING, NOW).changes


def test_mon_13_rates_are_replaced_entry_by_entry() -> None:
    before = with_rates(RATES, {**RATES, "country": "AT"})
    later = {**RATES, "rates": [{"from": "2026-01-01", "until": "2027-01-01", "rate": "0.07"}, NEXT_YEAR]}
    planned = plan(with_rates(later), holding(before), NOW)
    assert [each.id for each in planned.tax_rates] == ["DE/press"]
    assert changed(planned) == [
        "rates: 0.07 from 2026-01-01 -> 0.07 from 2026-01-01 until 2027-01-01, 0.05 from 2027-01-01"
    ]
    assert plan(with_rates(RATES), holding(before), NOW).tax_rates == ()


NEXT_YEAR = {"from": "2027-01-01", "rate": "0.05"}


def test_mon_13_a_table_with_faults_is_refused_whole() -> None:
    overlapping = {**RATES, "rates": [{"from": "2026-01-01", "until": "2027-02-01", "rate": "0.07"}, NEXT_YEAR]}
    first, second = refused(with_rates(overlapping, RATES))
    assert first.startswith("tax_rates[0].rates[1].from: got 2027-01-01; takes 2027-02-01, the day until which")
    assert second.startswith("tax_rates[1].country: got 'DE/press'; takes a country and a tax class that no entry")


def test_mon_13_an_exempt_customer_has_a_tax_id() -> None:
    with pytest.raises(ValidationError, match="takes exempt only beside a tax_id"):
        contents(customers=[{**CUSTOMER, "tax_status": "exempt"}])
    assert contents(customers=[{**CUSTOMER, "tax_status": "exempt", "tax_id": "US-1"}]).customers[0].buyer.tax_id
