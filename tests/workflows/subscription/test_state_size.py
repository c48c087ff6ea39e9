"""The largest state that may wait fits into the one payload that a run hands to the next."""

from datetime import UTC, datetime, timedelta
from uuid import NAMESPACE_OID, uuid5

from activities.billing.contracts import Origin
from domain.subscription.commands import ChangeQuantity, Command, Reactivate, Suspend
from domain.subscription.decision import Outcome
from domain.subscription.first_answers import DIGEST_LENGTH, DIGESTS_HANDED_ON
from domain.subscription.holds import Reason
from statemachines.preview.simulator import Simulator
from statemachines.subscription.life import Life, LifeSteps
from tests.support.live.purchases import order
from tests.support.shop.offers import offer
from workflows.durable import options
from workflows.notifications.messages import Stream
from workflows.subscription.messages import Continued

LARGEST_PAYLOAD = 2 * 1024 * 1024
"""The server terminates a workflow that sends a larger one."""
ADD_ONS = [f"{number:02}" + "a" * 62 for number in range(50)]
WHO, WHY, LONG = "admin_agent", Reason.CUSTOMER_REQUEST, "a" * 64
STEPS = LifeSteps()


def taken(life: Life, command: Command) -> Life:
    """The life after the command, some days after the last event: so it is prorated."""
    after, answer = STEPS.accept(life, command, life.subscription.last_at + timedelta(days=9))
    assert answer.outcome not in {Outcome.REFUSED, Outcome.UNCHANGED}
    return after


def test_a_parked_state_is_small_at_any_age() -> None:
    """What a run hands to the next is twice in the history, and is decoded with each new run."""
    sizes = []
    for years in (1, 10):
        simulator = Simulator(order(at=datetime(2027, 1, 31, tzinfo=UTC)))
        simulator.advance(datetime(2027 + years, 1, 31, tzinfo=UTC))
        life = simulator.life.handed_on(simulator.life.subscription.last_at)
        state = Continued(life=life, periods_per_run=options.PERIODS_PER_RUN, stream=Stream(), origin=Origin())
        sizes.append(len(state.model_dump_json()))
    assert max(sizes) < 1_350
    assert sizes[1] < sizes[0] + 20


def test_a_parked_state_stays_small_after_many_commands() -> None:
    """On the day of the last ones, when their senders may repeat them, and later. A parked run has 8 KiB."""
    life, number = STEPS.begin(order(at=datetime(2027, 1, 31, tzinfo=UTC), quantity=1)), 0
    while len(life.used) < DIGESTS_HANDED_ON * DIGEST_LENGTH:
        number += 1
        life = taken(
            life, ChangeQuantity(by=WHO, command_id=str(uuid5(NAMESPACE_OID, f"{number}")), quantity=9 + number % 2)
        )
        life = life.model_copy(update={"effects": (), "committed": life.seq})
    for hours, most in ((0, 7_000), (24, 4_200)):
        handed_on = life.handed_on(life.subscription.last_at + timedelta(hours=hours))
        state = Continued(life=handed_on, periods_per_run=options.PERIODS_PER_RUN, stream=Stream(), origin=Origin())
        assert len(state.model_dump_json()) < most


def test_what_may_wait_fits_into_one_payload() -> None:
    bought = offer(add_ons=[{"id": add_on, "unit_price": "2.50"} for add_on in ADD_ONS])
    at = datetime(2027, 1, 31, tzinfo=UTC)
    life = STEPS.begin(order(bought, at=at, quantity=1, add_ons=dict.fromkeys(ADD_ONS, 10**6)))
    number = 0
    while len(life.effects) < options.MOST_EFFECTS:
        number += 1
        life = taken(life, ChangeQuantity(by=WHO, actor=LONG, command_id=f"{number:064}", quantity=9_000 + number))
    while len(life.effects) < options.MOST_EFFECTS_OF_SIGNALS:
        number += 1
        back = Reactivate(by=WHO, actor=LONG, command_id=f"{number:064}", reason=WHY)
        hold = Suspend(by=WHO, actor=LONG, command_id=f"{number:064}", reason=WHY, details="\N{GRINNING FACE}" * 1024)
        life = taken(life, back if life.subscription.holds else hold)
    carried = Continued(
        life=life, periods_per_run=options.PERIODS_PER_RUN, stream=Stream(), origin=Origin()
    ).model_dump_json()
    assert LARGEST_PAYLOAD / 4 < len(carried.encode()) < LARGEST_PAYLOAD * 0.9
