"""What to do about a refusal or an error: a step that a program can read, and that each front words in its own way."""

from dataclasses import dataclass

from domain.rules import Rule
from domain.values import Worded


class Do(Worded):
    """What can be done next, by a name that every front knows, with words for people."""

    ADOPT_BOOKS = "adopt_books", "Or move the books to this one for good"
    ADD_TO_CART = "add_to_cart", "Add an offer to a cart"
    BUY = "buy", "Buy one"
    BUY_CART = "buy_cart", "Buy the cart"
    IMPORT_CATALOG = "import_catalog", "Import the catalog that has it"
    ISSUE_SETUP_LINK = "issue_setup_link", "Ask the seller for a new link"
    LIST_BULKS = "list_bulks", "List the bulk operations"
    LIST_CUSTOMERS = "list_customers", "List the customers"
    LIST_INVOICES = "list_invoices", "List the invoices"
    LIST_NOTIFICATIONS = "list_notifications", "List the notifications"
    LIST_OFFERS = "list_offers", "List the offers of the catalog"
    LIST_ORDERS = "list_orders", "List the orders"
    LIST_SUBSCRIPTIONS = "list_subscriptions", "List the subscriptions"
    LOOK_AT_WORKFLOW = "look_at_workflow", "Look at its workflow"
    RECONCILE = "reconcile", "Compare it with the books"
    RECONCILE_ALL = "reconcile_all", "Compare all with the books"
    PAUSE_BULK = "pause_bulk", "Pause it"
    REPAIR = "repair", "Start it again"
    RESUME_WORKFLOW = "resume_workflow", "Take it up again at its last event"
    RESUME_BULK = "resume_bulk", "Go on with it"
    RETRY_EFFECT = "retry_effect", "Let it try again"
    RETRY_NOTIFICATIONS = "retry_notifications", "Retry its notifications"
    REVIEW_CART = "review_cart", "Review the cart"
    SET_UP = "set_up", "Prepare what is missing"
    SET_UP_FOR_TESTS = "set_up_for_tests", "Mark it, if nothing but tests will ever use it"
    SHOW_ACCOUNT = "show_account", "Look at the account"
    SHOW_ACCOUNT_CONFLICT = "show_account_conflict", "See both sides of the conflict"
    SHOW_BULK = "show_bulk", "Look at the operation"
    SHOW_CART = "show_cart", "Look at the cart"
    SHOW_CONFLICT = "show_conflict", "See both sides of the conflict"
    SHOW_ORDER = "show_order", "Look at the order"
    START_WORKER = "start_worker", "Start a worker"


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
        return self.words or self.do.words

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
