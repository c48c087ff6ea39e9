"""The options of requests to a customer's account."""

from dataclasses import dataclass
from typing import Annotated

from typer import Option

from cli.options import Acting, By, NoWait, Timeout, some_id
from cli.sent import Sent


@dataclass(frozen=True)
class AsService(Acting):
    """The same, with `service` as the default for --by."""

    by: By = "service"


@dataclass(frozen=True)
class Paying(AsService):
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
    no_wait: NoWait = False
    timeout: Timeout = None

    def sent(self, payment_id: str) -> Sent:
        """The payment under way, by its id."""
        return Sent(payment_id, "--payment-id", self.timeout)
