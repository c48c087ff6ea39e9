"""The browser for tests of pages: finds it, starts it, and opens tabs as a first visit.

`python -m tests.support.browser` is done where there is one; else it says why not, and exits with 1.
"""

import asyncio
import os
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Browser, Page, Playwright, async_playwright

OURS = "PERENNIAL_CHROMIUM"
NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = [
    # Chromium's own sandbox wants rights that a container's root has not; it sees our own pages only.
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class NoBrowser(Exception):
    """No browser was found; the text says how to install one."""


@asynccontextmanager
async def running_browser() -> AsyncIterator[Browser]:
    """A Chromium without a window. Raises NoBrowser."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=_path(playwright), args=ARGUMENTS)
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def visiting(browser: Browser, address: str) -> AsyncIterator[Page]:
    """An empty tab, as a visitor for the first time has it; paths are the address's, and scripts are off.

    A page that asks another address for anything fails the test.
    """
    context = await browser.new_context(base_url=address, java_script_enabled=False)
    context.set_default_timeout(30_000)
    elsewhere: list[str] = []
    context.on("request", lambda request: elsewhere.append(request.url))
    try:
        yield await context.new_page()
    finally:
        await context.close()
    assert [url for url in elsewhere if not url.startswith(address)] == []


def _path(playwright: Playwright) -> str:
    if named := os.environ.get(OURS):
        if shutil.which(named):
            return named
        # The tests are not skipped: if a browser is named, that one is wanted.
        raise AssertionError(f"{OURS} names {named}, which is no program.")
    for name in NAMES:
        if found := shutil.which(name):
            return found
    if Path(playwright.chromium.executable_path).exists():
        return playwright.chromium.executable_path
    raise NoBrowser(
        f"no Chromium: install the system's package (apt-get install chromium), name one by {OURS}, "
        "or run .venv/bin/playwright install chromium"
    )


async def _found() -> str:
    async with async_playwright() as playwright:
        return _path(playwright)


if __name__ == "__main__":
    try:
        asyncio.run(_found())
    except NoBrowser as none:
        sys.exit(str(none))
