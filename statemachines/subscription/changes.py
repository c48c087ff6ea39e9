"""Changes of a running subscription: quantity, add-ons, auto-renew, coming prices, usage (MON-4, REN-2, BUY-5)."""

from datetime import datetime
from decimal import Decimal

from domain.rules import Rule
from domain.subscription import commands
from domain.subscription.access import gap_at
from domain.subscription.events import EventName
from domain.subscription.ledger import Kind, LedgerRow
from domain.subscription.pricing import prorated
from domain.subscription.scheduled import PriceFrom, When, without
from domain.subscription.subscription import QuantityChange, Subscription
from domain.values import format_instant
from statemachines.subscription.draft import Draft
from statemachines.subscription.scheduling import dropped, schedule
from statemachines.subscription.suspension import end_in_words

PRICES_NAMED = 3
"""How many coming price changes an answer names."""
ASK_A_USER = "A user can change the quantity (change_quantity)."
"""The next step in refusals of `reject_quantity`."""


def change_quantity(draft: Draft) -> None:
    """MON-4: credit the old quantity and charge the new one for the days left of the billing period.

    REN-4: or schedule it for the renewal.
    """
    command, subscription = draft.command, draft.subscription
    assert isinstance(command, commands.ChangeQuantity)
    if bounds := _out_of_bounds(draft, command.quantity):
        draft.refuse(Rule.ELG_8, bounds)
    elif command.when is When.RENEWAL:
        schedule(draft, subscription.offer.id, "quantity", command.quantity)
    elif command.quantity == subscription.quantity:
        draft.unchanged(f"The quantity is already {subscription.quantity}.")
    else:
        draft.message = f"The quantity is now {command.quantity}, prorated by day."
        draft.message += dropped(draft, subscription.offer.id)
        _set(draft, command.quantity)


def reject_quantity(draft: Draft) -> None:
    """MON-4: restore the quantity before the last change, prorated. A rejection cannot be rejected."""
    command, last = draft.command, draft.subscription.last_change
    assert isinstance(command, commands.RejectQuantity)
    assert last is not None
    if command.sequence == last.rejects:
        # Remembered until the next change of the quantity: the publisher may repeat a rejection late.
        draft.unchanged(f"Event {last.rejects} has already been rejected.")
    elif command.sequence != last.seq:
        draft.refuse(Rule.MON_4, _not_the_last(command.sequence, last))
    elif last.rejects is not None:
        words = f"Event {last.seq} is itself the rejection of event {last.rejects} and cannot be rejected."
        draft.refuse(Rule.MON_4, f"{words} {ASK_A_USER}")
    elif bounds := _out_of_bounds(draft, last.before):
        draft.refuse(Rule.ELG_8, f"The quantity before event {last.seq} cannot be restored. {bounds} {ASK_A_USER}")
    else:
        draft.message = f"Event {last.seq} is rejected; the quantity is {last.before} again, prorated by day."
        _set(draft, last.before, rejects=last.seq)


def _out_of_bounds(draft: Draft, quantity: int) -> str | None:
    offer = draft.subscription.offer
    if offer.min_quantity <= quantity <= offer.max_quantity:
        return None
    return f"The quantity must be {offer.min_quantity} to {offer.max_quantity}, not {quantity}."


def _not_the_last(sequence: int, last: QuantityChange) -> str:
    words = f"Event {sequence} is not the last quantity change; event {last.seq} is"
    if last.rejects is None:
        return f"{words}. Reject that one instead."
    return f"{words}: it rejected event {last.rejects}. Nothing is left to reject."


def _set(draft: Draft, quantity: int, rejects: int | None = None) -> None:
    subscription = draft.subscription
    rows = _replaced(draft, subscription.offer.id, subscription.unit_price, subscription.quantity, quantity)
    period = subscription.billing_period(subscription.period_at(draft.at))
    change = QuantityChange(seq=draft.next_seq, before=subscription.quantity, period_end=period.end, rejects=rejects)
    left = without(subscription.scheduled_changes, subscription.offer.id)
    draft.emit(
        EventName.QUANTITY_CHANGED, Rule.MON_4, rows=rows, quantity=quantity, last_change=change, scheduled_changes=left
    )


