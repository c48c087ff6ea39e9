"""The tables of subscriptions. A change here needs a step in migrations/versions; a test compares the two.

Instants are UTC text to the microsecond, amounts whole minor units of the row's currency, and quantities,
units and prices exact decimals as text.
"""

from datetime import timedelta

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from activities.adapters.sql.columns import (
    CURRENCY,
    ID,
    KEY,
    WORD,
    DecimalText,
    InstantText,
    JsonText,
    keys,
    keys_of_subscription,
    metadata,
    optional,
    required,
)
from domain.catalog.offers import PinnedOffer
from domain.conflict import Settled
from domain.subscription.decision import Answer
from domain.subscription.effects import Receipt
from domain.subscription.events import Announcement, Facts
from domain.subscription.subscription import Changes
from domain.subscription.taken_over import TakenOver
from domain.subscription.usage import UsageCharge

ADD_ONS = dict[str, int]
USAGE_CHARGES = tuple[UsageCharge, ...]

subscription = Table(
    "subscription",
    metadata,
    *keys(id=ID),
    *required(customer_id=ID, offer_id=ID, publisher=WORD, currency=CURRENCY, policy=ID, ordered_at=InstantText),
    *required(offer=JsonText(PinnedOffer), state=WORD, auto_renew=Boolean, quantity=Integer),
    *required(add_ons=JsonText(ADD_ONS), last_seq=Integer, last_at=InstantText),
    *optional(test_clock=Boolean, invoiced=Boolean, next_at=InstantText, snapshot=JsonText(Changes)),
    *optional(ahead_by=JsonText(timedelta)),
    Index(None, "customer_id", "id"),
    Index(None, "offer_id", "id"),
    Index(None, "state", "id"),
    Index(None, "next_at"),
)
"""The read model: each subscription after its last event. With a test clock its dates may lie in the future.

`invoiced` says that its customer has a billing account, `next_at` is its next milestone, `snapshot` is what it is
rebuilt from, and `ahead_by` the offset of its test clock; null where an earlier version recorded it.
"""

LISTED = [column for column in subscription.c if column.name != "snapshot"]
"""What lists and searches read of it: they need no snapshot, which is long."""

decision = Table(
    "decision", metadata, *keys_of_subscription(seq=Integer), *required(digest=String(64), receipt=JsonText(Receipt))
)
"""What was recorded under which key, so that recording it again changes nothing (MON-2)."""

first_answer = Table(
    "first_answer",
    metadata,
    *keys_of_subscription(command_id=ID, system=Boolean),
    *required(seq=Integer, fingerprint=ID, answer=JsonText(Answer)),
)
"""The first answer to each accepted command that had an id, for its repeats (invariant 10). Append-only."""

journal = Table(
    "journal",
    metadata,
    *keys_of_subscription(seq=Integer),
    *required(at=InstantText, event=WORD, state=WORD, rule=WORD, by=ID),
    *optional(actor=ID, reason=WORD, details=Text, command_id=ID),
    *required(before=JsonText(Facts), after=JsonText(Facts), usage=JsonText(USAGE_CHARGES)),
    *optional(settled=JsonText(Settled), taken_over=JsonText(TakenOver), announces=JsonText(Announcement)),
)
"""What happened (ROL-3). Append-only. `usage` holds the charges whose units were counted from table `usage`.

`settled` is what an operator settled with the books (REP-1), `taken_over` what another system said (MOV-1),
`announces` the renewal that was announced (REN-5).
"""

ledger_entry = Table(
    "ledger_entry",
    metadata,
    *keys_of_subscription(seq=Integer, position=Integer),
    *required(metered=Boolean, at=InstantText, kind=WORD, line=ID, quantity=DecimalText, amount_minor=BigInteger),
    *required(currency=CURRENCY, period_start=InstantText, period_end=InstantText, key=KEY),
    *optional(tax_class=ID),
    UniqueConstraint("subscription_id", "key"),
    Index(None, "subscription_id", "at"),
    CheckConstraint("amount_minor > 0", name="amount"),
    CheckConstraint("kind IN ('charge', 'credit')", name="kind"),
)
"""Charges and credits (MON-2). Append-only. `position` is the row's place within its event, metered rows first."""

usage = Table(
    "usage",
    metadata,
    *keys_of_subscription(usage_id=ID),
    *required(used_at=InstantText, units=DecimalText),
    Column("replaced", DecimalText, nullable=False, server_default="0"),
    *optional(billed_by=Integer, corrects=ID),
    Index(None, "subscription_id", "billed_by", "used_at"),
    Index(None, "subscription_id", "corrects", unique=True),
)
"""Usage reports; `billed_by` is the seq of the event that billed it (SUS-10).

A report that `corrects` another has that one's `used_at`; its own units are billed less the `replaced` ones (USE-3).
"""

claim = Table(
    "claim",
    metadata,
    *keys(key=KEY),
    # No foreign key: a claim is taken before the purchase is recorded.
    *required(subscription_id=ID, permanent=Boolean),
    Index(None, "subscription_id"),
)
"""Keys that one subscription can hold at a time or, if permanent, ever (ELG-1, TRI-4)."""

access_change = Table(
    "access_change",
    metadata,
    *keys_of_subscription(seq=Integer),
    *required(access=WORD, at=InstantText, confirmed_at=InstantText),
)
"""Changes of users' access: decided as of `at`, confirmed at `confirmed_at` by the tenant service's clock."""
