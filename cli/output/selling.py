"""What the commands of the catalog, of carts and of orders print."""

from enum import StrEnum
from typing import Any

from activities.orders.contracts import OrderLine, PlacedOrder
from cli.output.subscriptions import Living, Past
from domain.calendar import BillingPlan, TermLength
from domain.catalog.catalog import Contents, ListedOffer
from domain.catalog.changes import Changes
from domain.catalog.customers import Customer
from domain.catalog.offers import BillingType
from domain.money import Currency, Money
from domain.ordering.eligibility import Refusal
from domain.ordering.setup_link import Resolved, SetupLink
from domain.subscription.events import State
from domain.values import ExactDecimal, Frozen, Instant, OmitEmpty


class Offer(ListedOffer):
    """An offer and its price now; for a customer, whether it can be bought, and if not, why."""

    price_now: ExactDecimal
    available: OmitEmpty[bool | None] = None
    refusals: OmitEmpty[tuple[Refusal, ...]] = ()
    trial_of: OmitEmpty[str | None] = None


class ShownCustomer(Customer):
    """A customer's record, and how many subscriptions it has by state."""

    partner_name: str | None
    subscriptions: dict[State, int]


class CartLine(Frozen):
    """A line of a cart; an offer that is unknown has no name."""

    number: int
    offer: str
    name: str | None
    quantity: int | None
    add_ons: dict[str, int]
    policy: str | None


class CartState(StrEnum):
    """How a cart is."""

    OPEN = "open"
    EXPIRED = "expired"
    ORDERED = "ordered"


class Cart(Frozen):
    """A cart with its lines."""

    cart_id: str
    customer: str
    state: CartState
    created_at: Instant
    expires_at: Instant
    ordered_at: Instant | None
    reviewed: bool
    lines: list[CartLine]


class PriceLine(Frozen):
    """The licence or an add-on in a price."""

    line: str
    quantity: int
    unit_price: ExactDecimal
    amount: ExactDecimal


class Price(Frozen):
    """What a line costs per billing period."""

    currency: Currency
    billing_type: BillingType
    term: TermLength
    billing_plan: BillingPlan
    policy: str
    unit_price: ExactDecimal
    per_period: Money | None
    lines: list[PriceLine]


class ComingPrice(Frozen):
    """A price that the catalog knows for later terms."""

    at: Instant
    unit_price: ExactDecimal
    per_period: Money | None


class ReviewedLine(CartLine):
    """A line as it would be bought now."""

    available: bool
    refusals: list[Refusal]
    price: Price | None
    state: State | None
    trial_end: Instant | None
    trial_of: str | None
    activation_deadline: Instant | None
    first_charge: Money | None
    first_charge_at: Instant | None
    refund_until: Instant | None
    renews_at: Instant | None
    coming_prices: list[ComingPrice]


class Review(Frozen):
    """A cart as it would be bought now, with the sums of the first charges."""

    cart_id: str
    customer: str
    at: Instant
    expires_at: Instant
    lines: list[ReviewedLine]
    first_charges: list[Money]


class LinkedLine(OrderLine):
    """A line of an order; with the link to its publisher's set-up where it has just been bought."""

    setup_link: OmitEmpty[SetupLink | None] = None


class Order(PlacedOrder):
    """An order with its lines."""

    lines: tuple[LinkedLine, ...]


class Sent(Frozen):
    """With --no-wait: the order's id."""

    order_id: str


class Bought(Living):
    """What was bought, with the link to its publisher's set-up where it needs one."""

    setup_link: OmitEmpty[SetupLink | None] = None


class Ordered(Frozen):
    """With --no-wait: the subscription's id."""

    subscription_id: str


class Checked(Frozen):
    """What an import would change. Null without a database to check against."""

    checked_against_version: int | None
    changes: Changes | None


class Imported(Frozen):
    """What an import changed, and what was sent to subscriptions."""

    version: int
    changes: Changes
    to_tell: int
    told: dict[str, Any] | None


PRINTED: dict[str, Any] = {
    "catalog list": list[Offer],
    "catalog show": Offer,
    "catalog check": Checked,
    "catalog import": Imported,
    "catalog export": Contents,
    "customer list": list[Customer],
    "customer show": ShownCustomer,
    **dict.fromkeys(("cart add", "cart remove", "cart show"), Cart),
    "cart review": Review,
    "cart buy": Order | Sent,
    "order list": list[Order],
    "order show": Order,
    "buy": Bought | Past | OrderLine | Ordered,
    "setup-link": SetupLink,
    "resolve": Resolved,
}
"""What each prints."""
