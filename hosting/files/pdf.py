"""Print a page into a PDF file with the Chromium or Chrome of this machine."""

import os
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
LONGEST = 60
"""Seconds that printing may take."""


class NoBrowser(Exception):
    """There is no browser here that prints."""


class NotPrinted(Exception):
    """The browser has written no file."""


def write_pdf(html: str, file: Path) -> None:
    """Print the page on A4 into the file. Raises NoBrowser and NotPrinted."""
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        names = ", ".join(BROWSERS[:3])
        raise NoBrowser(f"No browser that prints was found here ({names}).")
    with TemporaryDirectory() as scratch:
        page = Path(scratch) / "page.html"
        page.write_text(html, encoding="utf-8")
        # Chromium does not start its sandbox for root.
        root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
        command = [browser, "--headless", "--disable-gpu", *root, f"--user-data-dir={scratch}/profile"]
        command += ["--no-pdf-header-footer", f"--print-to-pdf={file.absolute()}", page.as_uri()]
        try:
            ran = subprocess.run(command, capture_output=True, text=True, timeout=LONGEST, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise NotPrinted(f"{browser} did not print the page: {error}.") from None
    if ran.returncode or not file.exists():
        words = (ran.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise NotPrinted(f"{browser} did not print the page: {words}")
