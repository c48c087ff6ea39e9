"""`catalog check` and `catalog import`: check files of partners, customers and offers, or import them."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from rich.console import Console
from rich.text import Text
from sqlalchemy import make_url
from typer import Argument

from activities.prices.contracts import Told
from activities.settings import DRIVER, Settings
from cli.catalog.file import CatalogFiles, read_catalog
from cli.failure import Failure
from cli.options import Address, Json, NoWait
from cli.printing.progress import Progress
from cli.printing.screen import console, counted, instant, print_json, printable
from cli.running import use
from cli.start import program
from domain.catalog.changes import Changes, Imported, PriceChange, RecordKind
from domain.catalog.importing import ImportRefused
from perennial.catalog.importing import ImportPreview
from perennial.use_cases import Perennial
from workflows.price_changes.messages import PriceProgress

Files = Annotated[list[Path], Argument(metavar="FILE...", help="YAML or CSV files; docs/catalog.md has the formats.")]
MOST_NEW = 20
"""At most this many new records are named; the others are counted."""


@dataclass(frozen=True)
class PricesSent:
    """The versions whose prices were sent, and the result; None with `--no-wait`."""

    versions: tuple[int, ...]
    result: Told | None = None


def check(files: Files, as_json: Json = False) -> None:
    """Check catalog files, and show what an import would change. Nothing is written.

    All faults are listed at once. If there is a database, the files are also checked against the catalog in it.
    """
    read = read_catalog(files)
    preview = use(lambda perennial: _check(perennial, read))
    if as_json:
        changes = preview.imported.changes.model_dump(mode="json") if preview else None
        print_json({"checked_against_version": preview.version if preview else None, "changes": changes})
    elif preview is None:
        words = "The files have no faults of their own. There is no database yet to check them against."
        console().print(words, soft_wrap=True)
    else:
        against = f"version {preview.version}" if preview.version else "an empty one"
        words = f"No faults, neither in the files nor against the catalog in the database ({against})."
        would = f"An import would change: {_summary(preview.imported.changes)}."
        console().print(f"{words} {would}", soft_wrap=True)
        _print_changes(console(), preview.imported.changes)


def import_catalog(files: Files, no_wait: NoWait = False, address: Address = None, as_json: Json = False) -> None:
    """Import catalog files: all of them, or none.

    Records that are not in the files stay as they are. New prices are sent to the subscriptions they concern (BUY-5).
    """
    read = read_catalog(files)
    imported, unsent = use(lambda perennial: _import(perennial, read, files))
    if not as_json:
        _print_imported(console(), imported)
    sent: PricesSent | None = None
    failure: Failure | None = None
    try:
        sent = use(lambda perennial: _send_prices(perennial, unsent, wait=not no_wait), address) if unsent else None
    except Failure as error:
        failure = _not_all_sent(imported, unsent, error)
    if as_json:
        print_json(_document(imported, unsent, sent))
    elif sent is not None:
        _print_sent(console(), sent)
    if sent is not None and sent.result is not None and sent.result.failures:
        some = ", ".join(sent.result.failed)
        failure = Failure(
            f"Prices not sent to: {some}. See why: {program()} show ID. Then import the same files again to retry."
        )
    if failure is not None:
        raise failure


async def _check(perennial: Perennial, read: CatalogFiles) -> ImportPreview | None:
    """The preview; None without a database."""
    if not _has_database(Settings.load().database_url):
        return None
    try:
        return await perennial.catalog_import.check(read.contents)
    except ImportRefused as refused:
        raise read.misused(refused.faults) from None


def _has_database(url: str) -> bool:
    parsed = make_url(url)
    # On a server the database exists, or its absence is an error.
    return parsed.get_backend_name() != DRIVER or bool(parsed.database and Path(parsed.database).exists())


async def _import(perennial: Perennial, read: CatalogFiles, files: list[Path]) -> tuple[Imported, dict[int, int]]:
    """The import, and the versions whose prices are still to be sent with how many subscriptions they concern."""
    try:
        imported = await perennial.catalog_import.run(read.contents, ", ".join(map(str, files)))
    except ImportRefused as refused:
        raise read.misused(refused.faults) from None
    return imported, await perennial.catalog_import.unsent_prices()


async def _send_prices(perennial: Perennial, unsent: dict[int, int], *, wait: bool) -> PricesSent:
    await perennial.catalog_import.send_prices(unsent)
    if not wait:
        return PricesSent(tuple(unsent))
    with Progress() as progress:
        for version in unsent:
            progress.begin(str(version), f"prices of version {version}")

        def watch(version: int, now: PriceProgress) -> None:
            progress.note(str(version), f"{now.done:,} of {now.total:,} subscriptions")

        result = await perennial.catalog_import.prices_sent(unsent, watch)
        for version in unsent:
            progress.end(str(version))
    return PricesSent(tuple(unsent), result)


def _not_all_sent(imported: Imported, unsent: dict[int, int], error: Failure) -> Failure:
    concerned = counted(sum(unsent.values()), "subscription")
    done = f"The catalog is imported (version {imported.version}), but its prices are not yet sent to {concerned}"
    return Failure(f"{done}: {str(error).removesuffix('.')}. Then import the same files again.")


def _document(imported: Imported, unsent: dict[int, int], sent: PricesSent | None) -> dict[str, Any]:
    prices: dict[str, Any] | None = None
    if sent is not None:
        prices = {"versions": sent.versions, "waited": sent.result is not None}
        prices |= sent.result.model_dump(mode="json") if sent.result else {}
    return {
        "version": imported.version,
        "changes": imported.changes.model_dump(mode="json"),
        "to_tell": sum(unsent.values()),
        "told": prices,
    }


def _print_imported(screen: Console, imported: Imported) -> None:
    if not imported.changes:
        stays = f"It stays at version {imported.version}" if imported.version else "It stays empty"
        screen.print(f"The catalog already holds all of it. {stays}.", soft_wrap=True)
        return
    screen.print(f"Imported as version {imported.version}: {_summary(imported.changes)}.", soft_wrap=True)
    _print_changes(screen, imported.changes)


def _print_sent(screen: Console, sent: PricesSent) -> None:
    if (result := sent.result) is None:
        names = ", ".join(f"price-changes:{version}" for version in sent.versions)
        words = f"The new prices are being sent to the subscriptions, by the workflow {names}."
    else:
        words = f"Sent the new prices to {counted(result.count, 'subscription')}: {result.told} took them,"
        words += f" {result.unchanged} knew them, {result.ended} had ended, {result.failures} failed."
    screen.print(words, soft_wrap=True)


def _print_changes(screen: Console, changes: Changes) -> None:
    """Print new records, changed fields, then prices with the instant from which each applies."""
    for kind in RecordKind:
        new = [record.id for record in changes.records if record.kind is kind and record.new]
        if new:
            more = f" and {len(new) - MOST_NEW:,} more" if len(new) > MOST_NEW else ""
            _print_change(screen, "new", f"{counted(len(new), kind)}: {', '.join(new[:MOST_NEW])}{more}")
    for record in changes.records:
        if not record.new:
            _print_change(screen, "changed", f"{record.kind} {record.id}: {'; '.join(map(str, record.fields))}")
    for price in changes.prices:
        _print_change(screen, "price", _price(price))


def _price(change: PriceChange) -> str:
    """Such as `contoso-crm from 2027-03-01 00:00 UTC: USD 10.00 -> 12.00 (+2.00)`."""
    move = f"{change.currency} {change.before:f} -> {change.after:f} ({change.difference:+f})"
    return f"{change.offer} from {instant(change.at)} UTC: {move}"


def _summary(changes: Changes) -> str:
    return ", ".join(_counts(changes)) or "nothing"


def _counts(changes: Changes) -> Iterator[str]:
    if new := sum(record.new for record in changes.records):
        yield counted(new, "new record")
    if changed := sum(not record.new for record in changes.records):
        yield counted(changed, "changed record")
    if changes.prices:
        yield f"{counted(len(changes.prices), 'price change')} of {counted(len(changes.repriced), 'offer')}"


def _print_change(screen: Console, label: str, text: str) -> None:
    screen.print(Text.assemble((f"  {label:<11}", "dim"), printable(text)), soft_wrap=True)
