"""What to do about a refusal or an error: a step that a program can read, and that each front words in its own way."""

from dataclasses import dataclass
from enum import StrEnum

from domain.rules import Rule


class Do(StrEnum):
    """What can be done next, by a name that every front knows."""

    ADD_TO_CART = "add_to_cart"
    BUY = "buy"
    BUY_CART = "buy_cart"
    IMPORT_CATALOG = "import_catalog"
    ISSUE_SETUP_LINK = "issue_setup_link"
    LIST_CUSTOMERS = "list_customers"
    LIST_INVOICES = "list_invoices"
    LIST_NOTIFICATIONS = "list_notifications"
    LIST_OFFERS = "list_offers"
    LIST_ORDERS = "list_orders"
    LIST_SUBSCRIPTIONS = "list_subscriptions"
    RETRY_NOTIFICATIONS = "retry_notifications"
    REVIEW_CART = "review_cart"
    SHOW_ACCOUNT = "show_account"
    SHOW_CART = "show_cart"
    SHOW_ORDER = "show_order"
    START_WORKER = "start_worker"


WORDS = {
    Do.ADD_TO_CART: "Add an offer to a cart",
    Do.BUY: "Buy one",
    Do.BUY_CART: "Buy the cart",
    Do.IMPORT_CATALOG: "Import the catalog that has it",
    Do.ISSUE_SETUP_LINK: "Ask the seller for a new link",
    Do.LIST_CUSTOMERS: "List the customers",
    Do.LIST_INVOICES: "List the invoices",
    Do.LIST_NOTIFICATIONS: "List the notifications",
    Do.LIST_OFFERS: "List the offers of the catalog",
    Do.LIST_ORDERS: "List the orders",
    Do.LIST_SUBSCRIPTIONS: "List the subscriptions",
    Do.RETRY_NOTIFICATIONS: "Retry its notifications",
    Do.REVIEW_CART: "Review the cart",
    Do.SHOW_ACCOUNT: "Look at the account",
    Do.SHOW_CART: "Look at the cart",
    Do.SHOW_ORDER: "Look at the order",
    Do.START_WORKER: "Start a worker",
}


@dataclass(frozen=True)
class NextStep:
    """A step and the id of what it concerns: a cart's steps name the customer. As text: a sentence for anybody.

    `words` say it in a way that fits the case better than the step's own words.
    """

    do: Do
    subject: str | None = None
    words: str | None = None

    @property
    def phrase(self) -> str:
        """The sentence without its full stop, for fronts that add a command or a link."""
        return self.words or WORDS[self.do]

    def __str__(self) -> str:
        return f"{self.phrase}."


class PerennialError(Exception):
    """Base of the errors that a person reads: one line, and the next step where there is one.

    As text it is the message and the step's sentence; `message` is the line alone.
    """

    def __init__(self, message: str, next_step: NextStep | None = None) -> None:
        super().__init__(f"{message} {next_step}" if next_step else message)
        self.message = message
        self.next_step = next_step


class RefusedByRule(PerennialError):
    """A rule says no. `rule` is its id, such as `ELG-8`."""

    def __init__(self, rule: Rule, message: str, next_step: NextStep | None = None) -> None:
        super().__init__(message, next_step)
        self.rule = rule
