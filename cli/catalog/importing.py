"""`catalog check` and `catalog import`: check files of partners, customers and offers, or import them."""

from pathlib import Path
from typing import Annotated, Any

from sqlalchemy import make_url
from typer import Argument, Option

from activities.prices.contracts import Told
from activities.settings import DRIVER, Settings
from cli.catalog.changes import facts_of, losses_in, prices_in, summary
from cli.catalog.file import CatalogFiles, read_catalog
from cli.confirming import at_a_terminal, confirm
from cli.failure import Failure, Misused
from cli.options import Address, DryRun, Json, NoWait
from cli.printing.progress import Progress
from cli.printing.screen import counted, print_facts, print_json, printable, say
from cli.running import use
from cli.start import program
from domain.catalog.changes import Imported
from domain.catalog.importing import ImportRefused
from perennial.catalog.importing import ImportPreview
from perennial.use_cases import Perennial
from workflows.price_changes.messages import PriceProgress

Files = Annotated[list[Path], Argument(metavar="FILE...", help="YAML or CSV files; docs/catalog.md has the formats.")]
Yes = Annotated[bool, Option("--yes", "-y", help="Do it without asking.")]
MOST_LOST = 20
"""At most this many losses are shown; the others are counted."""


def check(files: Files, as_json: Json = False) -> None:
    """Check catalog files, and show what an import would change. Nothing is written.

    All faults are listed at once. If there is a database, the files are also checked against the catalog in it.

    Example: catalog check offers.yaml
    """
    read = read_catalog(files)
    preview = use(lambda perennial: _check(perennial, read))
    if as_json:
        changes = preview.imported.changes.model_dump(mode="json") if preview else None
        print_json({"checked_against_version": preview.version if preview else None, "changes": changes})
    elif preview is None:
        words = "The files have no faults of their own. There is no database yet to check them against."
        say(words)
    else:
        against = f"version {preview.version}" if preview.version else "an empty one"
        words = f"No faults, neither in the files nor against the catalog in the database ({against})."
        would = f"An import would change: {summary(preview.imported.changes)}."
        say(f"{words} {would}")
        print_facts(facts_of(preview.imported.changes))


def import_catalog(
    files: Files,
    no_wait: NoWait = False,
    dry_run: DryRun = False,
    yes: Yes = False,
    address: Address = None,
    as_json: Json = False,
) -> None:
    """Import catalog files: all of them, or none.

    Records that are not in the files stay as they are. New prices are sent to the subscriptions they concern (BUY-5).
    It asks before it takes something away from an offer (an add-on, a country, a limit, its sale), and before it makes
    running subscriptions dearer.

    Example: catalog import offers.yaml --dry-run
    """
    read = read_catalog(files)
    if dry_run or not yes:
        preview = use(lambda perennial: _previewed(perennial, read))
        if dry_run:
            _print_preview(preview, as_json=as_json)
            return
        _confirm(preview, files)
    imported, unsent = use(lambda perennial: _import(perennial, read, files))
    if not as_json:
        _print_imported(imported)
    told: Told | None = None
    failure: Failure | None = None
    try:
        told = use(lambda perennial: _send_prices(perennial, unsent, wait=not no_wait), address) if unsent else None
    except Failure as error:
        failure = _not_all_sent(imported, unsent, error)
    versions = () if failure else tuple(unsent)
    if as_json:
        print_json(_document(imported, sum(unsent.values()), versions, told))
    elif versions:
        _print_sent(versions, told)
    if told is not None and told.failures:
        some = ", ".join(told.failed)
        failure = Failure(
            f"Prices not sent to: {some}. See why: {program()} show ID. Then import the same files again to retry."
        )
    if failure is not None:
        raise failure


async def _previewed(perennial: Perennial, read: CatalogFiles) -> ImportPreview:
    try:
        return await perennial.catalog_import.check(read.contents)
    except ImportRefused as refused:
        raise read.misused(refused.faults) from None


