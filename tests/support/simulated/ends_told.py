"""Invariant 11 and SUS-4: the end that is told is what happens, and no other date is told, as checks that assert."""

import re

from domain.rules import Rule
from domain.subscription.decision import Answer
from domain.subscription.ends import deleted_at, expires_at
from domain.subscription.events import EventName, State
from domain.subscription.subscription import Subscription
from domain.values import format_instant
from statemachines.preview.simulator import Simulator
from tests.support.instants import TICK
from tests.support.simulated.random_lives import copied


def ends_when_told_11(simulator: Simulator) -> None:
    """SUS-4: what is told comes true to the instant if no command comes, and it is one of expiry and deletion."""
    subscription = simulator.life.subscription
    expiry, deletion = expires_at(subscription), deleted_at(subscription)
    if subscription.state.ended:
        assert (expiry, deletion) == (None, None)
        return
    assert expiry is None or deletion is None
    assert expiry or deletion or all(hold.until for hold in subscription.holds)
    if told := expiry or deletion:
        twin = copied(simulator)
        twin.advance(told - TICK)
        assert not twin.life.subscription.state.ended
        twin.advance(told)
        last = twin.book.events[-1]
        assert (last.event, last.at) == (EventName.EXPIRED if expiry else EventName.DELETED, told)


def tells_what_comes_first_11(after: Subscription, answer: Answer) -> None:
    """SUS-4: a suspension that is done has the date of its end; no answer of a suspended one names another date."""
    ends = (expires_at(after), deleted_at(after))
    told = ends if (answer.do, answer.outcome) == ("suspend", "done") else (None, None)
    assert (answer.ends_at, answer.deletes_at) == told
    if answer.do in {"suspend", "cancel", "set_auto_renew"} and after.state is State.SUSPENDED:
        comes_first = {format_instant(each) for each in ends if each}
        named = set(re.findall(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z", answer.message))
        pauses = {format_instant(hold.until) for hold in after.holds if hold.until}
        assert named <= comes_first | pauses or answer.rule == Rule.SUS_11, "a refused pause names the last day"
        assert comes_first - pauses <= named or not answer.effective_at
