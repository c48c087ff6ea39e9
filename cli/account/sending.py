"""A document as a page to send: printed as HTML, or written as a PDF."""

import sys
from pathlib import Path
from typing import Annotated

from typer import Option

from cli.failure import Failure
from cli.options import misused
from cli.printing.screen import say
from domain.faults import Fault
from hosting.files.pdf import NoBrowser, NotPrinted, write_pdf

AsHtml = Annotated[bool, Option("--html", help="Print a page that can be sent and printed.")]
AsPdf = Annotated[
    Path | None,
    Option(
        "--pdf", metavar="FILE", help="Write the same page to this file, as Chromium prints it.", show_default=False
    ),
]


def send_page(html: str, pdf: Path | None) -> None:
    """Print the page, or write it to the file, which must not be there yet."""
    if pdf is None:
        sys.stdout.write(html)
        return
    if pdf.exists() or not pdf.parent.is_dir():
        takes = "a file that does not exist yet, in a directory that does"
        raise misused([Fault(("--pdf",), str(pdf), takes)])
    try:
        write_pdf(html, pdf)
    except NoBrowser as error:
        raise Failure(f"{error} Install one, or print the page of --html in your own.") from None
    except NotPrinted as error:
        raise Failure(str(error)) from None
    say(f"Written to {pdf}.")
