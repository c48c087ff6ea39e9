"""A life under way: answers kept by command id, effects performed in order, usage that is still being counted."""

from datetime import datetime

import pytest

from domain.subscription.commands import Command
from domain.subscription.decision import Answered, Decision, Outcome
from domain.subscription.effects import Access, CountUsage, Effect, Keep, Provision, Receipt, Record
from domain.subscription.first_answers import (
    ANSWERS_HANDED_ON,
    ANSWERS_KEPT,
    DIGEST_LENGTH,
    DIGESTS_HANDED_ON,
    DIGESTS_KEPT,
    REPEATED_WITHIN,
)
from domain.subscription.subscription import Snapshot
from statemachines.preview.book import Book, KeyConflict
from statemachines.refused_signals import REFUSALS_KEPT
from statemachines.subscription.life import EVENTS_KEPT, Life
from statemachines.subscription.not_now import CommandIdForgotten, CommandIdReused, Unsettled
from tests.support.instants import instant
from tests.support.simulated.life import LIVING, ORDERED, ALife, Facts, a_command, an_order, told

USAGE: Facts = {"billing_type": "usage", "unit_price": "0.25"}


def test_a_repeated_command_gets_the_first_answer_and_has_one_effect() -> None:
    life = ALife()
    first = life.ask("2026-01-20", "change_quantity", quantity=5, command_id="c-1")
    after = life.subscription
    again = life.ask("2026-01-25", "change_quantity", quantity=5, command_id="c-1")
    assert again == first
    assert again.at == instant("2026-01-20")
    assert life.subscription == after


def test_a_repeat_is_answered_after_a_refusal_too_and_moves_no_time() -> None:
    life = ALife()
    first = life.ask("2026-01-20", "reactivate", command_id="c-1")
    life.ask("2026-01-21", "suspend")
    moved, again = LIVING.accept(life.simulator.life, a_command("reactivate", command_id="c-1"), instant("2027-01-01"))
    assert again == first
    assert moved == life.simulator.life


def test_the_same_id_with_other_arguments_is_an_error() -> None:
    life = ALife()
    life.ask("2026-01-20", "change_quantity", quantity=5, command_id="c-1")
    for do, fields in (
        ("change_quantity", {"quantity": 6}),
        ("change_quantity", {"quantity": 5, "by": "sales_agent"}),
        ("suspend", {}),
    ):
        with pytest.raises(CommandIdReused, match="c-1"):
            life.ask("2026-01-21", do, command_id="c-1", **fields)
    assert life.subscription.quantity == 5


def test_without_an_id_it_is_asked_anew() -> None:
    life = ALife()
    assert told(life.ask("2026-01-20", "suspend")) == "done SUS-1"
    assert told(life.ask("2026-01-20", "suspend")) == "unchanged MON-7"
    assert life.simulator.life.answered == ()


def test_the_answers_and_events_kept_are_bounded_the_oldest_go() -> None:
    life = ALife()
    for n in range(ANSWERS_KEPT + 1):
        life.ask("2026-01-20", "change_quantity", quantity=n % 2 + 1, command_id=f"c-{n}")
    kept = life.simulator.life
    assert [entry.command_id for entry in kept.answered] == [f"c-{n}" for n in range(1, ANSWERS_KEPT + 1)]
    assert [event.seq for event in kept.recent] == list(
        range(kept.subscription.seq - EVENTS_KEPT + 1, kept.subscription.seq + 1)
    )


def test_invariant_10_an_id_whose_answer_is_dropped_is_not_applied_again() -> None:
    life = ALife()
    for n in range(ANSWERS_KEPT + 3):
        life.ask("2026-01-20", "change_quantity", quantity=n % 2 + 1, command_id=f"c-{n}")
    before = life.simulator.life
    assert len(before.used) == 3 * DIGEST_LENGTH
    for number in range(3):
        with pytest.raises(CommandIdForgotten, match=f"command_id c-{number} was used before, .* or use a new id"):
            life.ask("2026-01-21", "change_quantity", quantity=9, command_id=f"c-{number}")
    assert life.simulator.life == before
    assert life.ask("2026-01-21", "change_quantity", quantity=9, command_id="c-new").outcome == "done"


