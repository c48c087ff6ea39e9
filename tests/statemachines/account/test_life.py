"""An account under way: what waits for a close, which instants a request may name, what is kept (MON-5, TIM-5)."""

from datetime import datetime, timedelta

import pytest

from domain.account.account import Look
from domain.account.events import AccountRecord, Close, CloseReceipt
from domain.account.terms import terms_of
from statemachines.account.life import CONSIDERED, AccountLife, AccountSteps, Closing
from statemachines.preview.simulator import Simulator
from statemachines.refused_signals import REFUSALS_KEPT
from statemachines.simulation.account_book import AccountBook
from statemachines.subscription.life import EVENTS_KEPT
from statemachines.subscription.not_now import NotNow, OutOfTime
from tests.support.instants import TICK, instant
from tests.support.simulated.customer import ACustomer, a_request, paid
from tests.support.simulated.life import LIVING, ORDERED, an_order

CLOSE = instant("2026-02-01")
ACCOUNTS = AccountSteps()
PAY = a_request("pay", amount="30.00")


def opened() -> AccountLife:
    """An account at its first moment."""
    return ACCOUNTS.begin("fabrikam", terms_of("csp-2019"), instant(ORDERED))


def a_book() -> AccountBook:
    """Books with one charge of 30.00 in January."""
    return AccountBook("fabrikam", {"s-1": Simulator(an_order(), LIVING).book})


def stepped(life: AccountLife, now: datetime) -> AccountLife:
    """The life after its next milestone; there must be one."""
    further = ACCOUNTS.step(life, now)
    assert further is not None
    return further


def performed(life: AccountLife, book: AccountBook) -> AccountLife:
    """The life with all its effects performed."""
    while life.effects:
        effect = life.effects[0]
        if isinstance(effect, Close):
            life = ACCOUNTS.closed(life, book.close(effect))
            continue
        if isinstance(effect, Look):
            life = ACCOUNTS.looked(life, book.look(effect))
            continue
        if isinstance(effect, AccountRecord):
            book.record(effect)
        life = life.first_effect_done()
    return life


def until(now: datetime | str) -> AccountLife:
    """An account with one unpaid invoice, caught up to that instant."""
    life, book = opened(), a_book()
    while (further := ACCOUNTS.step(life, instant(now))) is not None:
        life = performed(further, book)
    return life


def checked(
    life: AccountLife, now: datetime | str, at: datetime | str | None = None, *, test_clock: bool = True
) -> None:
    """Whether a payment can be decided."""
    request = PAY if at is None else PAY.model_copy(update={"at": instant(at)})
    ACCOUNTS.check(life, request, instant(now), test_clock=test_clock)


def test_mon_5_while_a_month_is_being_closed_nothing_is_decided_and_nothing_happens() -> None:
    life = stepped(opened(), CLOSE)
    assert life.account.closing is not None
    assert life.account.closing.end == CLOSE == life.account.month.start
    assert ACCOUNTS.step(life, instant("2030-01-01")) is None
    with pytest.raises(Closing, match="Try again shortly"):
        checked(life, CLOSE + TICK)
    with pytest.raises(Closing):
        ACCOUNTS.accept(life, PAY, CLOSE + TICK)


def test_mon_5_once_the_month_is_closed_the_request_is_decided() -> None:
    life = performed(stepped(opened(), CLOSE), a_book())
    assert life.account.closing is None
    checked(life, CLOSE)
    life, answer = ACCOUNTS.accept(life, PAY, CLOSE)
    assert paid(answer) == "done MON-6"
    assert life.account.receivables == ()


def test_mon_5_a_quiet_month_is_closed_with_nothing() -> None:
    life = stepped(opened(), CLOSE)
    (close,) = life.effects
    assert isinstance(close, Close)
    life = ACCOUNTS.closed(life, CloseReceipt(period=close.period))
    assert (life.account.closing, life.effects, life.account.seq, life.recent) == (None, (), 0, ())