def _print_preview(preview: ImportPreview, *, as_json: bool) -> None:
    """What an import would do, as the import says it."""
    imported = preview.imported
    if as_json:
        print_json(_document(imported, preview.concerned, (), None))
        return
    _print_imported(imported, "Would be imported")
    if preview.concerned:
        say(f"The new prices would be sent to {counted(preview.concerned, 'subscription')}.")
    for line in losses_in(imported.changes):
        say(printable(line))


def _confirm(preview: ImportPreview, files: list[Path]) -> None:
    """Show what would be lost and become dearer, and ask. Raises Misused where there is no terminal to ask at."""
    lost = losses_in(preview.imported.changes)
    if not (lost or preview.costs):
        return
    shown = lost[:MOST_LOST]
    if (more := len(lost) - MOST_LOST) > 0:
        shown.append(f"and {more:,} more: {program()} catalog check {' '.join(map(str, files))}")
    if preview.costs:
        shown += [f"price {words}" for words in prices_in(preview.imported.changes)]
        shown.append(f"The new prices would be sent to {counted(preview.concerned, 'subscription')}.")
    why = "Records in a file replace those in the catalog whole. " if lost else ""
    if not at_a_terminal():
        instead = "add --yes to import it all the same" + (", or add to the files what must stay" if lost else "")
        raise Misused(*shown, f"{why}The import asks first, and there is no terminal to ask at: {instead}.")
    keep = "Subscriptions keep what they were bought with." if lost else ""
    for line in (*shown, *filter(None, (f"{why}{keep}",))):
        say(printable(line), stderr=True)
    confirm()


async def _check(perennial: Perennial, read: CatalogFiles) -> ImportPreview | None:
    """The preview; None without a database."""
    if not _has_database(Settings.load().database_url):
        return None
    return await _previewed(perennial, read)


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


async def _send_prices(perennial: Perennial, unsent: dict[int, int], *, wait: bool) -> Told | None:
    """Send the prices of these versions, and return what came of it; None if it does not wait."""
    await perennial.catalog_import.send_prices(unsent)
    if not wait:
        return None
    with Progress() as progress:
        for version in unsent:
            progress.begin(str(version), f"prices of version {version}")

        def watch(version: int, now: PriceProgress) -> None:
            progress.note(str(version), f"{now.done:,} of {now.total:,} subscriptions")

        result = await perennial.catalog_import.prices_sent(unsent, watch)
        for version in unsent:
            progress.end(str(version))
    return result


def _not_all_sent(imported: Imported, unsent: dict[int, int], error: Failure) -> Failure:
    concerned = counted(sum(unsent.values()), "subscription")
    done = f"The catalog is imported (version {imported.version}), but its prices are not yet sent to {concerned}"
    return Failure(f"{done}: {str(error).removesuffix('.')}. Then import the same files again.")


def _document(imported: Imported, concerned: int, versions: tuple[int, ...], told: Told | None) -> dict[str, Any]:
    result = told.model_dump(mode="json") if told else {}
    prices = {"versions": versions, "waited": told is not None} | result if versions else None
    return {
        "version": imported.version,
        "changes": imported.changes.model_dump(mode="json"),
        "to_tell": concerned,
        "told": prices,
    }


def _print_imported(imported: Imported, done: str = "Imported") -> None:
    if not imported.changes:
        stays = f"It stays at version {imported.version}" if imported.version else "It stays empty"
        say(f"The catalog already holds all of it. {stays}.")
        return
    say(f"{done} as version {imported.version}: {summary(imported.changes)}.")
    print_facts(facts_of(imported.changes))


def _print_sent(versions: tuple[int, ...], result: Told | None) -> None:
    if result is None:
        names = ", ".join(f"price-changes:{version}" for version in versions)
        words = f"The new prices are being sent to the subscriptions, by the workflow {names}."
    else:
        words = f"Sent the new prices to {counted(result.count, 'subscription')}: {result.told} took them,"
        words += f" {result.unchanged} knew them, {result.ended} had ended, {result.failures} failed."
    say(words)
