"""Who may buy what, and why not, in the words that a seller reads (ELG-1 to ELG-10)."""

from dataclasses import dataclass, field
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.catalog.catalog import ListedOffer
from domain.catalog.customers import Customer, Segment
from domain.ordering.eligibility import (
    Owned,
    Ownership,
    Refusal,
    UnpaidHold,
    id_taken,
    line_refusals,
    listing_refusals,
    unknown_customer,
    unknown_offer,
)
from domain.ordering.lines import Line
from domain.ordering.placement import Known, Placed, place
from domain.subscription.events import State
from domain.values import parse_instant
from tests.support.shop.buyers import a_customer, a_line, holding
from tests.support.shop.offers import Facts, an_offer

NOW = parse_instant("2026-01-15T09:00:00Z")


@dataclass(frozen=True)
class Case:
    """What makes one rule say no, and nothing else."""

    rule: str
    words: str
    offer: Facts = field(default_factory=dict)
    customer: Facts = field(default_factory=dict)
    line: Facts = field(default_factory=dict)
    held: Ownership = field(default_factory=Ownership)
    unpaid: tuple[UnpaidHold, ...] = ()

    def __add__(self, other: "Case") -> "Case":
        """Both at once. Only one of the two may hold something."""
        return Case(
            rule=f"{self.rule} {other.rule}",
            words="",
            offer={**self.offer, **other.offer},
            customer={**self.customer, **other.customer},
            line={**self.line, **other.line},
            held=Ownership(living=(*self.held.living, *other.held.living)),
            unpaid=(*self.unpaid, *other.unpaid),
        )

    @property
    def refusals(self) -> tuple[Refusal, ...]:
        """What eligibility says of it."""
        offer, customer = an_offer(self.offer), a_customer(self.customer)
        return line_refusals(offer, customer, self.held, a_line(self.line), self.unpaid)


SUSPENDED = Case(
    "ELG-2",
    "Fabrikam already has Contoso CRM, suspended (subscription s-1). Reactivate s-1 instead.",
    held=holding(State.SUSPENDED),
)
OWNED = Case(
    "ELG-1",
    "A customer can have Contoso CRM only once, and Fabrikam already has it: s-1. Change the quantity of s-1 instead.",
    offer={"one_per_customer": True},
    held=holding(State.ACTIVE),
)
COUNTRY = Case(
    "ELG-3",
    "The publisher of Contoso CRM does not support customers in US. "
    "Choose an offer that is sold in US. This one is sold in DE, FR and JP.",
    offer={"countries": ["DE", "FR", "JP"]},
)
PROGRAMME = Case(
    "ELG-4",
    "The publisher of Contoso CRM does not sell it through partners. "
    "The customer can buy it from the publisher directly.",
    offer={"in_programme": False},
)
EXCLUSIVE = Case(
    "ELG-5",
    "The publisher sells Contoso CRM through selected partners only; northwind is not one. "
    "Ask the publisher to add northwind, or choose another offer.",
    offer={"exclusive_to": ["tailspin", "wingtip"]},
)
TRANSACTABLE = Case(
    "ELG-6",
    "Contoso CRM is not sold here. Look for it in the Azure portal, or choose another offer.",
    offer={"transactable": False},
)
USAGE = Case(
    "ELG-7",
    "Contoso CRM is billed by usage. Offers of other publishers are sold here as licences only. "
    "Buy it in the Azure portal.",
    offer={"billing_type": "usage"},
    line={"quantity": 1},
)
SEGMENT = Case(
    "ELG-8",
    "Contoso CRM is for education and nonprofit customers; Fabrikam is in the commercial segment. "
    "Choose an offer for commercial customers.",
    offer={"segments": ["education", "nonprofit"]},
)
QUANTITY = Case(
    "ELG-8",
    "Contoso CRM is sold in quantities from 1 to 500, not 501. Choose a quantity from 1 to 500.",
    line={"quantity": 501},
)
ADD_ON = Case(
    "BUY-4",
    "Contoso CRM has no add-on archive. Choose one of its add-ons: backup and audit.",
    line={"add_ons": {"archive": 1}},
)
UNPAID = Case(
    "ELG-10",
    "Fabrikam is suspended for nonpayment (crm-1), and is sold nothing until that is lifted. "
    "Pay northwind-000001 first.",
    unpaid=(UnpaidHold(subscription_id="crm-1", invoice="northwind-000001"),),
)
PRECEDENCE = [SUSPENDED, OWNED, COUNTRY, PROGRAMME, EXCLUSIVE, TRANSACTABLE, USAGE, SEGMENT, QUANTITY, ADD_ON, UNPAID]
"""As docs/domain.md states it: what the customer has already, then by number, the line's own content, nonpayment."""