def test_the_ids_that_stay_known_are_bounded_the_oldest_go() -> None:
    kept = ALife().simulator.life
    answer = ALife().ask("2026-01-20", "change_quantity", quantity=5)
    for n in range(DIGESTS_KEPT + ANSWERS_KEPT + 1):
        kept = kept.with_answer(a_command("change_quantity", quantity=5, command_id=f"c-{n}"), answer)
    assert len(kept.used) == DIGESTS_KEPT * DIGEST_LENGTH
    assert kept.repeated(a_command("change_quantity", quantity=5, command_id="c-0")) is None
    with pytest.raises(CommandIdForgotten):
        kept.repeated(a_command("change_quantity", quantity=5, command_id="c-1"))


def test_invariant_10_what_may_be_forgotten_is_for_the_books_to_say() -> None:
    """An id by whose digest alone it is known; and any unknown id, once there were more than have a digest."""
    kept = ALife().simulator.life
    answer = ALife().ask("2026-01-20", "change_quantity", quantity=5)

    def command(number: int) -> Command:
        return a_command("change_quantity", quantity=5, command_id=f"c-{number}")

    for n in range(DIGESTS_KEPT + ANSWERS_KEPT + 1):
        if n == DIGESTS_KEPT + ANSWERS_KEPT:
            assert not kept.may_have_forgotten(command(-1))
        kept = kept.with_answer(command(n), answer)
    assert kept.may_have_forgotten(command(0))
    assert kept.may_have_forgotten(command(-1))
    assert not kept.may_have_forgotten(command(DIGESTS_KEPT + 1))
    assert not kept.may_have_forgotten(a_command("change_quantity", quantity=5))
    handed_on = kept.handed_on(answer.at)
    assert handed_on.forgets
    assert len(handed_on.used) == DIGESTS_HANDED_ON * DIGEST_LENGTH
    recalled = kept.remembering(Answered(command_id="c-0", fingerprint=command(0).fingerprint(), answer=answer))
    assert recalled.repeated(command(0)) == answer
    assert not recalled.may_have_forgotten(command(0))


def test_a_run_hands_on_few_answers_and_the_digests_of_the_others() -> None:
    """All that the books lack, and the last ones of the last day, which their senders may not have got."""
    life = ALife()
    for n in range(ANSWERS_HANDED_ON + 4):
        life.ask("2026-01-20", "change_quantity", quantity=n % 2 + 1, command_id=f"c-{n}")
    whole, last = life.simulator.life, instant("2026-01-20")
    ids = [entry.command_id for entry in whole.answered]

    def handed_on(committed: int, now: datetime) -> list[str]:
        state = whole.model_copy(update={"committed": committed}).handed_on(now)
        assert len(state.used) == (len(ids) - len(state.answered)) * DIGEST_LENGTH
        for entry, number in zip(whole.answered, range(len(ids)), strict=True):
            command = a_command("change_quantity", quantity=number % 2 + 1, command_id=entry.command_id)
            assert state.may_have_forgotten(command) == (entry not in state.answered)
        return [entry.command_id for entry in state.answered]

    assert handed_on(whole.seq, last) == ids[-ANSWERS_HANDED_ON:]
    assert handed_on(whole.seq, last + REPEATED_WITHIN) == []
    assert handed_on(whole.seq - 1, last + REPEATED_WITHIN) == ids[-1:]
    assert handed_on(0, last) == ids


def test_invariant_10_a_record_takes_the_first_answer_to_the_books() -> None:
    """Only that of the command that led to it: what changes nothing is in no books."""
    order = an_order()
    life, now = LIVING.begin(order), order.at
    more = a_command("change_quantity", quantity=5, command_id="c-1")
    for asked in (more, more, more.model_copy(update={"command_id": "c-2"})):
        life, _ = LIVING.accept(life, asked, now)
    life, _ = LIVING.accept(life, a_command("change_quantity", quantity=6), now)
    records = [effect.answered for effect in life.effects if isinstance(effect, Record)]
    assert [each.command_id if each else None for each in records] == [None, "c-1", None]
    assert Life.model_validate_json(life.model_dump_json()) == life


def test_mon_6_a_sender_cannot_use_up_the_ids_of_the_systems_own_holds() -> None:
    life = ALife()
    life.ask("2026-01-20", "change_quantity", quantity=5, command_id="nonpayment-7")
    held = life.ask("2026-01-21", "suspend", reason="nonpayment", by="system", command_id="nonpayment-7")
    assert (held.outcome, held.do) == ("done", "suspend")
    assert life.ask("2026-01-22", "change_quantity", quantity=5, command_id="nonpayment-7").seq < held.seq


