"""One line a fault: the field, what came, what it takes."""

import json
import sys
from datetime import UTC, datetime
from typing import Annotated

import pytest
from pydantic import BaseModel, Field, ValidationError

from domain.catalog.offers import Offer
from domain.faults import LISTED, SHOWN, Fault, MalformedFile, faults_of, listed, shown
from domain.ordering.lines import OrderRequest
from domain.subscription.commands import AnyCommand, ChangeQuantity, Suspend
from domain.subscription.holds import Reason
from domain.values import Strict
from tests.support.shop.offers import offer_fields

OFFER = offer_fields(id="crm")


class Listed(Strict):
    """Commands in a list, as a scenario has them."""

    commands: list[AnyCommand]


class Emptied(Strict):
    """Lists that may not be empty."""

    lists: list[Annotated[list[str], Field(min_length=1)]]


def lines(model: type[BaseModel], data: object) -> list[str]:
    """The faults that the model finds, as they are shown."""
    with pytest.raises(ValidationError) as caught:
        model.model_validate_json(json.dumps(data))
    return [str(fault) for fault in faults_of(caught.value)]


def test_a_path_is_written_as_people_write_it() -> None:
    assert Fault(("commands", 0, "at"), "x", "y").field == "commands[0].at"
    assert Fault(("offer", "add_ons", 2, "id"), "x", "y").field == "offer.add_ons[2].id"
    assert Fault((), "x", "y").field == "(the whole)"


def test_nothing_came() -> None:
    assert str(Fault(("until",), None, "an instant")) == "until: got nothing; takes an instant"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a\nb", r"'a\nb'"),
        ("\x1b[31m", r"'\x1b[31m'"),
        (Reason.FRAUD, "'fraud'"),
        (datetime(2026, 1, 31, 9, tzinfo=UTC), "2026-01-31T09:00:00Z"),
        (1.5, "1.5"),
    ],
)
def test_what_came_is_one_short_printable_line(value: object, text: str) -> None:
    assert shown(value) == text


def test_a_number_too_long_to_print_is_told_in_words() -> None:
    assert shown(10**5000) == "a number of thousands of digits"


def test_what_came_is_cut_short() -> None:
    text = shown("x" * 1000)
    assert len(text) == SHOWN
    assert text.endswith("...")


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"unit_price": 10.5}, 'unit_price: got 10.5; takes digits in a string, such as "30.00", or an integer;'),
        ({"term": "P2M"}, "term: got 'P2M'; takes one of P1M, P1Y, P2Y or P3Y"),
        ({"currency": "US"}, "currency: got 'US'; takes an ISO 4217 currency code"),
        ({"id": "a b"}, "id: got 'a b'; takes 1 to 64 letters, digits, `_` or `-`"),
        ({"trial_days": -1}, "trial_days: got -1; takes 0 or more"),
        ({"trial_days": 4000}, "trial_days: got 4000; takes 3650 or less"),
        ({"trial_days": 1.5}, "trial_days: got 1.5; takes a whole number"),
        ({"trial_days": "30"}, "trial_days: got '30'; takes a whole number"),
        ({"add_ons": {"id": "x"}}, "add_ons: got {'id': 'x'}; takes a list"),
        ({"add_ons": ["x"]}, "add_ons[0]: got 'x'; takes a mapping"),
        ({"color": "blue"}, "color: got 'blue'; takes no such field"),
        ({"billing_plan": "annual"}, "billing_plan: got 'annual'; takes monthly or one_time: `annual` needs a term"),
    ],
)
def test_one_line_a_fault(change: dict[str, object], line: str) -> None:
    (found,) = lines(Offer, {**OFFER, **change})
    assert found.startswith(line)
    assert "\n" not in found


def test_an_id_is_told_as_long_as_it_may_be() -> None:
    order = {"order_id": "a/b", "customer": "c", "lines": [{"offer": "x y"}]}
    assert [line.partition("takes ")[2] for line in lines(OrderRequest, order)] == [
        "1 to 56 letters, digits, `_` or `-`",
        "1 to 64 letters, digits, `_` or `-`",
    ]


def test_a_name_of_a_field_is_cut_short() -> None:
    assert len(Fault(("x" * 1000, 3, "y" * 1000), None, "").field) == 2 * SHOWN + len("[3].")


def test_a_missing_field_is_named() -> None:
    incomplete = {key: value for key, value in OFFER.items() if key != "unit_price"}
    assert lines(Offer, incomplete) == ["unit_price: got nothing; takes a value; it is required"]


def test_a_commands_tag_is_no_part_of_its_path() -> None:
    assert lines(Listed, {"commands": [{"do": "set_auto_renew", "by": "service", "enabled": "on"}]}) == [
        "commands[0].enabled: got 'on'; takes true or false"
    ]


def test_a_field_that_is_called_like_a_command_keeps_its_place() -> None:
    """Only the tag behind the index goes, not a field of that name."""
    found = lines(Listed, {"commands": [{"do": "cancel", "by": "service", "reason": "fraud", "cancel": 1}]})
    assert [line.split(":")[0] for line in found] == ["commands[0].cancel"]


def test_an_unknown_command_and_one_without_a_name() -> None:
    unknown, nameless = lines(Listed, {"commands": [{"do": "explode"}, {"by": "service"}]})
    assert unknown.startswith("commands[0].do: got 'explode'; takes one of activate, change_quantity")
    assert nameless == "commands[1].do: got nothing; takes the command's name"


def test_several_faults_are_told_at_once() -> None:
    found = lines(ChangeQuantity, {"by": "", "quantity": -1, "seats": 3})
    assert [line.split(":")[0] for line in found] == ["by", "quantity", "seats"]


def test_sus_1_an_unknown_reason_is_told_the_three() -> None:
    assert lines(Suspend, {"by": "service", "reason": "bored"}) == [
        "reason: got 'bored'; takes one of customer_request, nonpayment or fraud"
    ]


@pytest.mark.parametrize(
    ("number", "last"),
    [(0, None), (1, None), (LISTED, None), (LISTED + 1, "and 1 more fault"), (5000 + LISTED, "and 5,000 more faults")],
)
def test_the_first_faults_are_listed_and_the_others_counted(number: int, last: str | None) -> None:
    faults = [Fault((index,), None, "x") for index in range(number)]
    assert listed(faults) == [*map(str, faults[:LISTED]), *([last] if last else [])]


def test_only_what_is_listed_is_written() -> None:
    written: list[int] = []

    def line(fault: int) -> str:
        written.append(fault)
        return str(fault)

    listed(range(100_000), line)
    assert written == list(range(LISTED))


def test_a_malformed_file_says_no_more_than_that_about_itself() -> None:
    malformed = MalformedFile([Fault((index,), None, "x") for index in range(100_000)])
    assert len(malformed.faults) == 100_000
    assert str(malformed).endswith("; and 99,980 more faults")


def test_the_work_grows_with_the_faults_and_not_with_their_square() -> None:
    """Lists that are too short are compared with the faults before them."""

    def work(number: int) -> int:
        """How many calls it takes."""
        with pytest.raises(ValidationError) as caught:
            Emptied.model_validate({"lists": [[]] * number})
        calls = 0

        def count(*_: object) -> None:
            nonlocal calls
            calls += 1

        sys.setprofile(count)
        try:
            assert len(faults_of(caught.value)) == number
        finally:
            sys.setprofile(None)
        return calls

    assert work(400) < 6 * work(100)
