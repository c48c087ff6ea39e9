"""`ledger`: the money of a life."""

from cli.csv_table import Csv
from cli.options import Json, SubscriptionId

COLUMNS = ("at", "kind", "line", "quantity", "amount", "currency", "start", "end", "key")


def ledger(subscription: SubscriptionId, as_json: Json = False, as_csv: Csv = False) -> None:
    """Show every charge and credit, and what they come to.

    --json and --csv have the business keys too, by which each is written once (MON-2).
    """
    from cli.books import opened_books
    from cli.columns import print_columns
    from cli.csv_table import one_format, print_csv
    from cli.printable import quantity, second, span
    from cli.running import run
    from cli.screen import console, print_json
    from cli.story import balance, signed
    from domain.ledger import LedgerRow
    from statemachines.document import ledger_document

    one_format(as_json=as_json, as_csv=as_csv)

    async def read() -> list[LedgerRow]:
        async with opened_books() as books:
            await books.known(subscription)
            return await books.reader.rows(subscription)

    rows = run(read())
    if as_json:
        print_json(ledger_document(rows))
        return
    if as_csv:
        documents = ledger_document(rows)
        print_csv(COLUMNS, [[row.get(name, row["period"].get(name)) for name in COLUMNS] for row in documents])
        return
    screen = console()
    if not rows:
        screen.print("Nothing has been charged.")
        return
    currency = rows[0].currency
    lines = [
        (second(row.at), row.kind, row.line, quantity(row.quantity), span(row.period), signed(row)) for row in rows
    ]
    headings = ("WHEN (UTC)", "KIND", "LINE", "QUANTITY", "PERIOD", currency)
    print_columns(screen, headings, lines, right=("QUANTITY", currency))
    screen.print(balance(rows), soft_wrap=True)
