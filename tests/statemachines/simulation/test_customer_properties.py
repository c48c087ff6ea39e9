"""DOMAIN section 12, over random customers with several subscriptions; `make lives` checks the same of many more."""

from collections import Counter

import pytest
from hypothesis import given, settings

from domain.account.terms import terms_of
from domain.policy import DEFAULT_PACK
from tests.support.instants import instant
from tests.support.simulated import told
from tests.support.simulated.customer_invariants import a_customer_keeps_the_invariants
from tests.support.simulated.life import LIVING, ORDERED, an_order
from tests.support.simulated.random_customers import RandomCustomer, customers
from tests.support.simulated.told import Told


def test_the_invariants_of_a_customer() -> None:
    reached: Counter[str] = Counter()

    @given(customers)
    @settings(max_examples=60)
    def hold(random: RandomCustomer) -> None:
        customer = a_customer_keeps_the_invariants(random)
        reached["several"] += len(customer.subscriptions) > 1
        reached["told"] += customer.told

    hold()
    assert reached["several"] > 10
    assert reached["told"] > 500


@pytest.mark.parametrize("timeline", ["_shown", "account_timeline"])
def test_what_happens_without_being_shown_is_noticed(monkeypatch: pytest.MonkeyPatch, timeline: str) -> None:
    customer = Told("fabrikam", terms_of(DEFAULT_PACK), instant(ORDERED), LIVING)
    customer.buy(an_order())
    monkeypatch.setattr(told, timeline, lambda _: [])
    with pytest.raises(AssertionError):
        customer.advance(instant("2027-01-01"))
