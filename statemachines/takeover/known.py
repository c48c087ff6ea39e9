"""What rows are judged against."""

from dataclasses import dataclass, field

from pydantic import JsonValue

from domain.account.openings import OpenInvoice
from domain.catalog.catalog import ListedOffer
from domain.catalog.customers import Customer


@dataclass(frozen=True)
class Known:
    """What the catalog has of a row's offer and customer (None if unknown), and its version."""

    offer: ListedOffer | None
    customer: Customer | None
    catalog_version: int = 0


@dataclass(frozen=True)
class Named:
    """The ids that rows name, and the keys that they may claim."""

    subscriptions: frozenset[str]
    customers: frozenset[str]
    offers: frozenset[str]
    claims: frozenset[str]


@dataclass(frozen=True)
class Here:
    """A subscription that the books have already. `row` is the one it was taken over by, None if it was bought here."""

    row: dict[str, JsonValue] | None
    ended: bool


@dataclass(frozen=True)
class Standing:
    """What catalog and books have of the names, in one state of the database.

    `holders` are the subscriptions that hold a claim, by its key; `ordered` are the ids that belong to orders.
    `invoices` are those that were taken over, by customer and id (MOV-6).
    """

    catalog_version: int = 0
    customers: dict[str, Customer] = field(default_factory=dict)
    offers: dict[str, ListedOffer] = field(default_factory=dict)
    here: dict[str, Here] = field(default_factory=dict)
    holders: dict[str, str] = field(default_factory=dict)
    ordered: frozenset[str] = frozenset()
    invoices: dict[str, dict[str, OpenInvoice]] = field(default_factory=dict)
