"""The options of requests to a customer's account."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from typer import Option

from cli.options import Acting, By, DryRun, NoWait, Timeout, some_id
from cli.printing import answer as answers
from cli.sent import Sent

if TYPE_CHECKING:
    from domain.account.requests import AccountRequest
    from domain.subscription.decision import Answer
    from perennial.account.billing import Billing


@dataclass(frozen=True)
class AsService(Acting):
    """The same, with `service` as the default for --by."""

    by: By = "service"
    timeout: Timeout = None


@dataclass(frozen=True)
class Moving(Acting):
    """The options of a request that moves or corrects money, which can be looked at before it is sent."""

    timeout: Timeout = None
    no_wait: NoWait = False
    dry_run: DryRun = False

    def report(self, answer: Answer) -> None:
        """Print the answer, or what it would be."""
        answers.report(answer, as_json=self.as_json, preview=self.dry_run)

    async def answered(self, billing: Billing, customer_id: str, request: AccountRequest, sent: Sent) -> Answer:
        """Send the request, and return its answer; of a dry run, what it would be."""
        if self.dry_run:
            return await billing.preview(customer_id, request)
        return await sent.answered(lambda: billing.send(customer_id, request, wait=not self.no_wait))


@dataclass(frozen=True)
class MovingAsService(Moving):
    """The same, with `service` as the default for --by."""

    by: By = "service"


@dataclass(frozen=True)
class Paying(MovingAsService):
    """The options of a payment."""

    payment_id: Annotated[
        str | None,
        Option(
            parser=some_id,
            metavar="ID",
            help="The payment's id: a payment that is sent twice counts once.",
            show_default="a new one",
        ),
    ] = None

    def sent(self, payment_id: str) -> Sent:
        """The payment under way, by its id."""
        return Sent(payment_id, "--payment-id", self.timeout)
