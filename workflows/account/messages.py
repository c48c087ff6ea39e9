"""The public contract of `BillingAccountWorkflow`: what it is started with, asked, told and shown.

Updates (a request that may be refused): payment_received, payment_failed, change_terms return an `Answer`;
for operators retry_effect, migrate.
Queries (a view): details, timeline, events, life.
Signals (the same requests, for senders that want no answer): payment_received, payment_failed.
"""

from typing import Annotated

from pydantic import Field

from domain.account.account import Receivable
from domain.account.events import AccountEvent
from domain.account.requests import AnyAccountRequest, ChangeTerms, FailPayment, ReceivePayment
from domain.account.terms import BillingTerms
from domain.calendar import Period
from domain.policy import DEFAULT_PACK, PackName
from domain.roles import RolePreset
from domain.subscription.decision import Answer
from domain.values import ExactDecimal, Frozen, Id, Instant, RequestInstant, Strict
from statemachines.account.life import AccountLife
from statemachines.account.timeline import AccountMilestone
from workflows.durable.operator import Operator
from workflows.durable.test_clock import TestClock

ACCOUNT_WORKFLOW = "BillingAccountWorkflow"
"""The workflow's type."""

ACCOUNT_REQUESTS: dict[str, type[AnyAccountRequest]] = {
    "payment_received": ReceivePayment,
    "payment_failed": FailPayment,
    "change_terms": ChangeTerms,
}
"""The updates that return an Answer, and the request that each takes."""

ACCOUNT_SIGNALS = {name: ACCOUNT_REQUESTS[name] for name in ("payment_received", "payment_failed")}
"""The requests that may come as a signal too, under the update's name."""

ACCOUNT_UPDATES: dict[str, type[Strict]] = {
    **ACCOUNT_REQUESTS,
    "retry_effect": Operator,
    "migrate": Operator,
}
"""The updates, and the one request that each takes."""


ACCOUNT_QUERIES = ("details", "timeline", "events", "life")
"""The queries. `life` is the whole state: its fields are no part of the contract."""


class StartAccount(Strict):
    """What an account's workflow is started with. `suspends` is whether an unpaid invoice leads to suspension."""

    customer_id: Id
    policy: PackName = DEFAULT_PACK
    suspends: bool = True
    roles: Annotated[RolePreset, Field(strict=False)] = RolePreset.DEFAULT
    opened_at: RequestInstant
    clock: TestClock | None = None
    months_per_run: Annotated[int, Field(ge=1, le=1000)] = 3


class ContinuedAccount(Frozen):
    """What one run hands to the next: the whole account."""

    life: AccountLife
    clock: TestClock | None = None
    months_per_run: int


AccountStart = StartAccount | ContinuedAccount
"""What a run begins with: a new account, or the account so far."""


class AccountDetails(Frozen):
    """The account as it stands. `committed` is the last event seq in the books, `performed` that with its holds."""

    customer_id: Id
    now: Instant
    terms: BillingTerms
    month: Period
    receivables: tuple[Receivable, ...]
    credit: dict[str, ExactDecimal]
    holds: bool
    timeline: tuple[AccountMilestone, ...]
    seq: int
    committed: int
    performed: int
    attention: str | None
    refused_signals: tuple[Answer, ...]
    refused_signal_count: int
    clock: TestClock | None = None


class AccountClosed(Frozen):
    """What the workflow would return: an account has no end of its own."""


class AccountEvents(Frozen):
    """The last few events; all of them are in the books."""

    events: tuple[AccountEvent, ...]
