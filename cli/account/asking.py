"""How something is asked of a customer's account: built from what was typed, and sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

from typer import Option

from cli.options import By, NoWait, Reading, an_instant, some_id

if TYPE_CHECKING:
    from domain.account.requests import AccountRequest


@dataclass(frozen=True)
class AccountAsking(Reading):
    """What every command that asks something of an account takes."""

    by: By = "service"
    actor: Annotated[
        str | None, Option(parser=some_id, metavar="NAME", help="Their name, for the record.", show_default=False)
    ] = None
    at: Annotated[
        datetime | None,
        Option(parser=an_instant, metavar="INSTANT", help="Accepted then (test clocks only).", show_default=False),
    ] = None


@dataclass(frozen=True)
class AsAdmin(AccountAsking):
    """The same, asked by an admin agent unless said otherwise."""

    by: By = "admin_agent"


@dataclass(frozen=True)
class Paying(AccountAsking):
    """What a payment takes."""

    payment_id: Annotated[
        str | None,
        Option(
            parser=some_id,
            metavar="ID",
            help="The payment's own: sent again, it counts once.",
            show_default="a new one",
        ),
    ] = None
    no_wait: NoWait = False


def built(kind: type[AccountRequest], asking: AccountAsking, **fields: object) -> AccountRequest:
    """The request as it was typed. Raises Misused."""
    from pydantic import ValidationError

    from cli.options import misused
    from domain.faults import faults_of

    try:
        return kind.model_validate({"by": asking.by, "actor": asking.actor, "at": asking.at, **fields})
    except ValidationError as error:
        raise misused(faults_of(error)) from None