def test_refused_signals_are_kept_and_counted() -> None:
    life = ALife()
    kept = life.simulator.life
    for day in range(1, REFUSALS_KEPT + 3):
        kept = kept.with_refused_signal(life.ask(f"2026-01-{19 + day}", "reactivate"))
    assert kept.refused_signal_count == REFUSALS_KEPT + 2
    assert [answer.at for answer in kept.refused_signals] == [
        instant(f"2026-01-{19 + day}") for day in range(3, REFUSALS_KEPT + 3)
    ]


def test_a_life_survives_json_whole() -> None:
    """It is what one run hands on to the next."""
    life = ALife(
        an_order({**USAGE, "trial_days": 3, "add_ons": [{"id": "backup", "unit_price": "0.10"}]}, add_ons={"backup": 2})
    )
    life.ask("2026-01-16", "suspend", reason="fraud", by="service", command_id="c-1", details="x")
    life.ask("2026-01-17", "change_price", unit_price="0.30")
    kept, _ = LIVING.accept(life.simulator.life, a_command("reactivate", command_id="c-2"), instant("2026-01-30"))
    assert kept.effects
    assert Life.model_validate_json(kept.model_dump_json()) == kept


def test_effects_are_performed_in_order_and_the_record_comes_first() -> None:
    life = LIVING.begin(an_order())
    life, _ = LIVING.accept(life, a_command("suspend"), instant("2026-02-20"))
    assert [shape(effect) for effect in life.effects] == [
        "record 1",
        "grant 1",
        "record 2",
        "record 3",
        "revoke 3",
    ]
    assert (life.committed, life.provisioned, life.ended) == (0, 0, False)
    book = Book()
    progress = []
    while life.effects:
        effect = life.effects[0]
        if isinstance(effect, Record):
            life = life.acknowledged(book.record(effect))
        else:
            assert isinstance(effect, Provision)
            book.provision(effect)
            life = life.with_effect_performed()
        progress.append((life.committed, life.provisioned))
    assert progress == [(1, 0), (1, 1), (2, 2), (3, 2), (3, 3)]


def shape(effect: Effect) -> str:
    """`record 1` or `grant 1`."""
    return f"{effect.access if isinstance(effect, Provision) else 'record'} {effect.seq}"


@pytest.mark.parametrize(
    ("do", "fields", "access"),
    [
        ("suspend", {}, Access.REVOKE),
        ("cancel", {}, Access.REVOKE),
        ("change_quantity", {"quantity": 5}, Access.GRANT),
        ("set_add_on", {"add_on": "backup", "quantity": 2}, Access.GRANT),
        ("set_auto_renew", {"enabled": False}, None),
        ("change_price", {"unit_price": "1.00"}, None),
    ],
)
def test_sus_2_what_each_command_does_to_the_access(do: str, fields: Facts, access: Access | None) -> None:
    life = ALife(an_order({"add_ons": [{"id": "backup", "unit_price": "1.00"}]}))
    moved, _ = LIVING.accept(life.simulator.life, a_command(do, **fields), instant(ORDERED))
    provisions = [effect for effect in moved.effects if isinstance(effect, Provision)]
    assert [effect.access for effect in provisions] == ([access] if access else [])
    for effect in provisions:
        assert (effect.quantity, effect.add_ons) == (moved.subscription.quantity, moved.subscription.add_ons)


def test_sus_3_deletion_purges_and_a_life_ends_once_it_is_done() -> None:
    life = ALife()
    life.ask("2026-01-20", "suspend")
    moved = LIVING.settle(life.simulator.life, instant("2026-12-01"))
    record, purge = moved.effects
    assert isinstance(purge, Provision)
    assert purge.access is Access.PURGE
    assert not moved.ended
    assert moved.acknowledged(Receipt(seq=record.seq)).with_effect_performed().ended


def test_nothing_decided_nothing_to_do() -> None:
    life = ALife().simulator.life
    assert life.after(Decision(subscription=life.subscription)) == life


def test_cxl_6_the_usage_receipt_completes_the_answer_also_for_a_repeat() -> None:
    life = ALife(an_order(USAGE))
    life.ask("2026-01-16", "report_usage", units=10)
    first = life.ask("2026-01-20", "deprovision", command_id="c-1")
    assert told(first) == "done CXL-6 charge 2.50"
    assert life.ask("2026-01-21", "deprovision", command_id="c-1") == first
    assert life.simulator.life.answer_to("c-1") == first


def test_a_receipt_without_usage_completes_the_answer_too() -> None:
    life = ALife(an_order(USAGE))
    first = life.ask("2026-01-20", "deprovision", command_id="c-1")
    assert (told(first), first.metered) == ("done CXL-6", False)
    assert life.ask("2026-01-21", "deprovision", command_id="c-1") == first