@pytest.mark.parametrize(("late", "closes"), [(-TICK, False), (0 * TICK, True), (TICK, True)])
def test_mon_5_a_request_from_the_months_end_on_waits_for_the_close(late: timedelta, closes: bool) -> None:
    life = opened()
    if not closes:
        checked(life, CLOSE + late)
        _, answer = ACCOUNTS.accept(life, PAY, CLOSE + late)
        assert paid(answer) == "done MON-6 credit 30.00"
        return
    with pytest.raises(Closing):
        checked(life, CLOSE + late)
    with pytest.raises(Closing):
        ACCOUNTS.accept(life, PAY, CLOSE + late)
    assert life == opened()


@pytest.mark.parametrize("now", ["2026-05-01", "2026-06-15"])
def test_mon_5_a_request_waits_for_the_close_also_where_reminders_come_before_it(now: str) -> None:
    """The worker was down since April the 1st: what is checked is what is then decided."""
    life = until("2026-04-01")
    assert life.account.month.end == instant("2026-05-01")
    with pytest.raises(Closing):
        ACCOUNTS.accept(life, PAY, instant(now))
    with pytest.raises(Closing):
        checked(life, now)


@pytest.mark.parametrize(("now", "reminders"), [("2026-04-02", 0), ("2026-04-03", 1), ("2026-04-20", 3)])
def test_mon_8_a_request_waits_for_the_look_into_the_books(now: str, reminders: int) -> None:
    """When an invoice falls due, and before a reminder. The worker was down since April the 1st (TIM-5)."""
    life = until("2026-04-01")
    with pytest.raises(Closing):
        checked(life, now)
    with pytest.raises(Closing):
        ACCOUNTS.accept(life, PAY, instant(now))
    looking = stepped(stepped(life, instant(now)), instant(now))
    assert looking.account.looking is not None
    assert ACCOUNTS.step(looking, instant("2030-01-01")) is None
    life, _ = ACCOUNTS.accept(until(now), PAY, instant(now))
    told = ["invoice_overdue", *["reminded"] * reminders, "payment_received"]
    assert [event.event.value for event in life.recent[1:]] == told


def test_an_instant_is_taken_only_with_a_test_clock() -> None:
    with pytest.raises(OutOfTime, match="test clock"):
        checked(opened(), "2026-01-20", "2026-01-20", test_clock=False)
    checked(opened(), "2026-01-20", test_clock=False)


def test_an_instant_is_not_before_the_last_event() -> None:
    life = until("2026-02-10")
    with pytest.raises(OutOfTime, match=r"not be before the last event \(2026-02-01T00:00:00Z\)"):
        checked(life, "2026-02-10", CLOSE - TICK)
    checked(life, "2026-02-10", CLOSE)


def test_an_instant_is_not_beyond_the_next_milestone() -> None:
    life = until("2026-04-02")
    checked(life, "2026-04-02", instant("2026-04-03") - TICK)
    with pytest.raises(Closing):
        checked(life, "2026-04-02", "2026-04-03")
    with pytest.raises(OutOfTime, match=r"not be after the next milestone \(remind, 2026-04-03T00:00:00Z\)"):
        checked(life, "2026-04-02", instant("2026-04-03") + TICK)


def test_an_instant_at_the_close_itself_waits_for_it_and_one_beyond_is_out_of_time() -> None:
    life = until("2026-02-10")
    with pytest.raises(Closing):
        checked(life, "2026-02-10", "2026-03-01")
    with pytest.raises(OutOfTime, match="close, 2026-03-01"):
        checked(life, "2026-02-10", instant("2026-03-01") + TICK)


def test_an_instant_decides_not_the_clock() -> None:
    """Its own month, before the close, where the clock is already past it."""
    checked(until("2026-02-10"), "2026-03-05", "2026-02-20")


def test_both_are_reasons_not_to_decide_now() -> None:
    assert issubclass(Closing, NotNow)
    assert issubclass(OutOfTime, NotNow)


