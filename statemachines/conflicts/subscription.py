"""Settles the conflicts of a subscription: what follows from the books' side, or without the effect (REP-1)."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal

from domain.conflict import Choice, Conflict, SettleConflict, Settled
from domain.rules import Rule
from domain.subscription.decision import Decision
from domain.subscription.effects import Adopt, Effect, Provision, Receipt, Record
from domain.subscription.events import Event, EventName
from domain.subscription.held import HeldRecord
from domain.subscription.ledger import Kind, LedgerRow
from domain.subscription.subscription import Snapshot
from domain.values import format_instant
from statemachines.conflicts.choices import BOTH, choices_about_events
from statemachines.subscription.draft import Draft
from statemachines.subscription.life import Life


def conflict_of(effect: Effect, words: str, held: HeldRecord | None) -> Conflict | None:
    """The conflict of an effect that failed for good, with what the books hold in its place; None if it is none.

    A change of access that is refused can only be set aside: there is no other side. A record without another side
    cannot: the events after it would not be numbered from it.
    """
    fields = held.fields if held else ()
    choices: tuple[Choice, ...] = ()
    match effect:
        case Provision():
            choices = BOTH if held else (Choice.SET_ASIDE,)
        case Record() if held:
            choices = _choices_about(effect, held)
        case Adopt():
            # The books' side could not be read back.
            fields = effect.held.fields
            choices = tuple(each for each in _choices_about(effect.record, effect.held) if each is Choice.SET_ASIDE)
    if held is None and not choices:
        return None
    return Conflict(key=effect.key, words=words, fields=fields, choices=choices)


def settle(life: Life, held: HeldRecord | None, request: SettleConflict, now: datetime) -> Life:
    """The life after the operator's choice about its first effect, with the event that says so.

    To adopt a whole record, the books must be read first: `adopted` follows.
    """
    effect = life.effects[0]
    if isinstance(effect, Provision):
        settled = Settled(key=effect.key, choice=request.choice, first=effect.seq, last=effect.seq)
        return _noted(life.with_effect_performed(), settled, held, request, now)
    record = effect.record if isinstance(effect, Adopt) else effect
    held = effect.held if isinstance(effect, Adopt) else held
    assert isinstance(record, Record)
    assert held is not None
    if held.rows:
        return _noted(_without_rows(life, record, held, request.choice), _about(record, request), held, request, now)
    if request.choice is Choice.ADOPT:
        adopt = Adopt(record=record, request=request, held=held, at=now)
        return life.model_copy(update={"effects": (adopt, *life.effects[1:])})
    return _without_record(life, record, held, request, now)


def adopted(life: Life, books: Life) -> Life:
    """The life as the books have it, after its first effect, an `Adopt`: what waited behind it is undone.

    The milestones among that are decided again, and its commands can be sent again.
    """
    adopt = life.effects[0]
    assert isinstance(adopt, Adopt)
    kept = books.model_copy(
        update={
            "refused_signals": life.refused_signals,
            "refused_signal_count": life.refused_signal_count,
            "accepted_at": max(life.accepted_at, books.accepted_at),
        }
    )
    settled = _about(adopt.record, adopt.request).model_copy(update={"last": adopt.held.up_to})
    return _noted(kept, settled, adopt.held, adopt.request, adopt.at)


def content_of(events: Sequence[Event]) -> dict[str, str]:
    """What events say, field by field, for people to compare."""
    return dict(field for event in events for field in _fields_of(event))


def content_of_rows(rows: Sequence[LedgerRow]) -> dict[str, str]:
    """What rows of the ledger say, by their keys."""
    return {f"row {row.key}": row_in_words(row) for row in rows}


def content_of_access(access: str, at: datetime) -> dict[str, str]:
    """What a change of access says."""
    return {"access": access, "at": format_instant(at)}


def row_in_words(row: LedgerRow) -> str:
    """Such as `charge 3 x crm, USD 30.00, for 2026-01-31 to 2026-02-28`."""
    period = f"{row.period.start:%Y-%m-%d} to {row.period.end:%Y-%m-%d}"
    return f"{row.kind} {row.quantity:f} x {row.line}, {row.currency} {row.amount:f}, for {period}"


def _fields_of(event: Event) -> Iterator[tuple[str, str]]:
    after = event.after
    facts = {
        "event": event.event.value,
        "at": format_instant(event.at),
        "state": event.state.value,
        "rule": event.rule,
        "by": event.by,
        "actor": event.actor,
        "reason": event.reason,
        "details": event.details,
        "command": event.command_id,
        "quantity": str(after.quantity),
        "add-ons": ", ".join(f"{number} {add_on}" for add_on, number in sorted(after.add_ons.items())),
        "auto-renew": "on" if after.auto_renew else "off",
        "holds": ", ".join(after.holds),
        "unit price": f"{after.unit_price:f}",
        "usage": ", ".join(charge.key for charge in event.usage),
    }
    yield from ((f"{event.seq} {name}", text) for name, text in facts.items() if text)
    yield from ((f"{event.seq} {name}", text) for name, text in content_of_rows(event.rows).items())


def _choices_about(record: Record, held: HeldRecord) -> tuple[Choice, ...]:
    return BOTH if held.rows else choices_about_events(held, record.events[-1].seq)


def _about(record: Record, request: SettleConflict) -> Settled:
    return Settled(key=record.key, choice=request.choice, first=record.seq, last=record.events[-1].seq)


def _noted(life: Life, settled: Settled, held: HeldRecord | None, request: SettleConflict, now: datetime) -> Life:
    """The life with the event that tells of the choice, behind all that waits.

    Its record has the whole snapshot: the changes of a record that was set aside are not in the books.
    """
    before = life.subscription
    draft = Draft(before, max(now, before.last_at), before.state, None)
    draft.emit(EventName.CONFLICT_SETTLED, Rule.REP_1)
    contents = {"rows": tuple(row.key for row in held.rows), "seal": held.seal, "fields": held.fields} if held else {}
    event = draft.events[0].model_copy(
        update={
            "by": request.by,
            "actor": request.actor,
            "reason": request.choice.value,
            "details": request.reason,
            "settled": settled.model_copy(update=contents),
        }
    )
    after = life.after(Decision(subscription=draft.subscription, events=(event,)))
    whole = after.subscription.model_dump(mode="json", include=set(Snapshot.model_fields))
    *others, last = after.effects
    return after.model_copy(update={"effects": (*others, last.model_copy(update={"changed": whole}))})


def _without_rows(life: Life, record: Record, held: HeldRecord, choice: Choice) -> Life:
    """The life whose first record leaves out the rows whose keys the books hold: the books' own rows stand.

    Adopted, they count as what was charged or credited; set aside, nothing does.
    """
    held_rows = {row.key: row for row in held.rows}
    refundable = dict(life.subscription.refundable)
    for row in (row for event in record.events for row in event.rows):
        # What was charged before the refund window opened is not in the balance.
        if row.key in held_rows and row.at >= life.subscription.window_from:
            taken = _signed(held_rows[row.key]) if choice is Choice.ADOPT else Decimal(0)
            refundable[row.line] = max(refundable.get(row.line, Decimal(0)) - _signed(row) + taken, Decimal(0))
    events = tuple(
        event.model_copy(
            update={
                "rows": tuple(row for row in event.rows if row.key not in held_rows),
                "usage": tuple(charge for charge in event.usage if charge.key not in held_rows),
            }
        )
        for event in record.events
    )
    subscription = life.subscription.model_copy(update={"refundable": refundable})
    first = record.model_copy(update={"events": events})
    return life.model_copy(update={"effects": (first, *life.effects[1:]), "subscription": subscription})


def _without_record(life: Life, record: Record, held: HeldRecord, request: SettleConflict, now: datetime) -> Life:
    """The life without its first record. The change of access that it led to gets the number of the new event.

    By its own number the books and the tenant service may know another one.
    """
    last = record.events[-1].seq
    own = [each for each in life.effects if isinstance(each, Provision) and each.seq <= last]
    others = tuple(each for each in life.effects[1:] if each not in own)
    dropped = life.model_copy(update={"effects": (record, *others)})
    after = dropped.acknowledged(Receipt(seq=record.seq))
    noted = _noted(after, _about(record, request), held, request, now)
    if not own or any(isinstance(each, Provision) for each in others):
        return noted
    changed = own[-1].model_copy(update={"seq": noted.subscription.seq, "at": noted.subscription.last_at})
    return noted.model_copy(update={"effects": (*noted.effects, changed)})


def _signed(row: LedgerRow) -> Decimal:
    return row.amount if row.kind is Kind.CHARGE else -row.amount
