"""`ledger`: the money of a life."""

from cli.options import Json, SubscriptionId


def ledger(subscription: SubscriptionId, as_json: Json = False) -> None:
    """Show every charge and credit, and what they come to.

    --json has the business keys too, by which each is written once (MON-2).
    """
    from cli.books import opened_books
    from cli.columns import print_columns
    from cli.printable import quantity, second, span
    from cli.running import run
    from cli.screen import console, print_json
    from cli.story import balance, signed
    from domain.ledger import LedgerRow
    from statemachines.document import ledger_document

    async def read() -> list[LedgerRow]:
        async with opened_books() as books:
            await books.known(subscription)
            return await books.reader.rows(subscription)

    rows = run(read())
    if as_json:
        print_json(ledger_document(rows))
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
