"""`events`: what happened in a life, by whom and why."""

from cli.options import Json, SubscriptionId


def events(subscription: SubscriptionId, as_json: Json = False) -> None:
    """Show what has happened, by whom and by which rule."""
    from cli.books import opened_books
    from cli.columns import print_columns
    from cli.printable import printable, second
    from cli.rule_words import words_of
    from cli.running import run
    from cli.screen import console, print_json
    from domain.events import Event
    from statemachines.document import event_document

    async def read() -> list[Event]:
        async with opened_books() as books:
            await books.known(subscription)
            return await books.reader.events(subscription)

    journal = run(read())
    if as_json:
        fields = {"by", "actor", "reason", "details", "command_id"}
        print_json([{**event_document(event), **event.model_dump(mode="json", include=fields)} for event in journal])
        return
    rows = [
        (
            str(event.seq),
            second(event.at),
            event.event,
            event.state,
            printable(event.actor or event.by),
            event.rule,
            printable("; ".join(filter(None, (words_of(event.rule), event.reason, event.details)))),
        )
        for event in journal
    ]
    print_columns(console(), ("SEQ", "WHEN (UTC)", "EVENT", "STATE", "BY", "RULE", "WHY"), rows, right=("SEQ",))
