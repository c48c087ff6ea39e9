"""What a worker counts of decisions and answers, by the values alone."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from activities.measures import RecordMeasures, count_answer, count_rejection
from domain.rules import Rule
from domain.subscription.commands import Activate, Cancel, ChangeQuantity, Command
from domain.subscription.decision import Answer, Outcome
from domain.subscription.effects import Receipt, Record
from domain.subscription.holds import Reason
from statemachines.subscription.life import Life, LifeSteps
from tests.support.books.short_lives import LICENCE, order
from tests.support.instants import DAY, START
from tests.support.metrics.measured import Measured

STEPS = LifeSteps()
LATE = timedelta(minutes=7)


@pytest.fixture
def measured() -> Measured:
    return Measured()


def records(life: Life) -> list[Record]:
    return [effect for effect in life.effects if isinstance(effect, Record)]


def renewal(life: Life) -> datetime:
    assert life.subscription.term is not None
    return life.subscription.term.end


def performed(life: Life) -> Life:
    return life.model_copy(update={"effects": ()})


def test_a_renewal_is_counted_with_its_charge_and_its_lateness(measured: Measured) -> None:
    life = performed(STEPS.begin(order(LICENCE)))
    at = renewal(life)
    life = STEPS.settle(life, at)
    measures = RecordMeasures(measured.meter)
    for record in records(life):
        measures.note(record, Receipt(seq=record.seq), at + LATE, test_clock=False)
    (row,) = [row for record in records(life) for event in record.events for row in event.rows]
    assert measured.of("perennial_renewals") == [0, 1]
    assert measured.of("perennial_events", event="renewed") == [1]
    assert measured.of("perennial_milestone_lateness_seconds", event="renewed") == [LATE.total_seconds()]
    assert measured.of("perennial_charges", currency=row.currency) == [1]
    assert measured.of("perennial_charges_minor_units", currency=row.currency) == [row.amount * Decimal(100)]
    assert measured.of("perennial_credits", currency=row.currency) == []


def test_under_a_test_clock_nothing_is_late(measured: Measured) -> None:
    life = performed(STEPS.begin(order(LICENCE)))
    life = STEPS.settle(life, renewal(life))
    (record,) = records(life)
    RecordMeasures(measured.meter).note(record, Receipt(seq=record.seq), START + 900 * DAY, test_clock=True)
    assert measured.of("perennial_events", event="renewed") == [1]
    assert measured.of("perennial_milestone_lateness_seconds", event="renewed") == []


def asked(command: Command, at: datetime) -> tuple[Life, Answer]:
    return STEPS.accept(performed(STEPS.begin(order(LICENCE))), command, at)


def test_a_commands_time_is_measured_until_the_books_have_it(measured: Measured) -> None:
    cancel = Cancel(by="admin_agent", reason=Reason.CUSTOMER_REQUEST, command_id="c-1")
    life, answer = asked(cancel, START + timedelta(hours=1))
    (record,) = records(life)
    measures = RecordMeasures(measured.meter)
    measures.note(record, Receipt(seq=record.seq), answer.at + timedelta(seconds=2), test_clock=False)
    assert measured.of("perennial_command_seconds", command="cancel") == [2]
    assert measured.of("perennial_milestone_lateness_seconds", event="cancelled") == []
    (row,) = record.events[-1].rows
    assert measured.of("perennial_credits", currency=row.currency) == [1]


def test_a_set_up_that_was_not_done_in_time_is_a_milestone(measured: Measured) -> None:
    life = performed(STEPS.begin(order({**LICENCE, "setup": "publisher"})))
    life = STEPS.settle(life, START + 60 * DAY)
    (record,) = records(life)
    RecordMeasures(measured.meter).note(record, Receipt(seq=record.seq), record.events[0].at + LATE, test_clock=False)
    assert measured.of("perennial_milestone_lateness_seconds", event="cancelled") == [LATE.total_seconds()]


def test_answers_are_counted_by_outcome_and_refusals_by_rule(measured: Measured) -> None:
    _, done = asked(ChangeQuantity(by="admin_agent", quantity=9), START + DAY)
    _, refused = asked(Activate(by="publisher"), START + DAY)
    assert refused.outcome is Outcome.REFUSED
    for answer in (done, refused, refused):
        count_answer(measured.meter, answer)
    assert measured.of("perennial_commands", command="change_quantity", outcome="done") == [1]
    assert measured.of("perennial_commands", command="activate", outcome="refused") == [1, 1]
    assert measured.of("perennial_refusals", rule=refused.rule) == [1, 1]
    count_answer(measured.meter, refused.model_copy(update={"rule": "an attacker's words"}))
    assert measured.of("perennial_refusals", rule="other") == [1]
    assert refused.rule in {rule.value for rule in Rule}


def test_what_is_turned_away_is_counted_by_its_error(measured: Measured) -> None:
    count_rejection(measured.meter, "cancel", "Malformed")
    assert measured.of("perennial_rejections", command="cancel", error="Malformed") == [1]
