"""How something is asked of a customer's account: built from what was typed, and sent."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

from typer import Option

from cli.options import an_instant, some_id

if TYPE_CHECKING:
    from domain.account_requests import AccountRequest
    from domain.decision import Answer

At = Annotated[
    datetime | None,
    Option(parser=an_instant, metavar="INSTANT", help="Accepted then (test clocks only).", show_default=False),
]
Actor = Annotated[
    str | None, Option(parser=some_id, metavar="NAME", help="Their name, for the record.", show_default=False)
]


def built(kind: type[AccountRequest], **fields: object) -> AccountRequest:
    """The request as it was typed. Raises Misused."""
    from pydantic import ValidationError

    from cli.failure import misused
    from domain.faults import faults_of

    try:
        return kind.model_validate(fields)
    except ValidationError as error:
        raise misused(faults_of(error)) from None


async def asked(customer: str, request: AccountRequest, address: str | None, *, wait: bool) -> Answer:
    """The account's answer, with `wait` once it is in the books."""
    from cli import server

    accounts = server.accounts(await server.client(address))
    return await accounts.ask(customer, request, wait=wait)
