"""Commands that show what happened to a subscription: its events, ledger and access."""

from typing import Any

from cli.options import Json, SubscriptionId
from cli.printing import ledger as ledgers
from cli.printing.screen import console, print_json, printable, quantity, second, span, zone
from cli.printing.tables import Csv, one_format, print_columns, print_csv
from cli.rule_words import words_of
from cli.running import use
from domain.subscription.events import Change, Event
from statemachines.subscription.documents import access_document, event_document, ledger_document

COLUMNS = ("at", "kind", "line", "quantity", "amount", "currency", "start", "end", "key")


def events(subscription: SubscriptionId, as_json: Json = False) -> None:
    """Show what has happened, what it changed, by whom and by which rule.

    Example: events crm-1 --json
    """
    journal = use(lambda perennial: perennial.subscriptions.events(subscription))
    if as_json:
        print_json([whole_event_document(event) for event in journal])
        return
    rows = [(str(event.seq), *event_cells(event)) for event in journal]
    print_columns(console(), ("SEQ", f"WHEN ({zone()})", "EVENT", "CHANGED", "BY", "WHY"), rows, right=("SEQ",))


def event_cells(event: Event) -> tuple[str, ...]:
    """When, what, what it changed, by whom and why."""
    return (
        second(event.at),
        event.event,
        ", ".join(map(change_words, event.changes)) or _first_or_announced(event),
        printable(event.actor or event.by),
        printable("; ".join(filter(None, (_rule(event.rule), event.reason, event.details)))),
    )


def _first_or_announced(event: Event) -> str:
    if event.announces:
        amount = event.announces.amount or "usage"
        return f"{amount} at {second(event.announces.renews_at)}"
    return "" if event.seq > 1 else f"state {event.state}"


def whole_event_document(event: Event) -> dict[str, Any]:
    """The event as `--json` prints it, with what it changed and who asked for it."""
    fields = {"by", "actor", "reason", "details", "command_id"}
    announces = event.announces.model_dump(mode="json") if event.announces else None
    whole = {**event_document(event), **event.model_dump(mode="json", include=fields), "announces": announces}
    return {**whole, **_changed(event)}


def _rule(rule: str) -> str:
    words = words_of(rule)
    return f"{rule}, {words}" if words else rule


def _changed(event: Event) -> dict[str, Any]:
    return {"changes": [{"fact": each.fact, "from": each.before, "to": each.after} for each in event.changes]}


def change_words(change: Change) -> str:
    """The change in words, such as `quantity 3 → 5`."""
    fact, _, line = change.fact.partition(".")
    name = {"add_ons": line, "scheduled_changes": f"{line} at the renewal"}.get(fact, fact.replace("_", "-"))
    return f"{name} {_value(change.before)} → {_value(change.after)}"


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, list):
        return " and ".join(value) or "none"
    if value is None:
        return "none"
    return quantity(value) if isinstance(value, int) else str(value)


def ledger(subscription: SubscriptionId, as_json: Json = False, as_csv: Csv = False) -> None:
    """Show every charge and credit, and their sum.

    --json and --csv have the business keys too, by which each is written once (MON-2).

    Example: ledger crm-1 --csv
    """
    one_format(as_json=as_json, as_csv=as_csv)
    rows = use(lambda perennial: perennial.subscriptions.ledger(subscription))
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
        (second(row.at), row.kind, row.line, quantity(row.quantity), span(row.period), ledgers.signed(row))
        for row in rows
    ]
    headings = (f"WHEN ({zone()})", "KIND", "LINE", "QUANTITY", "PERIOD", currency)
    print_columns(screen, headings, lines, right=("QUANTITY", currency))
    screen.print(ledgers.balance(rows), soft_wrap=True)


def access(subscription: SubscriptionId, as_json: Json = False) -> None:
    """Show who can sign in now, and when users could (SUS-2).

    The tenant service itself is asked whether it lets a user in, and an admin read the data.

    Example: access crm-1
    """
    found = use(lambda perennial: perennial.subscriptions.access(subscription))
    visits, intervals = found.now, found.intervals
    if as_json:
        answers = {"user": visits.user.model_dump(mode="json"), "admin": visits.admin.model_dump(mode="json")}
        print_json({"subscription_id": subscription, "now": answers, "access": access_document(intervals)})
        return
    screen = console()
    asked = [("user, signing in", visits.user), ("admin, reading the data", visits.admin)]
    print_columns(screen, ("NOW", "ANSWER", ""), [(who, v.door, printable(v.words)) for who, v in asked])
    screen.print()
    spans = [(second(interval.start), second(interval.end) or "still open") for interval in intervals]
    print_columns(screen, (f"USERS FROM ({zone()})", "TO"), spans or [("never", "")])