FURTHER = [
    Case(
        "ELG-10",
        "Fabrikam is suspended for nonpayment (crm-1 and mail-1), and is sold nothing until that is lifted. "
        "Pay northwind-000001 and northwind-000002 first.",
        unpaid=tuple(
            UnpaidHold(subscription_id=held, invoice=invoice)
            for held, invoice in (("mail-1", "northwind-000002"), ("crm-1", "northwind-000001"))
        )
        * 2,
    ),
    Case(
        "ELG-10",
        "Fabrikam is suspended for nonpayment (crm-1), and is sold nothing until that is lifted. "
        "Pay what is unpaid first.",
        unpaid=(UnpaidHold(subscription_id="crm-1"),),
    ),
    Case(
        "ELG-1",
        "A customer can have Contoso CRM only once, and Fabrikam already has it: s-1. Use s-1 instead.",
        offer={"one_per_customer": True},
        held=holding(State.PENDING),
    ),
    Case(
        "ELG-1",
        "A customer can have Contoso CRM only once, and Fabrikam already has it: s-1. Use s-1 instead.",
        offer={"publisher": "microsoft", "billing_type": "usage", "one_per_customer": True},
        line={"quantity": 1},
        held=holding(State.ACTIVE),
    ),
    Case(
        "ELG-2",
        "Fabrikam already has Contoso CRM, suspended (subscription s-2). Reactivate s-2 instead.",
        held=holding(State.ACTIVE, State.SUSPENDED, State.SUSPENDED),
    ),
    Case(
        "ELG-3",
        "The publisher of Contoso CRM does not support customers in US. Choose an offer that is sold in US. "
        "This one is sold in AT, BE, CZ, DE, DK, EE, ES, FI and 2 more.",
        offer={"countries": ["AT", "BE", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR"]},
    ),
    Case(
        "ELG-8",
        "Contoso CRM is sold in quantities from 5 to 500, not 3. Choose a quantity from 5 to 500.",
        offer={"min_quantity": 5},
    ),
    Case(
        "ELG-8",
        "Contoso CRM is billed by usage and has no quantity, but the line asks for 2. Buy it without a quantity.",
        offer={"publisher": "microsoft", "billing_type": "usage"},
        line={"quantity": 2},
    ),
    Case(
        "BUY-4",
        "Contoso CRM has no add-on archive. It has no add-ons: leave them out.",
        offer={"add_ons": []},
        line={"add_ons": {"archive": 1}},
    ),
    Case(
        "ELG-8",
        "Contoso CRM is sold with at most 500 of backup, not 501. Choose a quantity from 1 to 500.",
        line={"add_ons": {"backup": 501}},
    ),
]


def rules(refusals: tuple[Refusal, ...]) -> list[str]:
    """Their rules, in the order in which they are told."""
    return [refusal.rule.value for refusal in refusals]


@pytest.mark.parametrize("case", [*PRECEDENCE, *FURTHER], ids=lambda case: case.words[:60])
def test_elg_9_each_rule_says_why_not_and_what_to_do(case: Case) -> None:
    (refusal,) = case.refusals
    assert (refusal.rule, str(refusal)) == (case.rule, case.words)
    assert speaks(refusal)


@pytest.mark.parametrize(
    ("refusal", "words"),
    [
        (
            unknown_offer("crm"),
            "ELG-6 There is no offer crm in the catalog. Choose an offer from the catalog.",
        ),
        (
            unknown_customer("fabrikam"),
            "ELG-8 There is no customer fabrikam. Import the customer's record first.",
        ),
        (
            id_taken("s-1", named=True),
            "BUY-3 The subscription id s-1 belongs to another purchase. "
            "Choose another id, or leave it out, in a new order.",
        ),
        (
            id_taken("o-1-1", named=False),
            "BUY-3 The subscription id o-1-1 belongs to another purchase. Use another order id.",
        ),
    ],
)
def test_elg_9_what_is_not_known_or_taken(refusal: Refusal, words: str) -> None:
    assert f"{refusal.rule} {refusal}" == words
    assert speaks(refusal)


def speaks(refusal: Refusal) -> bool:
    """ELG-9: whole sentences, one line, and a next step."""
    parts = (refusal.message, refusal.next_step)
    return all(part.endswith(".") and part[0].isupper() and "\n" not in part for part in parts)


@pytest.mark.parametrize(
    ("first", "second"),
    [pair for pair in combinations(PRECEDENCE, 2) if pair != (SUSPENDED, OWNED)],
    ids=lambda case: case.rule,
)
def test_of_two_rules_both_are_found_and_the_first_is_told_by_precedence(first: Case, second: Case) -> None:
    both = first + second
    assert rules(both.refusals) == [first.rule, second.rule]


def test_elg_2_goes_before_elg_1_one_suspended_subscription_breaks_both() -> None:
    both = Case("", "", offer={"one_per_customer": True}, held=holding(State.SUSPENDED))
    assert rules(both.refusals) == ["ELG-2", "ELG-1"]
    assert [refusal.subscription_id for refusal in both.refusals] == ["s-1", "s-1"]


def test_elg_9_all_rules_at_once_are_all_told() -> None:
    everything = SUSPENDED
    for case in (OWNED, COUNTRY, PROGRAMME, EXCLUSIVE, TRANSACTABLE, USAGE, SEGMENT, UNPAID, ADD_ON, QUANTITY):
        everything += case
    assert rules(everything.refusals) == [case.rule for case in PRECEDENCE]


@pytest.mark.parametrize("state", [State.PENDING, State.TRIAL, State.ACTIVE])
def test_any_other_offer_can_be_owned_several_times(state: State) -> None:
    assert line_refusals(an_offer(), a_customer(), holding(state, state), a_line()) == ()


@pytest.mark.parametrize("quantity", [2, 7])
def test_elg_8_the_bounds_are_inside(quantity: int) -> None:
    offer = an_offer({"min_quantity": 2, "max_quantity": 7})
    assert (
        line_refusals(offer, a_customer(), Ownership(), a_line({"quantity": quantity, "add_ons": {"audit": 7}})) == ()
    )


@pytest.mark.parametrize(
    "facts", [{"countries": ["DE", "US"]}, {"exclusive_to": ["northwind"]}, {"segments": ["commercial"]}]
)
def test_who_is_named_may_buy(facts: Facts) -> None:
    assert line_refusals(an_offer(facts), a_customer(), Ownership(), a_line()) == ()


def test_microsofts_own_are_not_held_to_an_isvs_choices() -> None:
    """ELG-3 to ELG-5 and ELG-7 speak of ISVs; the catalog takes none of these fields for Microsoft's own."""
    offer = an_offer({"publisher": "microsoft", "billing_type": "usage"})
    chosen = offer.model_copy(update={"countries": ("DE",), "in_programme": False, "exclusive_to": ("tailspin",)})
    assert listing_refusals(chosen, a_customer(), Ownership()) == ()


# Any offer, customer and holding, against an oracle that reads the rules as docs/domain.md says them.

names = st.sampled_from(["northwind", "tailspin"])
countries = st.sampled_from(["US", "DE", "JP"])
offers = st.fixed_dictionaries(
    {
        "publisher": st.sampled_from(["partner", "partner", "microsoft"]),
        "billing_type": st.sampled_from(["license", "license", "usage"]),
        "segments": st.sets(st.sampled_from(sorted(Segment)), min_size=1).map(sorted),
        "one_per_customer": st.booleans(),
        "transactable": st.sampled_from([True, True, True, False]),
        "min_quantity": st.integers(1, 4),
        "max_quantity": st.integers(4, 6),
        "trial_days": st.sampled_from([0, 30]),
    }
)
an_isvs = st.fixed_dictionaries(
    {
        "countries": st.none() | st.sets(countries, min_size=1).map(sorted),
        "exclusive_to": st.sets(names, max_size=2).map(sorted),
        "in_programme": st.sampled_from([True, True, True, False]),
    }
)
customers = st.fixed_dictionaries({"partner": names, "country": countries, "segment": st.sampled_from(sorted(Segment))})
living = st.lists(st.sampled_from([state for state in State if not state.ended]), max_size=2)
holdings = st.builds(lambda states, trial_of: holding(*states, trial_of=trial_of), living, st.none() | st.just("s-0"))
lines = st.fixed_dictionaries(
    {
        "quantity": st.integers(1, 8),
        "add_ons": st.dictionaries(st.sampled_from(["backup", "audit", "archive"]), st.integers(1, 8), max_size=2),
    }
)


def said_by(offer: ListedOffer, customer: Customer, held: Ownership) -> set[str]:
    """Every rule of the catalog that says no, each as its own sentence has it."""
    isv, states = offer.publisher.value == "partner", {owned.state for owned in held.living}
    broken = {
        "ELG-1": offer.one_per_customer and bool(states),
        "ELG-2": State.SUSPENDED in states,
        "ELG-3": isv and offer.countries is not None and customer.country not in offer.countries,
        "ELG-4": isv and not offer.in_programme,
        "ELG-5": isv and len(offer.exclusive_to) > 0 and customer.partner not in offer.exclusive_to,
        "ELG-6": not offer.transactable,
        "ELG-7": isv and offer.billing_type.value == "usage",
        "ELG-8": customer.segment not in offer.segments,
    }
    return {rule for rule, no in broken.items() if no}


def said_of(offer: ListedOffer, line: Line) -> list[str]:
    """What the line itself breaks: a quantity outside the offer's, an add-on that it lacks or too much of it."""
    metered = offer.billing_type.value == "usage"
    in_range = line.quantity == 1 if metered else line.quantity in range(offer.min_quantity, offer.max_quantity + 1)
    add_ons = [
        "BUY-4" if name == "archive" else "ELG-8"
        for name, n in line.add_ons.items()
        if name == "archive" or n > offer.max_quantity
    ]
    return [*([] if in_range else ["ELG-8"]), *add_ons]


def bought(offer: ListedOffer, customer: Customer, held: Ownership, line: Line) -> Placed | tuple[Refusal, ...]:
    """The line placed by itself."""
    known = Known(offer=offer, customer=customer, owned=held, catalog_version=1)
    return place(line, known, subscription_id="s-9", customer_id=customer.id, at=NOW, by="admin_agent")


@given(offers, an_isvs, customers, holdings, lines)
@settings(max_examples=400)
def test_what_is_listed_can_be_bought_and_what_is_refused_is_refused_by_a_rule_that_holds(
    facts: dict[str, object],
    isvs: dict[str, object],
    who: dict[str, object],
    held: Ownership,
    wanted: dict[str, object],
) -> None:
    offer = an_offer({**facts, **(isvs if facts["publisher"] == "partner" else {})})
    customer, line = a_customer(who), a_line(wanted)
    listing = said_by(offer, customer, held)

    hidden = listing_refusals(offer, customer, held)
    assert sorted(rules(hidden)) == sorted(listing)

    quantities = [1] if offer.metered else range(1, 9)
    sold = [n for n in quantities if isinstance(bought(offer, customer, held, a_line({"quantity": n})), Placed)]
    assert bool(sold) == (not hidden)

    placed = bought(offer, customer, held, line)
    refused = () if isinstance(placed, Placed) else placed
    assert sorted(rules(refused)) == sorted([*listing, *said_of(offer, line)])
    assert all(speaks(refusal) for refusal in refused)
    for refusal in refused:
        alive: dict[str, State] = {owned.subscription_id: owned.state for owned in held.living}
        if refusal.rule == "ELG-2":
            assert alive[refusal.subscription_id or ""] is State.SUSPENDED
        elif refusal.rule == "ELG-1":
            assert refusal.subscription_id in alive
        else:
            assert refusal.subscription_id is None


def test_the_oracle_and_the_shop_agree_on_the_plain_case() -> None:
    """Else the property above could hold of nothing."""
    assert said_by(an_offer(), a_customer(), Ownership()) == set()
    assert said_of(an_offer(), a_line()) == []
    assert isinstance(
        bought(an_offer(), a_customer(), Ownership(living=(Owned(subscription_id="x", state=State.ACTIVE),)), a_line()),
        Placed,
    )


def test_elg_10_a_listing_hides_everything_from_who_does_not_pay() -> None:
    """Last, and by the same words as the line's."""
    held = UNPAID.unpaid
    (refusal,) = listing_refusals(an_offer(), a_customer(), Ownership(), held)
    assert (refusal.rule, str(refusal)) == (UNPAID.rule, UNPAID.words)
    both = listing_refusals(an_offer({"transactable": False}), a_customer(), Ownership(), held)
    assert rules(both) == ["ELG-6", "ELG-10"]


def test_elg_10_a_line_is_not_placed_while_the_customer_is_held() -> None:
    known = Known(offer=an_offer(), customer=a_customer(), owned=Ownership(), catalog_version=1, unpaid=UNPAID.unpaid)
    placed = place(a_line(), known, subscription_id="s-9", customer_id="fabrikam", at=NOW, by="admin_agent")
    assert isinstance(placed, tuple)
    assert rules(placed) == ["ELG-10"]
