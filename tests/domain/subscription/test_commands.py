"""Commands at the edge: no coercion, no unknown field, bounded sizes; and the fingerprint of what is asked."""

import pytest
from pydantic import TypeAdapter, ValidationError

from domain.catalog.offers import MAX_QUANTITY
from domain.money import Money
from domain.roles import Action
from domain.subscription.commands import AnyCommand, Cancel, ChangeQuantity, Command, SetAutoRenew, Suspend

COMMANDS: TypeAdapter[AnyCommand] = TypeAdapter(AnyCommand)

AT = "2026-01-31T09:00:00Z"
A_PRICE = {"at": AT, "unit_price": "13.00"}
NO_PRICES: list[object] = ["", {}, [{}], [A_PRICE] * 101, [{**A_PRICE, "until": AT}]]
WHOLE: dict[str, dict[str, object]] = {
    "activate": {},
    "change_quantity": {"quantity": 3},
    "reject_quantity": {"sequence": 2},
    "set_add_on": {"add_on": "backup", "quantity": 1},
    "undo_scheduled_changes": {},
    "suspend": {"reason": "fraud"},
    "reactivate": {},
    "cancel": {"reason": "customer_request", "details": "too dear"},
    "set_auto_renew": {"enabled": False},
    "deprovision": {},
    "report_usage": {"units": "12.5", "usage_id": "day-1"},
    "change_price": {"unit_price": "12.00"},
}


def command(do: str, **fields: object) -> Command:
    """A command as it comes in: plain data."""
    return COMMANDS.validate_python({"do": do, "by": "admin_agent", **WHOLE[do], **fields})


def test_every_action_but_buying_is_a_command() -> None:
    assert {*WHOLE, "buy"} == {action.value for action in Action}


@pytest.mark.parametrize("do", WHOLE)
def test_the_command_of_each_name(do: str) -> None:
    parsed = command(do)
    assert parsed.action.value == do
    assert COMMANDS.validate_json(parsed.model_dump_json()) == parsed


@pytest.mark.parametrize("do", WHOLE)
def test_no_unknown_field_and_no_missing_actor(do: str) -> None:
    with pytest.raises(ValidationError, match="extra_forbidden"):
        command(do, seats=1)
    with pytest.raises(ValidationError, match="missing"):
        COMMANDS.validate_python({"do": do, **WHOLE[do]})


