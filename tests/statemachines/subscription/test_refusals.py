"""A refusal names its rule, the state, and what is allowed now (LIF-1, ELG-9); and it changes nothing."""

import pytest

from domain.roles import Action
from domain.subscription.decision import Answer, Outcome
from domain.subscription.events import State
from domain.values import parse_instant
from statemachines.subscription.refusals import activated_again, refused_by_its_end
from tests.support.simulated.life import ORDERED, ALife, Facts, an_order, told

ENDINGS: dict[str, tuple[Facts, list[tuple[str, str, Facts]], str]] = {
    "cancelled": ({}, [(ORDERED, "cancel", {})], "2026-01-20"),
    "expired": ({}, [(ORDERED, "set_auto_renew", {"enabled": False})], "2026-03-01"),
    "deleted": ({}, [(ORDERED, "suspend", {})], "2026-12-01"),
    "deprovisioned": ({"billing_type": "usage"}, [(ORDERED, "deprovision", {})], "2026-01-20"),
}
EVERY_COMMAND: list[tuple[str, Facts]] = [
    ("activate", {}),
    ("change_quantity", {"quantity": 5}),
    ("reject_quantity", {"sequence": 2}),
    ("set_add_on", {"add_on": "backup", "quantity": 1}),
    ("suspend", {}),
    ("reactivate", {}),
    ("cancel", {}),
    ("set_auto_renew", {"enabled": False}),
    ("deprovision", {}),
    ("report_usage", {"units": 1}),
    ("change_price", {"unit_price": "1.00"}),
]


def choices(answer: Answer) -> list[str]:
    """What the refusal says is allowed now."""
    return answer.message.split("Allowed now: ")[1].rstrip(".").split(", ")


@pytest.mark.parametrize("state", ENDINGS)
@pytest.mark.parametrize(("do", "fields"), EVERY_COMMAND)
def test_lif_2_every_command_of_an_ended_one_is_refused(state: str, do: str, fields: Facts) -> None:
    offer, steps, now = ENDINGS[state]
    life = ALife(an_order(offer))
    for at, earlier, earlier_fields in steps:
        life.ask(at, earlier, **earlier_fields)
    assert life.until(now).state == state
    before = life.subscription
    answer = life.ask("2027-01-01", do, **fields)
    if do == "report_usage" and state == "deprovisioned":
        assert told(answer) == "refused USE-1"
        return
    assert told(answer) == "refused LIF-1"
    assert answer.message == f"The subscription has ended ({state}); no further changes are possible."
    assert life.subscription == before
    # What is said of it once the life is gone.
    assert refused_by_its_end(before.state, Action(do), answer.at, answer.seq) == answer


@pytest.mark.parametrize("state", State)
def test_mon_7_to_activate_again_is_no_refusal_while_it_lives(state: State) -> None:
    refused = refused_by_its_end(State.CANCELLED, Action.ACTIVATE, parse_instant(ORDERED), 3)
    begun = state in {State.TRIAL, State.ACTIVE, State.SUSPENDED}
    again = activated_again(refused, state)
    assert told(again) == ("unchanged MON-7" if begun else "refused LIF-1")
    assert (again.seq, again.at) == (refused.seq, refused.at)
    done = refused.model_copy(update={"outcome": Outcome.DONE})
    assert activated_again(done, state) == done


@pytest.mark.parametrize(
    ("offer", "steps", "do", "fields", "state", "allowed"),
    [
        (
            {"setup": "publisher"},
            [],
            "suspend",
            {},
            "pending",
            ["activate", "cancel", "set_auto_renew", "change_price"],
        ),
        ({}, [], "activate", {}, "active", []),
        ({}, [], "reactivate", {}, "active", []),
        (
            {"trial_days": 30},
            [],
            "change_quantity",
            {"quantity": 5},
            "trial",
            ["suspend", "cancel", "set_auto_renew", "change_price"],
        ),
        (
            {"billing_type": "usage", "publisher": "microsoft"},
            [("suspend", {})],
            "set_add_on",
            {"add_on": "backup", "quantity": 1},
            "suspended",
            ["suspend", "reactivate", "deprovision", "change_price"],
        ),
    ],
)
def test_lif_1_the_state_and_what_is_allowed_now(
    offer: Facts, steps: list[tuple[str, Facts]], do: str, fields: Facts, state: str, allowed: list[str]
) -> None:
    life = ALife(an_order(offer))
    for earlier, earlier_fields in steps:
        life.ask("2026-01-18", earlier, **earlier_fields)
    answer = life.ask("2026-01-18", do, **fields)
    assert told(answer) == "refused LIF-1"
    assert answer.message.startswith(f"The subscription is {state}; {do} is not allowed.")
    if not allowed:
        allowed = ["change_quantity", "set_add_on", "suspend", "cancel", "set_auto_renew", "change_price"]
    assert choices(answer) == allowed