def _replaced(draft: Draft, line: str, price: Decimal, before: int, after: int) -> list[LedgerRow]:
    """The prorated credit of the quantity before, and the charge of the one after."""
    return [
        row
        for kind, quantity in ((Kind.CREDIT, before), (Kind.CHARGE, after))
        for row in prorated(draft.subscription, kind, line, quantity, price, draft.at, draft.next_seq)
    ]


def set_add_on(draft: Draft) -> None:
    """MON-4: an add-on is prorated to its subscription's billing period. A quantity of 0 removes it (ELG-8).

    REN-4: or it is scheduled for the renewal.
    """
    command, subscription = draft.command, draft.subscription
    assert isinstance(command, commands.SetAddOn)
    offer = subscription.offer
    add_on = offer.add_on(command.add_on)
    if add_on is None:
        known = ", ".join(a.id for a in offer.add_ons) or "none"
        draft.refuse(Rule.BUY_4, f"{offer.id} has no add-on `{command.add_on}`. Its add-ons: {known}.")
        return
    quantity, current = command.quantity, subscription.add_ons.get(add_on.id, 0)
    if quantity > offer.max_quantity:
        takes = f"0 (which removes it) to {offer.max_quantity}"
        draft.refuse(Rule.ELG_8, f"An add-on's quantity must be {takes}, not {quantity}.")
    elif command.when is When.RENEWAL:
        schedule(draft, add_on.id, f"quantity of {add_on.id}", quantity)
    elif quantity == current:
        has = f"The quantity of {add_on.id} is already {current}."
        draft.unchanged(has if current else f"The subscription does not have the add-on {add_on.id}.")
    else:
        rows = _replaced(draft, add_on.id, add_on.unit_price, current, quantity)
        now = f"The quantity of {add_on.id} is now {quantity}, prorated by day."
        draft.message = now if quantity else f"The add-on {add_on.id} is removed, credited by day."
        draft.message += dropped(draft, add_on.id)
        others = {name: number for name, number in subscription.add_ons.items() if name != add_on.id}
        add_ons = {**subscription.add_ons, add_on.id: quantity} if quantity else others
        left = without(subscription.scheduled_changes, add_on.id)
        draft.emit(EventName.ADD_ON_CHANGED, Rule.MON_4, rows=rows, add_ons=add_ons, scheduled_changes=left)


def set_auto_renew(draft: Draft) -> None:
    """REN-2, REN-3: turn auto-renew on or off. Turning it on undoes a scheduled cancellation."""
    command, subscription = draft.command, draft.subscription
    assert isinstance(command, commands.SetAutoRenew)
    word = "on" if command.enabled else "off"
    if command.enabled == subscription.auto_renew:
        draft.unchanged(f"Auto-renew is already {word}.")
    elif command.enabled and subscription.scheduled_cancellation:
        draft.emit(EventName.CANCELLATION_UNDONE, Rule.REN_3, auto_renew=True, scheduled_cancellation=None)
        follows = end_in_words(draft.subscription) or "The subscription will renew."
        draft.message = f"The scheduled cancellation is undone. {follows}"
    else:
        draft.emit(EventName.AUTO_RENEW_CHANGED, Rule.REN_2, auto_renew=command.enabled)
        draft.message = f"Auto-renew is {word}. {end_in_words(draft.subscription)}".rstrip()


