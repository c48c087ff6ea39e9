"""The public contract of `BillingAccountWorkflow`: its start, updates, signals and queries.

An update takes one request and returns an `Answer`, which may be a refusal (ACCOUNT_REQUESTS); operators have their own
(ACCOUNT_UPDATES). A signal carries the same request for senders that need no answer (ACCOUNT_SIGNALS).
"""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from activities.accounts.contracts import AccountOpening
from domain.account.account import Receivable
from domain.account.events import AccountEvent, Open
from domain.account.own_terms import OwnTerms
from domain.account.requests import (
    AnyAccountRequest,
    ChangeTerms,
    ConfirmRefund,
    FailPayment,
    IssueCreditNote,
    ReceivePayment,
    ReserveRefund,
    ReversePayment,
    TakeOverInvoices,
    WriteOff,
)
from domain.account.terms import BillingTerms, terms_of
from domain.calendar import Period
from domain.conflict import Conflict
from domain.policy import DEFAULT_PACK, PACKS, PackName
from domain.roles import RolePreset
from domain.subscription.decision import Answer
from domain.values import CLOCK_SKEW, ExactDecimal, Frozen, Id, Instant, RequestInstant, Strict, format_instant
from statemachines.account.life import AccountLife, AccountSteps
from statemachines.account.timeline import AccountMilestone
from statemachines.state_schema import ACCOUNT
from workflows.durable.arguments import check_forecast, malformed
from workflows.durable.carried import Carried
from workflows.durable.clock import TestClock
from workflows.durable.committed import COMMITTED_UPDATES
from workflows.durable.operator import OPERATOR_UPDATES, Operator, RequestNewRun

ACCOUNT_WORKFLOW = "BillingAccountWorkflow"
"""The workflow's type."""

ACCOUNT_REQUESTS: dict[str, type[AnyAccountRequest]] = {
    "payment_received": ReceivePayment,
    "payment_failed": FailPayment,
    "change_terms": ChangeTerms,
    "take_over_invoices": TakeOverInvoices,
    "credit_note": IssueCreditNote,
    "write_off": WriteOff,
    "refund": ReserveRefund,
    "refund_paid": ConfirmRefund,
    "payment_reversed": ReversePayment,
}
"""The updates that return an Answer, and the request that each takes."""


class RowsWritten(Strict):
    """A subscription of the customer was billed or credited at that instant, while an invoice is overdue (MON-8).

    The account looks into the books and decides again what follows.
    """

    at: RequestInstant


ACCOUNT_SIGNALS: dict[str, type[AnyAccountRequest] | type[RequestNewRun] | type[RowsWritten]] = {
    **{
        name: ACCOUNT_REQUESTS[name]
        for name in ("payment_received", "payment_failed", "refund_paid", "payment_reversed")
    },
    "rows_written": RowsWritten,
    "new_run_requested": RequestNewRun,
}
"""The requests that may come as a signal too, what subscriptions tell, and the operators' way in."""

ACCOUNT_UPDATES: dict[str, type[Strict]] = {
    **ACCOUNT_REQUESTS,
    **COMMITTED_UPDATES,
    **OPERATOR_UPDATES,
    "migrate": Operator,
}
"""The updates, and the request that each takes."""


class StartAccount(Strict):
    """Opens a billing account. `suspends` says whether an unpaid invoice leads to suspension.

    `terms` are the customer's own, in place of those of the policy pack.
    """

    customer_id: Id
    policy: PackName = DEFAULT_PACK
    suspends: bool = True
    terms: OwnTerms = OwnTerms()
    roles: Annotated[RolePreset, Field(strict=False)] = RolePreset.DEFAULT
    opened_at: RequestInstant
    clock: TestClock | None = None
    months_per_run: Annotated[int, Field(ge=1, le=1000)] = 3

    @classmethod
    def of(cls, opening: AccountOpening) -> "StartAccount":
        """The start of an account that the books know: what they say of it counts."""
        return cls(
            customer_id=opening.customer_id,
            policy=opening.terms.name if opening.terms.name in PACKS else DEFAULT_PACK,
            suspends=opening.terms.suspends_after is not None,
            terms=OwnTerms.of(opening.terms),
            roles=opening.roles,
            opened_at=opening.opened_at,
            clock=None if opening.ahead_by is None else TestClock.ahead_by(opening.ahead_by),
        )

    def opened(self, now: datetime) -> AccountLife:
        """The account as it opens, unless the books know it; `now` is the workflow's time.

        Raises ApplicationError of type `Malformed` if it opens later than now, or too far from it.
        """
        check_forecast("opened_at", self.opened_at, now)
        if self.clock is None and self.opened_at - now > CLOCK_SKEW:
            came = format_instant(self.opened_at)
            raise malformed(f"opened_at: got {came}; takes an instant up to now, {format_instant(now)}")
        terms = self.terms.instead_in(terms_of(self.policy))
        terms = terms if self.suspends else terms.without_suspension()
        life = AccountSteps.begin(self.customer_id, terms, self.opened_at, self.roles)
        return life.model_copy(update={"effects": (Open(),)})


class ContinuedAccount(Carried):
    """What one run hands to the next: the whole state."""

    state_schema = ACCOUNT
    schema_version: int = ACCOUNT.version

    life: AccountLife
    clock: TestClock | None = None
    months_per_run: int


AccountStart = StartAccount | ContinuedAccount
"""What a run begins with: a new account, or the account so far."""


class AccountDetails(Frozen):
    """The account now. `committed` is the seq of the last event in the books.

    `performed` is the seq of the last event whose holds are placed or lifted too. An operator can settle the
    `conflict` (REP-1).
    """

    customer_id: Id
    now: Instant
    terms: BillingTerms
    month: Period
    receivables: tuple[Receivable, ...]
    credit: dict[str, ExactDecimal]
    holds: bool
    timeline: tuple[AccountMilestone, ...]
    not_chased: tuple[str, ...] = ()
    """Overdue invoices for which no reminder and no suspension comes, and why (MON-8)."""
    seq: int
    committed: int
    performed: int
    attention: str | None
    refused_signals: tuple[Answer, ...]
    refused_signal_count: int
    clock: TestClock | None = None
    conflict: Conflict | None = None


class AccountClosed(Frozen):
    """What the workflow would return if an account could end."""


class AccountEvents(Frozen):
    """The last few events; the books have all."""

    events: tuple[AccountEvent, ...]