def test_sus_10_unsettled_while_the_usage_of_a_suspended_life_is_still_counted() -> None:
    """Whether the boundary bills something is known only once the books have answered."""
    life = ALife(an_order(USAGE))
    life.ask("2026-01-16", "report_usage", units=10)
    uncounted, _ = LIVING.accept(life.simulator.life, a_command("suspend"), instant("2026-01-20"))
    assert uncounted.subscription.unbilled is None
    LIVING.settle(uncounted, instant("2026-02-15T08:59:59.999999Z"))
    with pytest.raises(Unsettled):
        LIVING.settle(uncounted, instant("2026-02-15T09:00:00Z"))
    record, count = uncounted.effects[:2]
    assert isinstance(record, Record)
    assert isinstance(count, CountUsage)
    counted = uncounted.acknowledged(life.simulator.book.record(record))
    counted = counted.counted(life.simulator.book.count_usage(count))
    assert LIVING.settle(counted, instant("2026-02-15T09:00:00Z")).subscription.seq == 3


def test_mon_2_a_decision_again_is_the_same_receipt_and_other_content_an_error() -> None:
    life = LIVING.begin(an_order())
    record = life.effects[0]
    assert isinstance(record, Record)
    book = Book()
    assert book.record(record) == book.record(record)
    assert len(book.rows) == len(book.events) == 1
    event = record.events[0].model_copy(update={"rule": "BUY-5"})
    with pytest.raises(KeyConflict):
        book.record(record.model_copy(update={"events": (event,)}))
    with pytest.raises(KeyConflict, match="term-1/period-1/charge/crm"):
        book.record(record.model_copy(update={"events": (record.events[0].model_copy(update={"seq": 9}),)}))


def test_what_the_records_change_comes_to_the_whole_snapshot() -> None:
    life = LIVING.settle(LIVING.begin(an_order()), instant("2026-02-20"))
    life, _ = LIVING.accept(life, a_command("suspend"), instant("2026-02-20"))
    life, _ = LIVING.accept(life, a_command("reactivate"), instant("2026-02-21"))
    changes = [effect.changed for effect in life.effects if isinstance(effect, Record)]
    merged = {name: value for changed in changes for name, value in (changed or {}).items()}
    snapshot = {name: getattr(life.subscription, name) for name in Snapshot.model_fields}
    assert dict(Snapshot.model_validate(merged)) == snapshot
    assert set(changes[1] or {}) == {"seq", "term", "paid_through"}
    assert set(changes[2] or {}) == {"seq", "holds", "deletes_at"}
    assert Life.model_validate_json(life.model_dump_json()) == life


def test_what_changes_without_an_event_is_kept() -> None:
    """BUY-5: a catalog's version whose prices are known, and the policy pack of the next term."""
    life = ALife().simulator.life
    known = a_command("change_price", unit_price="10.00", catalog_version=3)
    unchanged, answer = LIVING.accept(life, known, instant(ORDERED))
    assert answer.outcome is Outcome.UNCHANGED
    assert unchanged.effects == (Keep(seq=1, changed={"catalog_version": 3}),)
    again, answer = LIVING.accept(unchanged, a_command("set_auto_renew", enabled=True), instant(ORDERED))
    assert (answer.outcome, again.effects) == (Outcome.UNCHANGED, unchanged.effects)
    performed = unchanged.with_effect_performed()
    assert (performed.effects, performed.provisioned) == ((), 1)
    newer = life.subscription.policy.model_copy(update={"version": 2})
    (kept,) = life.with_next_policy(newer).effects
    assert kept == Keep(seq=1, changed={"next_policy": newer.model_dump(mode="json")})


def test_of_many_changes_without_events_two_wait() -> None:
    """The first may be being written already; the others are one."""
    life = ALife().simulator.life
    for version in (2, 3, 4):
        known = a_command("change_price", unit_price="10.00", catalog_version=version)
        life, _ = LIVING.accept(life, known, instant(ORDERED))
    life = life.with_next_policy(life.subscription.policy.model_copy(update={"version": 9}))
    first, rest = (effect for effect in life.effects if isinstance(effect, Keep))
    assert first.changed == {"catalog_version": 2}
    assert (rest.changed["catalog_version"], list(rest.changed)) == (4, ["catalog_version", "next_policy"])
    more, _ = LIVING.accept(life, a_command("suspend"), instant(ORDERED))
    last = more.with_next_policy(life.subscription.policy.model_copy(update={"version": 10}))
    assert last.effects[: len(more.effects)] == more.effects
    assert isinstance(last.effects[-1], Keep)