@pytest.mark.parametrize(
    ("do", "fields"),
    [
        ("change_quantity", {"quantity": quantity})
        for quantity in (1.5, 3.0, True, "3", -1, MAX_QUANTITY + 1, 10**30, None, [3])
    ]
    + [
        ("reject_quantity", {"sequence": sequence})
        for sequence in (0, -1, 1_000_000_001, 10**30, True, "2", 2.0, 1.5, None, [2])
    ]
    + [("reject_quantity", {"details": details}) for details in ("x" * 1025, 5, "a\0b")]
    + [("set_add_on", {"quantity": quantity}) for quantity in (1.5, True, -1, MAX_QUANTITY + 1)]
    + [("set_add_on", {"add_on": add_on}) for add_on in ("", "a b", "x" * 65, 7)]
    + [(do, {"when": when}) for do in ("change_quantity", "set_add_on") for when in ("", "later", "NOW", None, 1)]
    + [("set_auto_renew", {"enabled": enabled}) for enabled in (0, 1, "true", "on", None)]
    + [("suspend", {"reason": reason}) for reason in ("", "bored", "FRAUD", None, 1)]
    + [("cancel", {"details": details}) for details in ("x" * 1025, 5, "a\0b")]
    + [("report_usage", {"units": units}) for units in (1.5, True, "-1", "1e3", "NaN", 10**12)]
    + [("report_usage", {"usage_id": usage_id}) for usage_id in ("", "x" * 65, "a/b", 5)]
    + [("change_price", {"unit_price": price}) for price in (10.5, True, "-1", "")]
    + [("change_price", {"holds_from": at}) for at in ("2026-01-31T09:00:00", "soon", 5, "1899-01-01T00:00:00Z")]
    + [("change_price", {"later": later}) for later in NO_PRICES]
    + [("change_price", {"catalog_version": version}) for version in (-1, 1.0, "1", True)]
    + [("reactivate", {"by": by}) for by in ("", "x" * 65, None, 5)]
    + [("reactivate", {"actor": actor}) for actor in ("", " a", "a\n", "\x1b[2J", "x" * 65)]
    + [("reactivate", {"command_id": command_id}) for command_id in ("", "a b", "x" * 65, 5)]
    + [("reactivate", {"at": at}) for at in ("2026-01-31T09:00:00", "soon", 5)]
    + [("reactivate", {"expected": expected}) for expected in ("done", {}, {"outcome": "done", "fee": 1})],
)
def test_what_a_command_does_not_take(do: str, fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        command(do, **fields)


@pytest.mark.parametrize("quantity", [0, 1, MAX_QUANTITY])
def test_a_quantity_of_none_is_a_rules_refusal_not_a_malformed_request(quantity: int) -> None:
    """ELG-8 answers it; and a quantity that any offer may allow is taken."""
    parsed = command("change_quantity", quantity=quantity)
    assert isinstance(parsed, ChangeQuantity)
    assert parsed.quantity == quantity


def test_an_unknown_actor_is_a_rules_refusal_not_a_malformed_request() -> None:
    """ROL-1 answers it."""
    assert command("reactivate", by="janitor").by == "janitor"


def test_the_fingerprint_leaves_the_id_out() -> None:
    assert command("reactivate", command_id="a").fingerprint() == command("reactivate", command_id="b").fingerprint()


def test_the_fingerprint_is_kept_in_running_workflows_and_never_changes() -> None:
    asked = Suspend.model_validate({"by": "service", "reason": "fraud", "at": "2026-01-31T10:00:00+01:00"})
    assert asked.fingerprint() == "47e9aa792ac7a0f4"


def test_the_fingerprint_of_a_price_is_what_it_was_before_it_had_a_schedule() -> None:
    assert command("change_price").fingerprint() == "713a79e9fdf273dc"
    told = {command("change_price", **fields).fingerprint() for fields in SCHEDULES}
    assert len(told) == len(SCHEDULES)


def test_the_fingerprint_of_a_quantity_is_what_it_was_before_it_could_wait_for_the_renewal() -> None:
    """REN-4: `now` goes without saying, typed or not."""
    plain = command("change_quantity")
    assert "when" not in plain.model_dump(mode="json")
    assert command("change_quantity", when="now").fingerprint() == plain.fingerprint()
    assert command("change_quantity", when="renewal").fingerprint() != plain.fingerprint()


SCHEDULES: list[dict[str, object]] = [
    {},
    {"holds_from": AT},
    {"later": []},
    {"later": [A_PRICE]},
    {"later": [{**A_PRICE, "unit_price": "14.00"}]},
    {"catalog_version": 1},
]


def test_the_fingerprint_sees_every_other_field() -> None:
    money = Money.model_validate({"amount": "1.00", "currency": "USD"})
    base: dict[str, object] = {"by": "admin_agent", "reason": "fraud"}
    variants: list[Command] = [
        Cancel.model_validate(base),
        Suspend.model_validate(base),
        *(
            Cancel.model_validate({**base, **change})
            for change in (
                {"by": "sales_agent"},
                {"reason": "nonpayment"},
                {"details": "x"},
                {"actor": "anna"},
                {"at": "2026-01-31T09:00:00Z"},
                {"expected": {"outcome": "cancelled"}},
                {"expected": {"outcome": "cancelled", "credit": money}},
                {"expected": {"outcome": "cancelled", "charge": money}},
            )
        ),
    ]
    assert len({asked.fingerprint() for asked in variants}) == len(variants)


def test_the_same_thing_asked_in_other_words_is_the_same() -> None:
    asked = {"by": "service", "enabled": False, "at": "2026-01-31T09:00:00Z"}
    again = {"at": "2026-01-31T10:00:00+01:00", "enabled": False, "by": "service", "do": "set_auto_renew"}
    assert SetAutoRenew.model_validate(asked).fingerprint() == SetAutoRenew.model_validate(again).fingerprint()
