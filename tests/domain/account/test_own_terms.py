"""A customer's own terms, as requests and files name them (MON-8, MON-9, MON-11)."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from domain.account.own_terms import OwnTerms
from domain.account.requests import ChangeTerms
from domain.account.terms import BillingTerms, HoldScope, terms_of
from domain.faults import faults_of
from domain.policy import DEFAULT_PACK

PACK = terms_of("saas-fulfillment-v2")
# What is given, and what it is in the terms.
EACH: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"tolerance": "2.50"}, {"tolerance": Decimal("2.50")}),
    ({"holds": "all"}, {"holds": HoldScope.ALL}),
    ({"sell_while_held": True}, {"sell_while_held": True}),
    ({"invoice_day": 28}, {"invoice_day": 28}),
    ({"due_days": 0}, {"due_after": timedelta(0)}),
    ({"reminder_days": []}, {"reminders": ()}),
    ({"reminder_days": [0, 365]}, {"reminders": (timedelta(0), timedelta(days=365))}),
    ({"suspend_days": 45}, {"suspends_after": timedelta(days=45)}),
    ({"suspend_days": None}, {"suspends_after": None}),
]
ALL = {name: value for given, _ in EACH for name, value in given.items()}


def own(**given: object) -> OwnTerms:
    """Those terms, as a request has them."""
    return OwnTerms.model_validate(given)


@pytest.mark.parametrize(("given", "changed"), EACH)
def test_each_replaces_what_it_names_and_nothing_else(given: dict[str, Any], changed: dict[str, Any]) -> None:
    assert own(**given).instead_in(PACK) == PACK.model_copy(update=changed)


@pytest.mark.parametrize("given", [*(given for given, _ in EACH), ALL, {}])
def test_what_differs_from_the_pack_is_the_customers_own(given: dict[str, Any]) -> None:
    assert OwnTerms.of(own(**given).instead_in(PACK)) == own(**given)


def test_month_end_is_the_first_and_what_is_not_given_stays() -> None:
    fifteenth = own(invoice_day=15).instead_in(PACK)
    assert own(invoice_day="month_end").instead_in(fifteenth) == PACK
    assert own(invoice_day=None).instead_in(fifteenth) == own().instead_in(fifteenth) == fifteenth
    every = own(**ALL).instead_in(PACK)
    assert own(sell_while_held=False, tolerance="0").instead_in(every) == every.model_copy(
        update={"sell_while_held": False, "tolerance": Decimal(0)}
    )


@pytest.mark.parametrize("given", [*(given for given, _ in EACH), ALL, {}])
def test_written_and_read_again_they_are_the_same(given: dict[str, Any]) -> None:
    """Null is never: what is not given must not be written as null."""
    terms = own(**given)
    assert OwnTerms.model_validate_json(terms.model_dump_json()) == terms
    assert OwnTerms.model_validate(terms.model_dump(mode="json", exclude_none=True)) == terms
    schema = OwnTerms.model_json_schema()["properties"]
    assert "default" not in schema["suspend_days"]
    assert schema["due_days"]["default"] is None


REMINDERS: list[object] = [7, "7", [7, 7], [7, 1], [-1], [366], [True], ["7"], list(range(13)), {"7": 7}]
DAYS_OF_MONTH: list[object] = [0, 29, 31, -1, True, 1.0, "1", "end", [1]]
DAYS: list[object] = [-1, 366, True, 30.0, "30", [30]]
DAYS_OR_NEVER: list[object] = [-1, 366, True, "30", "Never", []]
TAKEN = [
    *(("invoice_day", got, "a day of the month from 1 to 28, or month_end") for got in DAYS_OF_MONTH),
    *(("due_days", got, "a whole number of days from 0 to 365") for got in DAYS),
    *(("reminder_days", got, "up to 12 numbers of days from 0 to 365, in rising order") for got in REMINDERS),
    *(("suspend_days", got, "a whole number of days from 0 to 365, or never (null)") for got in DAYS_OR_NEVER),
]


@pytest.mark.parametrize(("field", "got", "words"), TAKEN)
def test_mon_11_what_they_take(field: str, got: object, words: str) -> None:
    with pytest.raises(ValidationError) as refused:
        own(**{field: got})
    (fault,) = faults_of(refused.value)
    assert (fault.field, fault.takes) == (field, words)


@pytest.mark.parametrize(("suspends", "days"), [(True, None), (False, 0), (False, 30)])
def test_whether_it_suspends_and_after_how_many_days_agree(suspends: bool, days: int | None) -> None:
    asked = {"by": "admin_agent", "suspend_days": days}
    with pytest.raises(ValidationError) as refused:
        ChangeTerms.model_validate({**asked, "suspends": suspends})
    (fault,) = faults_of(refused.value)
    assert (fault.field, fault.got) == ("suspends", suspends)
    assert ChangeTerms.model_validate({**asked, "suspends": not suspends}).suspends is not suspends


def test_in_words() -> None:
    words = own(tolerance="2.50", holds="all", sell_while_held=True, invoice_day=15, reminder_days=[]).instead_in(
        terms_of(DEFAULT_PACK)
    )
    assert words.words == (
        "invoiced on day 15 of the month, due after 60 days, no reminders, "
        "suspension 30 days after the due date of every licensed subscription, "
        "tolerance 2.50, new purchases while suspended"
    )
    assert BillingTerms(name="any").words == (
        "due after 60 days, reminders 1, 7, 14 days after the due date, "
        "suspension 30 days after the due date of what is unpaid, tolerance 1.00"
    )
