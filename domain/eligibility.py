"""Who may buy what: what an order is checked for, and what it must be the only one to hold (ELG-1, ELG-8, TRI-4)."""

from domain.order import Order
from domain.roles import Action, Denial, denial
from domain.rules import Rule
from domain.values import Frozen


class Claim(Frozen):
    """A row that only one subscription can hold, by which rule; what it means that another does, and what to do."""

    key: str
    permanent: bool
    rule: Rule
    taken: str
    next_step: str


def refusal(order: Order) -> Denial | None:
    """Why the order cannot be taken, if it cannot (ROL-1, ELG-8)."""
    offer = order.offer
    if denied := denial(order.by, Action.BUY, order.roles):
        return denied
    if not offer.min_quantity <= order.quantity <= offer.max_quantity:
        takes = f"{offer.id} is sold from {offer.min_quantity} to {offer.max_quantity}, not {order.quantity}."
        return Denial(rule=Rule.ELG_8, message=takes)
    return None


def claims(order: Order, *, one_per_customer: bool) -> list[Claim]:
    """What the subscription must be the only one to hold (ELG-1, TRI-4)."""
    scope = f"{order.customer}/{order.offer.id}"
    found = []
    if one_per_customer:
        found.append(
            Claim(
                key=f"one-per-customer/{scope}",
                permanent=False,
                rule=Rule.ELG_1,
                taken=f"{order.customer} has {order.offer.id} already, which is sold once to a customer",
                next_step="Change that subscription instead.",
            )
        )
    if order.offer.trial_days:
        found.append(
            Claim(
                key=f"trial/{scope}",
                permanent=True,
                rule=Rule.TRI_4,
                taken=f"{order.customer} has had its one trial of {order.offer.id}",
                next_step="Buy an offer without a trial.",
            )
        )
    return found
