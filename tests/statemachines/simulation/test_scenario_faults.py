"""A malformed scenario: every fault at once, each naming its field, what came and what it takes (DESIGN section 7)."""

import json
from typing import Any

import pytest

from domain.faults import MalformedFile
from domain.subscription.events import State
from domain.values import LAST_YEAR
from statemachines.simulation.course import simulate
from statemachines.simulation.scenario_file import parse_scenario
from tests.support.counted import Counted
from tests.support.simulated.scenarios import AFTER, AT, LATER, LEAST, OFFER, ORDER, asking, changed, faults, fields


def pricing(**fields: Any) -> dict[str, Any]:
    """The least scenario with one price change."""
    return asking(do="change_price", **{"unit_price": "1", **fields})


def test_the_least_scenario_takes_the_defaults_of_the_contract() -> None:
    scenario = parse_scenario(LEAST)
    assert (scenario.policy, scenario.only.order.quantity, scenario.commands) == ("csp-2019", 1, ())
    assert simulate(scenario).only.subscription.state is State.ACTIVE


def test_no_commands_at_all_may_be_said_in_any_way() -> None:
    assert faults(changed(commands=None)) == faults(changed(commands=[])) == []


@pytest.mark.parametrize(
    ("do", "by"), [("activate", "publisher"), ("change_price", "system"), ("deprovision", "admin_agent")]
)
def test_who_asks_where_the_file_does_not_say(do: str, by: str) -> None:
    price = {"unit_price": "1"} if do == "change_price" else {}
    assert parse_scenario(asking(do=do, **price)).commands[0].by == by


def test_rol_1_an_unknown_actor_is_data_not_a_fault() -> None:
    (answer,) = simulate(parse_scenario(asking(do="reactivate", by="janitor"))).answers
    assert (answer.outcome.value, answer.rule) == ("refused", "ROL-1")


def test_elg_8_a_quantity_of_none_is_refused_not_a_fault() -> None:
    (answer,) = simulate(parse_scenario(asking(do="change_quantity", quantity=0))).answers
    assert (answer.outcome.value, answer.rule) == ("refused", "ELG-8")


@pytest.mark.parametrize("data", [None, [], [LEAST], "text", 5, True])
def test_what_is_no_mapping(data: object) -> None:
    (line,) = faults(data)
    assert line.endswith("takes a mapping with name, offer, order and until")