def change_price(draft: Draft) -> None:
    """BUY-5: replace the schedule of coming prices; the running term keeps its price.

    A message from an older catalog that arrives late changes nothing (MON-7).
    """
    command, subscription = draft.command, draft.subscription
    assert isinstance(command, commands.ChangePrice)
    for fault in command.faults(subscription.offer, draft.at, subscription.quantity):
        draft.refuse(Rule.BUY_5, f"The price change is not valid: {fault}.")
        return
    known = subscription.catalog_version
    version = known if command.catalog_version is None else command.catalog_version
    if version < known:
        draft.unchanged(f"The prices of a newer catalog (version {known}) are already known.")
        return
    changed = subscription.with_prices(_schedule(command, draft.at), draft.at)
    coming = changed.coming_prices(draft.at)
    words = _coming_words(subscription.offer.currency, *coming)
    if coming == subscription.coming_prices(draft.at):
        draft.update(catalog_version=version)
        draft.unchanged(f"The price is already set: {words}.")
        return
    draft.message = f"{words[0].upper()}{words[1:]}."
    draft.emit(EventName.PRICE_SCHEDULED, Rule.BUY_5, prices=changed.prices, catalog_version=version)


def _schedule(command: commands.ChangePrice, now: datetime) -> tuple[PriceFrom, ...]:
    first = PriceFrom(at=command.holds_from or now, unit_price=command.unit_price)
    return (first, *(PriceFrom(at=price.at, unit_price=price.unit_price) for price in command.later or ()))


def _coming_words(currency: str, price: Decimal, changes: tuple[PriceFrom, ...]) -> str:
    words = f"from the next term the price is {currency} {price:f} per unit"
    for change in changes[:PRICES_NAMED]:
        words += f"; for terms that begin after {format_instant(change.at)} it is {currency} {change.unit_price:f}"
    return words + (f"; {len(changes) - PRICES_NAMED} more changes follow" if len(changes) > PRICES_NAMED else "")


def report_usage(draft: Draft) -> None:
    """USE-1: usage is taken exactly if users had access when it was used. The books detect a repeated `usage_id` later.

    A correction keeps the instant of the report that it corrects, which only the books know (USE-3).
    """
    command, subscription = draft.command, draft.subscription
    assert isinstance(command, commands.ReportUsage)
    used_at = command.used_at or draft.at
    if refusal := _not_taken(subscription, command, used_at, draft.at):
        draft.refuse(Rule.USE_1, refusal)
        return
    draft.rule = Rule.CXL_6
    if command.corrects:
        draft.message = (
            f"Recorded. It replaces the units of {command.corrects}; if they are billed, the difference follows."
        )
    elif subscription.in_free_trial(used_at) or used_at < (subscription.first_billing or subscription.ordered_at):
        draft.message = "Recorded. Usage in the trial is not billed."
    elif closes := subscription.usage_closes:
        draft.message = f"Recorded. It is billed at {format_instant(closes)}."
    elif subscription.term and used_at < subscription.billing_period(subscription.period_ending(draft.at)).start:
        draft.message = "Recorded. Its period has already been billed, so it goes on the next charge."
    else:
        draft.message = "Recorded. It is billed at the end of the period."


def _not_taken(
    subscription: Subscription, command: commands.ReportUsage, used_at: datetime, now: datetime
) -> str | None:
    """Why the usage is not taken at that instant; None if it is (USE-1)."""
    state, closes = subscription.state, subscription.usage_closes
    if closes is not None and now >= closes:
        return f"The subscription has ended ({state}); its usage could be reported until {format_instant(closes)}."
    if command.corrects:
        return None
    if used_at > now:
        return "`used_at` is in the future. Report usage after it has happened."
    if used_at < subscription.ordered_at:
        return f"`used_at` is before the order ({format_instant(subscription.ordered_at)})."
    gap = gap_at(subscription.gaps, used_at)
    if gap is None:
        return None
    if gap.end is None and gap.start <= subscription.ordered_at:
        return "Users have had no access yet, so nothing was used."
    until = f" until {format_instant(gap.end)}" if gap.end else ""
    words = f"Users had no access from {format_instant(gap.start)}{until}, so nothing was used then."
    return words if command.used_at else f"{words} Usage of before is taken with its `used_at`."
