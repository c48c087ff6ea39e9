"""`bulk list`, `bulk show` and `bulk report`: operations, how far they are, and what became of each item."""

from typing import Annotated

from typer import Argument, Option

from cli.bulk.options import a_bulk_id
from cli.bulk.view import item_document, operation_document, print_view, view_document, words_of
from cli.next_step import command_for
from cli.options import Json, Reading, positive_number, with_options
from cli.printing.screen import console, print_json, printable, say, second
from cli.printing.tables import Csv, one_format, print_columns, print_csv
from cli.running import use
from cli.start import program
from domain.bulk.items import Item, ItemStatus
from domain.bulk.operations import NOT_DONE
from domain.next_step import Do, NextStep
from perennial.use_cases import Perennial

BulkId = Annotated[str, Argument(metavar="BULK", parser=a_bulk_id, help="The operation; `bulk list` shows them.")]
COLUMNS = ("id", "status", "outcome", "rule", "credit", "charge", "currency", "at", "message")
UNSENT = tuple(status for status in NOT_DONE if status is not ItemStatus.REFUSED)


def list_operations(
    limit: Annotated[int, Option(parser=positive_number, metavar="N", help="At most this many.")] = 50,
    after: Annotated[
        str | None, Option(parser=a_bulk_id, metavar="BULK", help="Only those after this one.", show_default=False)
    ] = None,
    as_json: Json = False,
) -> None:
    """List bulk operations, newest first, as the database has them.

    Example: bulk list --json
    """
    found = use(lambda perennial: perennial.bulk.operations(limit, after))
    if as_json:
        print_json([operation_document(operation) for operation in found])
    elif not found:
        say(f"No {'such ' if after else ''}bulk operation. Start one: {program()} bulk suspend --help")
    else:
        rows = [
            (
                operation.bulk_id,
                words_of(operation.request),
                f"{operation.items:,}",
                operation.state.value,
                second(operation.started_at),
                printable(str(operation.request.selection)),
            )
            for operation in found
        ]
        headings = ("ID", "ACTION", "ITEMS", "STATE", "STARTED (UTC)", "OF")
        print_columns(console(), headings, rows, right=("ITEMS",))


@with_options
def show(bulk: BulkId, reading: Reading) -> None:
    """Show a bulk operation: how far it is, its totals, and what was not done by rule.

    Example: bulk show suspend-3f9a1c20
    """
    view = use(lambda perennial: perennial.bulk.view(bulk), reading.address)
    if reading.as_json:
        print_json(view_document(view))
        return
    print_view(view)
    if view.trouble and view.trouble.next_step:
        say(f"{view.trouble.next_step.phrase}: {command_for(view.trouble.next_step)}")


def report(
    bulk: BulkId,
    failed: Annotated[
        bool, Option("--failed", help="Only what was to be done and is not: failed, changed, ended or not shown.")
    ] = False,
    as_csv: Csv = False,
    as_json: Json = False,
) -> None:
    """Show what became of each item of a bulk operation.

    Example: bulk report suspend-3f9a1c20 --failed --csv
    """
    one_format(as_json=as_json, as_csv=as_csv)
    found = use(lambda perennial: _items(perennial, bulk, UNSENT if failed else ()))
    if as_json:
        print_json([item_document(item) for item in found])
    elif as_csv:
        print_csv(COLUMNS, ([_cell(item_document(item), name) for name in COLUMNS] for item in found))
    elif not found:
        step = command_for(NextStep(Do.SHOW_BULK, bulk))
        say(f"Nothing of the kind in bulk operation {bulk}. See its totals: {step}")
    else:
        _print(found)


async def _items(perennial: Perennial, bulk_id: str, statuses: tuple[ItemStatus, ...]) -> list[Item]:
    return [item async for item in perennial.bulk.items(bulk_id, statuses)]


def _cell(document: dict[str, object], name: str) -> object:
    """A column of the report: amounts without their currency, which has a column of its own."""
    money = [each for each in (document["credit"], document["charge"]) if isinstance(each, dict)]
    if name == "currency":
        return money[0]["currency"] if money else ""
    value = document[name]
    return value["amount"] if isinstance(value, dict) else "" if value is None else value


def _print(items: list[Item]) -> None:
    rows = [
        (
            item.subject,
            item.status.value,
            item.rule or "",
            str(item.credit or ""),
            str(item.charge or ""),
            printable(item.message),
        )
        for item in items
    ]
    headings = ("ID", "STATUS", "RULE", "CREDIT", "CHARGE", "WHY")
    print_columns(console(), headings, rows, right=("CREDIT", "CHARGE"))