@pytest.mark.parametrize(
    ("data", "field"),
    [
        (changed(policy="csp-2018"), "policy"),
        (changed(policy=5), "policy"),
        (changed(name=""), "name"),
        (changed(name="x" * 201), "name"),
        (changed(notes="x"), "notes"),
        (changed(until="2026-06-01"), "until"),
        (changed(until="2026-06-01T00:00:00"), "until"),
        (changed(until="2025-12-31T00:00:00Z"), "until"),
        (changed(account_opened="yesterday"), "account_opened"),
        (changed(offer={**OFFER, "term": "P6M"}), "offer.term"),
        (changed(offer={**OFFER, "billing_plan": "annual"}), "offer.billing_plan"),
        (changed(offer={**OFFER, "currency": "usd"}), "offer.currency"),
        (changed(offer={**OFFER, "unit_price": 10.5}), "offer.unit_price"),
        (changed(offer={**OFFER, "unit_price": "10.0000005"}), "offer.unit_price"),
        (changed(offer={**OFFER, "currency": "JPY", "unit_price": "9.1234567"}), "offer.unit_price"),
        (changed(offer={**OFFER, "publisher": "isv"}), "offer.publisher"),
        (changed(offer={**OFFER, "setup": "maybe"}), "offer.setup"),
        (changed(offer={**OFFER, "add_ons": [{"id": "crm", "unit_price": "1"}]}), "offer.add_ons[0].id"),
        (changed(offer={**OFFER, "add_ons": [{"id": "x", "unit_price": 0.5}]}), "offer.add_ons[0].unit_price"),
        (changed(offer={**OFFER, "min_quantity": 5, "max_quantity": 4}), "offer.min_quantity"),
        (changed(offer="crm"), "offer"),
        (changed(order={**ORDER, "quantity": 0}), "order.quantity"),
        (changed(order={**ORDER, "quantity": -1}), "order.quantity"),
        (changed(order={**ORDER, "quantity": 1.5}), "order.quantity"),
        (changed(order={**ORDER, "quantity": True}), "order.quantity"),
        (changed(order={**ORDER, "quantity": 10**12}), "order.quantity"),
        (changed(order={**ORDER, "quantity": "three"}), "order.quantity"),
        (changed(order={**ORDER, "add_ons": {"backup": 1}}), "order.add_ons.backup"),
        (changed(order={**ORDER, "at": None}), "order.at"),
        (changed(order={**ORDER, "customer": "a b"}), "order.customer"),
        (changed(commands="none"), "commands"),
        (changed(commands={}), "commands"),
        (changed(commands=False), "commands"),
        (changed(commands=["cancel"]), "commands[0]"),
        (asking(), "commands[0].do"),
        (asking(do=None), "commands[0].do"),
        (asking(do=["cancel"]), "commands[0].do"),
        (asking(do="explode"), "commands[0].do"),
        (asking(do="buy"), "commands[0].do"),
        (asking(do="deprovision", at=None), "commands[0].at"),
        (asking(do="deprovision", at="soon"), "commands[0].at"),
        (asking(do="deprovision", at="2026-01-01T00:00:00Z"), "commands[0].at"),
        (asking(do="deprovision", at="2026-06-01T00:00:00.000001Z"), "commands[0].at"),
        (asking(do="deprovision", by=None), "commands[0].by"),
        (asking(do="cancel"), "commands[0].reason"),
        (asking(do="cancel", reason="bored"), "commands[0].reason"),
        (asking(do="cancel", reason="fraud", quantity=1), "commands[0].quantity"),
        (asking(do="set_add_on", add_on="backup", quantity=1), "commands[0].add_on"),
        (asking(do="change_price", unit_price="1.0000005"), "commands[0].unit_price"),
        (pricing(holds_from="soon"), "commands[0].holds_from"),
        (pricing(later="none"), "commands[0].later"),
        (pricing(later=[{"at": LATER}]), "commands[0].later[0].unit_price"),
        (pricing(later=[{"at": AFTER, "unit_price": "2", "until": AFTER}]), "commands[0].later[0].until"),
        (pricing(later=[{"at": AFTER, "unit_price": "1.0000005"}]), "commands[0].later[0].unit_price"),
        (pricing(later=[{"at": AFTER, "unit_price": 1.5}]), "commands[0].later[0].unit_price"),
        (pricing(later=[{"at": LATER, "unit_price": "2"}]), "commands[0].later[0].at"),
        (pricing(later=[{"at": AFTER, "unit_price": "2"}], holds_from=AFTER), "commands[0].later[0].at"),
        (pricing(later=[{"at": AFTER, "unit_price": "2"}] * 2), "commands[0].later[1].at"),
        (pricing(catalog_version=-1), "commands[0].catalog_version"),
        (pricing(until=AFTER), "commands[0].until"),
        (asking(do="report_usage", usage_id="u", units=1.5), "commands[0].units"),
        (asking(do="deprovision", command_id="x"), "commands[0].command_id"),
        (asking(do="deprovision", actor="x"), "commands[0].actor"),
        (asking(do="deprovision", expected={"outcome": "done"}), "commands[0].expected"),
    ],
)
def test_one_fault_names_its_field(data: dict[str, Any], field: str) -> None:
    (line,) = faults(data)
    assert line.startswith(f"{field}: got ")
    assert "; takes " in line
    assert "\n" not in line


