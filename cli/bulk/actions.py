"""The actions of bulk operations, each as its own command has it for one subscription."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated

from pydantic import ValidationError
from typer import Argument

from cli.bulk.carrying_out import carry_out
from cli.bulk.file import rows_in
from cli.bulk.options import Carrying, CarryingAsOperator, CarryingBySystem, Choosing
from cli.bulk.policy_file import policy_in
from cli.failure import Misused
from cli.options import Details, Reasoned, exact_decimal, misused, one_of, whole_number, with_options
from cli.subscription.changes import Switch, Until
from domain.bulk.requests import Ask, TakePolicy
from domain.faults import faults_of
from domain.subscription import commands
from perennial.bulk.planning import Choice


@with_options
def suspend(
    reason: Reasoned, choosing: Choosing, carrying: Carrying, until: Until = None, details: Details = None
) -> None:
    """Suspend many: users cannot sign in (SUS-1).

    With --until it is a planned pause, which deletes nothing and ends by itself (SUS-11).

    Example: bulk suspend --reason nonpayment --partner northwind --dry-run
    """
    _carry_out(commands.Suspend, choosing, carrying, reason=reason, until=until, details=details)


@with_options
def reactivate(choosing: Choosing, carrying: Carrying) -> None:
    """Lift every hold of many (SUS-5).

    Example: bulk reactivate --customer fabrikam --state suspended
    """
    _carry_out(commands.Reactivate, choosing, carrying)


@with_options
def cancel(reason: Reasoned, choosing: Choosing, carrying: Carrying, details: Details = None) -> None:
    """Cancel many: now for credit in the refund window, at renewal after it (CXL-2, CXL-3).

    Example: bulk cancel --reason customer_request --offer contoso-crm --dry-run
    """
    _carry_out(commands.Cancel, choosing, carrying, reason=reason, details=details)


@with_options
def set_auto_renew(
    switch: Annotated[Switch, Argument(metavar="on|off", parser=one_of(Switch), help="Off: they end with their term.")],
    choosing: Choosing,
    carrying: Carrying,
) -> None:
    """Turn auto-renew on or off for many (REN-2).

    Example: bulk auto-renew off --publisher contoso
    """
    _carry_out(commands.SetAutoRenew, choosing, carrying, enabled=switch is Switch.ON)


@with_options
def change_quantity(
    choosing: Choosing,
    carrying: Carrying,
    number: Annotated[
        int | None,
        Argument(metavar="N", parser=whole_number, help="The licences of each; a file has them in `quantity`."),
    ] = None,
) -> None:
    """Change the licence quantity of many, prorated (MON-4).

    Each gets N, or the number in the column `quantity` of a file.

    Example: bulk quantity --file seats.csv --dry-run
    """
    _carry_out(commands.ChangeQuantity, choosing, carrying, "quantity", number, int_cell)


@with_options
def change_price(
    choosing: Choosing,
    carrying: CarryingBySystem,
    price: Annotated[
        Decimal | None,
        Argument(metavar="PRICE", parser=exact_decimal, help="The unit price; a file has it in `unit_price`."),
    ] = None,
) -> None:
    """Set the unit price of many, from now on for their next charges (BUY-5).

    Each gets PRICE, or the one in the column `unit_price` of a file.

    Example: bulk price 12.00 --offer contoso-crm
    """
    _carry_out(commands.ChangePrice, choosing, carrying, "unit_price", price, str)


@with_options
def give_policy(
    pack: Annotated[Path, Argument(metavar="PACK", help="A YAML file with the newer version of the pack.")],
    choosing: Choosing,
    carrying: CarryingAsOperator,
) -> None:
    """Give many a newer version of their policy pack, from their next terms on (BUY-5).

    Subscriptions with another pack are refused.

    Example: bulk policy csp-2019.yaml --partner northwind
    """
    policy = policy_in(pack)
    _chosen(lambda _: TakePolicy(by=carrying.by, actor=carrying.actor, policy=policy), choosing, carrying)


def int_cell(text: str) -> object:
    """A whole number of a cell; anything else stays as it is, and is a fault of its field."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else text


def _carry_out(
    kind: type[commands.Command],
    choosing: Choosing,
    carrying: Carrying,
    field: str | None = None,
    typed: object = None,
    cell: Callable[[str], object] = str,
    **fields: object,
) -> None:
    """Carry out the command; `field` is the one that each row of a file may have, else it is the same for all."""
    if field and (typed is None) is (choosing.file is None):
        raise Misused(
            f"{field}: type it, or choose a file with a column of that name; not both."
            if typed is not None
            else f"{field}: got nothing; takes a value, or --file with a column of that name."
        )
    in_file = field if field and typed is None else None

    def build(cells: Mapping[str, str]) -> Ask:
        own = {in_file: cell(cells[in_file])} if in_file else {field: typed} if field else {}
        made: Ask = kind.model_validate({"by": carrying.by, "actor": carrying.actor, **fields, **own})  # type: ignore[assignment]  # one of its kinds
        return made

    _chosen(build, choosing, carrying, in_file)


def _chosen(
    build: Callable[[Mapping[str, str]], Ask], choosing: Choosing, carrying: Carrying, column: str | None = None
) -> None:
    choosing.check()
    if choosing.file is not None:
        table = rows_in(choosing.file, column, build)
        carry_out(Choice.by_rows(table.rows), carrying, table.unknown)
        return
    selection = choosing.selection
    try:
        ask = build({})
    except ValidationError as error:
        raise misused(faults_of(error)) from None
    carry_out(Choice.by_filters(ask, selection), carrying)
