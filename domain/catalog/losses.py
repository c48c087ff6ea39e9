"""What an import takes away from an offer that the catalog has: a person confirms it first."""

from collections.abc import Collection, Iterator

from domain.catalog.catalog import ListedOffer
from domain.values import format_instant

_LISTS = {"segments": "segment", "countries": "country", "exclusive_to": "partner"}
_BOUNDS = ("min_quantity", "max_quantity", "trial_days", "announce_days", "one_per_customer")
_SOLD = ("transactable", "in_programme")


def losses(before: ListedOffer, after: ListedOffer) -> Iterator[str]:
    """Yield what the offer had and has no more, in words: entries of its lists, limits, and whether it is sold.

    A limit is lost where it returns to the default, as where a file leaves it out; another value is a change, and so is
    a price with another instant.
    """
    yield from _missing("add-on", [a.id for a in before.add_ons], [a.id for a in after.add_ons])
    for field, noun in _LISTS.items():
        was, now = getattr(before, field), getattr(after, field)
        if was and not now:
            yield f"{field} {', '.join(was)} (then all)"
        elif now and not was:
            yield f"every {noun} but {', '.join(now)}"
        else:
            yield from _missing(noun, was or (), now or ())
    if len(after.prices) < len(before.prices):
        kept = {price.at for price in after.prices}
        yield from (f"price from {format_instant(price.at)}" for price in before.prices if price.at not in kept)
    for field in _BOUNDS:
        default, was = ListedOffer.model_fields[field].default, getattr(before, field)
        if was != default and getattr(after, field) == default:
            yield f"{field} {was}" if not isinstance(was, bool) else field
    for field in _SOLD:
        if getattr(before, field) and not getattr(after, field):
            yield f"its sale ({field}: false)"


def _missing(noun: str, was: Collection[str], now: Collection[str]) -> Iterator[str]:
    yield from (f"{noun} {entry}" for entry in was if entry not in now)