@pytest.mark.parametrize("missing", ["name", "offer", "order", "until"])
def test_what_is_required(missing: str) -> None:
    assert fields(faults({key: value for key, value in LEAST.items() if key != missing})) == [missing]


@pytest.mark.parametrize("missing", ["id", "term", "billing_plan", "currency", "unit_price"])
def test_what_an_offer_requires(missing: str) -> None:
    offer = {key: value for key, value in OFFER.items() if key != missing}
    assert fields(faults(changed(offer=offer))) == [f"offer.{missing}"]


def test_buy_5_a_price_change_tells_its_schedule() -> None:
    """What it takes, `scenarios/lives/a-schedule-of-prices-told-at-once` lives."""
    later = [{"at": AFTER, "unit_price": "2"}]
    assert faults(pricing(holds_from=AT, later=later, catalog_version=7)) == []
    assert faults(pricing(later=[{"at": LATER, "unit_price": "2"}])) == [
        "commands[0].later[0].at: got 2026-02-10T09:00:00Z; takes an instant after the first price's "
        "(2026-02-10T09:00:00Z)"
    ]


def test_commands_out_of_order() -> None:
    commands = [{"at": at, "do": "deprovision"} for at in (LATER, AT, "2026-02-01T09:00:00Z", LATER)]
    assert faults(changed(commands=commands)) == [
        "commands[1].at: got 2026-01-31T09:00:00Z; takes an instant not before the previous command's",
        "commands[2].at: got 2026-02-01T09:00:00Z; takes an instant not before the previous command's",
    ]


def test_commands_at_one_instant_and_at_both_ends_are_in_order() -> None:
    ends = [AT, AT, LEAST["until"], LEAST["until"]]
    assert faults(changed(commands=[{"at": at, "do": "deprovision"} for at in ends])) == []


def test_all_faults_at_once_in_the_files_order() -> None:
    data = {
        "policy": "csp-2018",
        "notes": 1,
        "offer": {**OFFER, "billing_plan": "annual", "currency": "US", "unit_price": 10.5},
        "order": {"at": AT, "seats": 3},
        "commands": [
            {"do": "deprovision", "by": "service"},
            {"at": "2026-03-12T09:00:00", "do": "cancel", "reason": "customer_request"},
            {"at": LATER, "do": "suspend", "reason": "bored"},
        ],
        "until": "soon",
    }
    assert fields(faults(data)) == [
        "policy",
        "notes",
        "offer.billing_plan",
        "offer.currency",
        "offer.unit_price",
        "order.seats",
        "order.customer",
        "commands[0].at",
        "commands[1].at",
        "commands[2].reason",
        "until",
        "name",
    ]


def test_a_life_may_not_reach_the_calendars_end() -> None:
    """Its deadlines lie beyond its last instant."""
    last = changed(until=f"{LAST_YEAR}-12-31T00:00:00Z", order={**ORDER, "at": f"{LAST_YEAR}-11-30T00:00:00Z"})
    assert simulate(parse_scenario(last)).only.subscription.state is State.ACTIVE
    (line,) = faults(changed(until=f"{LAST_YEAR + 1}-01-01T00:00:00Z"))
    assert line.startswith("until: got ")


@pytest.mark.parametrize("within", [(), ("offer",), ("commands", 0)])
def test_the_work_grows_with_the_unknown_fields_and_not_with_their_square(within: tuple[str | int, ...]) -> None:
    def work(number: int) -> int:
        """How many keys are compared until all faults are in the file's order."""
        data = json.loads(json.dumps(asking(do="reactivate")))
        faulty = data
        for part in within:
            faulty = faulty[part]
        # The other way round than pydantic reports them.
        faulty.update({Counted(f"unknown_{index}"): index for index in range(number)})
        before = Counted.comparisons
        with pytest.raises(MalformedFile) as caught:
            parse_scenario(data)
        assert [fault.got for fault in caught.value.faults] == list(range(number))
        return Counted.comparisons - before

    assert 0 < work(400) < 6 * work(100)
