"""A pack is pinned for the term; its new version holds from the next term on and shows before (BUY-5)."""

from datetime import timedelta

import pytest

from domain.policy import PACKS, PolicyPack
from domain.values import parse_instant
from statemachines.preview.simulator import Simulator
from statemachines.subscription.life import Life
from statemachines.subscription.timeline import What, timeline
from tests.support.simulated.life import LIVING, a_command, an_order

NEWER = PACKS["csp-2019"].model_copy(
    update={"version": 2, "window_reopens_on_renewal": True, "refund_window_monthly": timedelta(hours=72)}
)
BEFORE = parse_instant("2026-02-01T00:00:00Z")
RENEWAL = parse_instant("2026-02-15T09:00:00Z")
INSIDE = RENEWAL + timedelta(hours=71)


def learned(policy: PolicyPack = NEWER) -> Simulator:
    """A monthly life that has learned of the new version in its first term."""
    simulator = Simulator(an_order(), LIVING)
    simulator.advance(BEFORE)
    simulator.life = simulator.life.with_next_policy(policy)
    return simulator


def test_the_running_term_keeps_its_own() -> None:
    simulator = learned()
    answer = simulator.ask(a_command("cancel"), BEFORE)
    assert (answer.outcome, answer.rule) == ("cancellation_scheduled", "CXL-3")


def test_the_timeline_shows_it_at_the_renewal() -> None:
    shown = {m.what: m.why for m in timeline(learned().life.subscription, BEFORE)}
    assert shown[What.RENEW].endswith("at 10.00 USD a unit, under csp-2019 version 2")


def test_the_next_term_takes_it() -> None:
    simulator = learned()
    answer = simulator.ask(a_command("cancel"), INSIDE)
    assert (answer.outcome, str(answer.credit)) == ("cancelled_with_credit", "USD 30.00")
    policy = simulator.life.subscription.policy
    assert (policy, simulator.life.subscription.next_policy) == (NEWER, None)


def test_a_new_term_after_a_suspension_takes_it_too() -> None:
    """SUS-7."""
    simulator = learned()
    simulator.ask(a_command("suspend"), BEFORE)
    assert simulator.ask(a_command("reactivate"), RENEWAL).rule == "SUS-7"
    assert simulator.life.subscription.policy.version == 2


@pytest.mark.parametrize("policy", [PACKS["csp-2019"], PACKS["nce-2022"].model_copy(update={"version": 2})])
def test_only_a_newer_version_of_the_same_pack(policy: PolicyPack) -> None:
    with pytest.raises(ValueError, match="takes a version of csp-2019 after 1"):
        learned(policy)


def test_it_is_carried_from_run_to_run() -> None:
    life = learned().life
    assert Life.model_validate_json(life.model_dump_json()) == life
