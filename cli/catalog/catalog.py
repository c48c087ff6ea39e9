"""`catalog check` and `catalog import`: files of partners, customers and offers, looked at or taken in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from typer import Argument

from cli.options import Address, Json, NoWait
from cli.samples import sample_catalog

if TYPE_CHECKING:
    from cli.catalog.file import CatalogFiles
    from cli.catalog.telling import Telling
    from domain.catalog.changes import Imported

SAMPLE = f"starter.py catalog import {sample_catalog()}"
EMPTY = f"The catalog is empty. Import one: {SAMPLE}"
Files = Annotated[list[Path], Argument(metavar="FILE...", help="YAML or CSV files; docs/catalog.md has the formats.")]


@dataclass(frozen=True)
class Checked:
    """What an import would come to; `version` is the catalog's now. Both None where there is no database yet."""

    version: int | None = None
    imported: Imported | None = None


def check(files: Files, as_json: Json = False) -> None:
    """Check catalog files, and show what an import would change. Nothing is written.

    All faults are told at once. Where there is a database, the files are checked against the catalog in it, too.
    """
    from cli.catalog.changes import print_changes, summary
    from cli.catalog.file import read_catalog
    from cli.printing.screen import console, print_json
    from cli.running import run

    read = read_catalog(files)
    checked = run(_check(read))
    if as_json:
        changes = checked.imported.changes.model_dump(mode="json") if checked.imported else None
        print_json({"checked_against_version": checked.version, "changes": changes})
        return
    screen = console()
    if checked.imported is None:
        said = "No fault in the files by themselves. There is no database yet to check them against."
    else:
        against = f"version {checked.version}" if checked.version else "an empty one"
        said = f"No fault, also against the catalog in the database ({against})."
        said += f" An import would change: {summary(checked.imported.changes)}."
    screen.print(said, soft_wrap=True)
    if checked.imported:
        print_changes(screen, checked.imported.changes)


def import_catalog(files: Files, no_wait: NoWait = False, address: Address = None, as_json: Json = False) -> None:
    """Import catalog files: all of them together, or nothing.

    What they do not name stays as it is. Where prices change, the subscriptions concerned are told (BUY-5).
    """
    from cli.catalog.file import read_catalog
    from cli.catalog.telling import tell_prices, untold
    from cli.failure import Failure
    from cli.printing.screen import print_json
    from cli.running import run

    read = read_catalog(files)
    imported = run(_import(read, files))
    if not as_json:
        _print_imported(imported)
    waiting = run(untold())
    telling: Telling | None = None
    trouble: Failure | None = None
    try:
        telling = run(tell_prices(waiting, address, wait=not no_wait)) if waiting else None
    except Failure as failure:
        trouble = _still_to_tell(imported, waiting, failure)
    if as_json:
        print_json(_document(imported, waiting, telling))
    elif telling is not None:
        telling.show()
    if trouble is None and telling is not None:
        trouble = telling.failure()
    if trouble is not None:
        raise trouble


async def _check(read: CatalogFiles) -> Checked:
    from activities.settings import Settings
    from activities.wall_clock import wall_clock
    from cli.books import opened_books
    from domain.catalog.importing import ImportRefused

    if not _has_database(Settings.load().database_url):
        return Checked()
    async with opened_books() as books:
        try:
            imported = await books.catalog.preview(read.contents, wall_clock())
        except ImportRefused as refused:
            raise read.misused(refused.faults) from None
        version = await books.catalog.version()
    return Checked(version=version.number if version else 0, imported=imported)


def _has_database(url: str) -> bool:
    from sqlalchemy import make_url

    from activities.settings import DRIVER

    parsed = make_url(url)
    # A server's database is there or is a fault.
    return parsed.get_backend_name() != DRIVER or bool(parsed.database and Path(parsed.database).exists())


async def _import(read: CatalogFiles, files: list[Path]) -> Imported:
    from activities.wall_clock import wall_clock
    from cli.books import opened_books
    from domain.catalog.importing import ImportRefused

    async with opened_books() as books:
        try:
            return await books.catalog.import_contents(read.contents, ", ".join(map(str, files)), wall_clock())
        except ImportRefused as refused:
            raise read.misused(refused.faults) from None


def _print_imported(imported: Imported) -> None:
    from cli.catalog.changes import print_changes, summary
    from cli.printing.screen import console

    screen = console()
    if not imported.changes:
        at = f"it stays at version {imported.version}" if imported.version else "it stays empty"
        screen.print(f"The catalog holds all of it already: {at}.", soft_wrap=True)
        return
    screen.print(f"Imported as version {imported.version}: {summary(imported.changes)}.", soft_wrap=True)
    print_changes(screen, imported.changes)


def _still_to_tell(imported: Imported, waiting: dict[int, int], failure: Any) -> Any:
    from cli.failure import Failure
    from cli.printing.screen import counted

    count = sum(waiting.values())
    words = f"The prices of {counted(count, 'subscription')} are still to be told"
    return Failure(f"{words} (the catalog stands, version {imported.version}): {failure} Then import the same again.")


def _document(imported: Imported, waiting: dict[int, int], telling: Telling | None) -> dict[str, Any]:
    return {
        "version": imported.version,
        "changes": imported.changes.model_dump(mode="json"),
        "to_tell": sum(waiting.values()),
        "told": telling.document() if telling else None,
    }