def test_tim_5_when_something_was_last_accepted_a_refusal_does_not_move() -> None:
    life = until("2026-02-10")
    refused, answer = ACCOUNTS.accept(life, PAY.model_copy(update={"by": "janitor"}), instant("2026-02-10"))
    assert paid(answer) == "refused ROL-1"
    assert refused == life
    accepted, _ = ACCOUNTS.accept(life, PAY, instant("2026-02-10"))
    assert accepted.accepted_at == instant("2026-02-10")


def test_effects_are_in_the_order_of_what_is_recorded_before_it_is_done() -> None:
    life = until(instant("2026-05-02") - TICK)
    life = stepped(life, instant("2026-05-02"))
    (look,) = life.effects
    assert isinstance(look, Look)
    assert (look.at, look.until, look.seq) == (instant("2026-05-02"), instant("2026-05-02"), life.account.seq)
    life = ACCOUNTS.looked(life, a_book().look(look))
    assert [effect.effect for effect in life.effects] == ["account_record", "hold"]
    assert life.committed == life.account.seq - 1
    life = life.first_effect_done()
    assert life.committed == life.account.seq
    life, _ = ACCOUNTS.accept(life.first_effect_done(), PAY, instant("2026-05-03"))
    assert [effect.effect for effect in life.effects] == ["account_record", "lift"]


def test_the_last_events_and_refused_signals_are_kept() -> None:
    customer = ACustomer(buys=False)
    for number in range(EVENTS_KEPT + 5):
        customer.pay("2026-01-20", "1.00", payment_id=f"p-{number}")
    life = customer.simulator.life
    assert [event.seq for event in life.recent] == list(range(6, EVENTS_KEPT + 6))
    _, answer = ACCOUNTS.accept(opened(), PAY.model_copy(update={"by": "janitor"}), instant(ORDERED))
    for _ in range(REFUSALS_KEPT + 2):
        life = life.with_refused_signal(answer)
    assert (len(life.refused_signals), life.refused_signal_count) == (REFUSALS_KEPT, REFUSALS_KEPT + 2)


def test_an_account_is_carried_whole_as_json() -> None:
    """What a run hands on to the next."""
    for now in ("2026-01-20", "2026-05-20"):
        life = until(now)
        assert AccountLife.model_validate_json(life.model_dump_json()) == life
    waiting = stepped(opened(), CLOSE).model_copy(update={"waiting": (PAY, a_request("change_terms", suspends=False))})
    assert AccountLife.model_validate_json(waiting.model_dump_json()) == waiting


def test_sus_9_a_payment_is_performed_once_what_it_lifts_is_lifted() -> None:
    """Recorded first, lifted then: who waits for it is told only when both are done."""
    life, book = opened(), a_book()
    # January's invoice is due on April 2; thirty days later it leads to holds (MON-6).
    while not life.account.holds:
        life = performed(stepped(life, instant("2026-05-02")), book)
    assert life.performed == life.committed == life.account.seq
    life, answer = ACCOUNTS.accept(life, PAY, instant("2026-05-03"))
    assert life.performed == answer.seq - 1
    recorded = life.first_effect_done()
    assert (recorded.committed, recorded.performed) == (answer.seq, answer.seq - 1)
    assert recorded.first_effect_done().performed == answer.seq


def test_mon_8_each_instant_is_decided_as_of_and_of_too_many_the_last() -> None:
    """What covered a debt first dates what follows, also where the news of two subscriptions come at once."""
    told = [instant("2026-04-02T01:00:00Z") + timedelta(seconds=number) for number in range(CONSIDERED + 10)]
    life = until("2026-04-02")
    for at in reversed(told):
        life = life.considering(at)
    assert (len(life.consider), life.consider[0], life.consider[-1]) == (CONSIDERED, told[0], told[-1])
    assert life.due_at == told[0]
    life = performed(stepped(life, told[1]), a_book())
    assert life.account.seen is not None
    assert (life.account.seen.at, life.due_at) == (told[0], life.consider[0])
    assert ACCOUNTS.step(life, life.consider[0] - TICK) is None
