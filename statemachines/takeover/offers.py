"""The copy of its offer that a subscription is taken over with: the catalog's terms, at the row's prices (MOV-2)."""

from collections.abc import Iterator

from domain.catalog.catalog import ListedOffer
from domain.catalog.offers import PinnedAddOn, PinnedOffer, order_faults
from domain.faults import Fault
from domain.takeover.row import TakeoverRow


def pinned_offer(row: TakeoverRow, listed: ListedOffer) -> PinnedOffer:
    """The catalog's offer with the prices and bounds that the row names."""
    terms = listed.model_dump(include=set(PinnedOffer.model_fields), exclude={"add_ons"})
    terms |= {
        "unit_price": row.unit_price,
        "min_quantity": row.min_quantity or listed.min_quantity,
        "max_quantity": row.max_quantity or listed.max_quantity,
        "announce_days": listed.announce_days if row.announce_days is None else row.announce_days,
    }
    if row.add_on_prices is None:
        add_ons = {add_on.id: add_on.unit_price for add_on in listed.add_ons}
    else:
        add_ons = dict(row.add_on_prices)
    priced = tuple(PinnedAddOn(id=key, unit_price=price) for key, price in add_ons.items())
    return PinnedOffer.model_validate({**terms, "add_ons": priced})


def offer_faults(row: TakeoverRow, offer: PinnedOffer) -> Iterator[Fault]:
    """Yield the faults of what is sold, at which price and how much of it."""
    yield from offer.price_faults(("unit_price",), row.unit_price, row.quantity)
    for add_on in offer.add_ons:
        held = row.add_ons.get(add_on.id, 1)
        yield from offer.price_faults(("add_on_prices", add_on.id), add_on.unit_price, held)
        if add_on.id == row.offer:
            yield Fault(("add_on_prices", add_on.id), add_on.id, "an id that the offer itself does not have")
    for index, price in enumerate(row.prices or ()):
        yield from offer.price_faults(("prices", index, "unit_price"), price.unit_price, row.quantity)
    yield from order_faults("prices", row.prices or ())
    for key in row.add_ons:
        if offer.add_on(key) is None:
            known = ", ".join(a.id for a in offer.add_ons) or "none: the offer has no add-ons"
            yield Fault(("add_ons", key), key, f"an add-on of the offer ({known}), or its price in add_on_prices")
    if offer.min_quantity > offer.max_quantity:
        yield Fault(("min_quantity",), offer.min_quantity, f"at most max_quantity ({offer.max_quantity})")
    elif not offer.min_quantity <= row.quantity <= offer.max_quantity:
        bounds = f"{offer.min_quantity} to {offer.max_quantity}, the offer's bounds, or other bounds in the row"
        yield Fault(("quantity",), row.quantity, bounds)
    for key, number in row.add_ons.items():
        if number > offer.max_quantity:
            yield Fault(("add_ons", key), number, f"at most max_quantity ({offer.max_quantity})")
    yield from _scheduled_faults(row, offer)


def _scheduled_faults(row: TakeoverRow, offer: PinnedOffer) -> Iterator[Fault]:
    """What is made for the renewal is within the same bounds as an immediate change (REN-4)."""
    least = {} if offer.metered else {offer.id: offer.min_quantity}
    least |= dict.fromkeys((add_on.id for add_on in offer.add_ons), 0)
    for line, number in row.scheduled_changes.items():
        path = ("scheduled_changes", line)
        if row.term_start is None:
            yield Fault(path, number, "nothing in a trial: its quantities are frozen (TRI-6)")
        elif line not in least:
            yield Fault(path, line, f"a line whose quantity can change: {', '.join(least) or 'none'}")
        elif not least[line] <= number <= offer.max_quantity:
            yield Fault(path, number, f"{least[line]} to {offer.max_quantity} (ELG-8)")