def test_cxl_3_the_immediate_cancel_leaves_the_allowed_actions_where_late_is_refused() -> None:
    life = ALife(an_order(policy="nce-2022"))
    assert "cancel" in choices(life.ask("2026-01-20", "activate"))
    assert "cancel" not in choices(life.ask("2026-02-10", "activate"))


def test_lif_3_a_usage_offer_past_its_terms_end_is_left_by_deprovision() -> None:
    life = ALife(an_order({"billing_type": "usage"}))
    life.ask("2026-01-20", "suspend")
    for enabled in (False, True):
        answer = life.ask("2026-02-15T09:00:00Z", "set_auto_renew", enabled=enabled)
        assert told(answer) == "refused LIF-3"
        assert answer.message.endswith("Reactivate or deprovision it.")
    assert told(life.ask("2026-02-15T09:00:00Z", "cancel")) == "refused CXL-6"
    assert told(life.ask("2026-02-15T09:00:00Z", "deprovision")) == "done CXL-6"


def test_lif_3_microsofts_own_licence_cannot_be_left_past_its_terms_end() -> None:
    life = ALife(an_order({"publisher": "microsoft"}))
    life.ask("2026-01-20", "suspend")
    assert told(life.ask("2026-02-15T09:00:00Z", "cancel")) == "refused CXL-1"
    assert told(life.ask("2026-02-15T09:00:00Z", "set_auto_renew", enabled=False)) == "refused REN-2"


@pytest.mark.parametrize(
    ("offer", "do", "fields", "rule", "next_step"),
    [
        ({"billing_type": "usage"}, "cancel", {}, "CXL-6", "Deprovision the subscription instead"),
        ({}, "deprovision", {}, "CXL-6", "Cancel the subscription instead"),
        ({"publisher": "microsoft"}, "cancel", {}, "CXL-1", "publisher"),
        ({}, "change_quantity", {"quantity": 20_000}, "ELG-8", "1 to 10000"),
        ({}, "reject_quantity", {"sequence": 1}, "MON-4", "no quantity change"),
        ({"billing_type": "usage"}, "reject_quantity", {"sequence": 1}, "CXL-6", "no quantity to change"),
        ({}, "reject_quantity", {"sequence": 1, "by": "admin_agent"}, "ROL-4", "may not reject_quantity"),
        ({}, "suspend", {"by": "janitor"}, "ROL-1", "helpdesk_agent"),
        ({}, "activate", {"by": "admin_agent"}, "ROL-4", "may not activate"),
        ({}, "cancel", {"by": "publisher"}, "ROL-4", "may not cancel"),
        ({}, "change_price", {"unit_price": "1.0000005"}, "BUY-5", "6 decimals"),
    ],
)
def test_elg_9_each_refusal_says_its_rule_and_the_next_step(
    offer: Facts, do: str, fields: Facts, rule: str, next_step: str
) -> None:
    life = ALife(an_order(offer))
    before = life.subscription
    answer = life.ask("2026-01-20", do, **fields)
    assert told(answer) == f"refused {rule}"
    assert next_step in answer.message
    assert (answer.effective_at, answer.seq) == (None, before.seq)
    assert life.subscription == before


def test_rol_1_who_may_not_is_told_so_before_the_state_is_looked_at() -> None:
    life = ALife()
    life.ask(ORDERED, "cancel")
    assert told(life.ask("2026-01-20", "cancel", by="janitor")) == "refused ROL-1"


def test_rol_1_the_strict_preset_holds_for_commands_too() -> None:
    life = ALife(an_order(roles="strict"))
    assert told(life.ask("2026-01-20", "suspend", by="sales_agent")) == "refused ROL-1"
    assert told(life.ask("2026-01-20", "suspend", by="helpdesk_agent")) == "done SUS-1"
