"""Importing the product opens nothing: no file is written, no socket, database, process or thread is started."""

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.support.paths import ROOT
from tests.support.project import FLOORS, sources

PROGRAMS = {"activities.adapters.sql.migrations.env", "workflows.contract.__main__"}
"""Modules that are run, not imported."""
IMPORTER = """
import importlib, os, sys, threading

OPENING = {"socket.bind", "socket.connect", "sqlite3.connect", "subprocess.Popen", "os.mkdir", "os.remove", "os.rename"}
opened = []

def watch(event, arguments):
    if event in OPENING or event == "open" and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
        opened.append((event, arguments[0]))

sys.addaudithook(watch)
for name in sys.argv[1:]:
    importlib.import_module(name)
    opened += [("thread", thread.name) for thread in threading.enumerate() if thread is not threading.main_thread()]
    if opened:
        sys.exit(f"{name}: {opened}")
"""


def importing(modules: Iterable[str], folder: Path) -> str:
    """What importing them in a new process opens first; empty if it opens nothing."""
    command = [sys.executable, "-B", "-c", IMPORTER, *sorted(modules)]
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert bool(ran.stderr) == bool(ran.returncode), ran.stderr
    return ran.stderr


def test_importing_any_module_opens_nothing() -> None:
    paths = [path.relative_to(ROOT).with_suffix("") for path in sources(*FLOORS)]
    modules = {".".join(path.parts).removesuffix(".__init__") for path in paths} - PROGRAMS
    assert len(modules) > 200
    assert importing(modules, ROOT) == ""


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("open('new', 'w')", "open"),
        ("import sqlite3; sqlite3.connect('new')", "sqlite3.connect"),
        ("import socket; socket.create_server(('127.0.0.1', 0))", "socket.bind"),
        ("import subprocess; subprocess.Popen(['true'])", "subprocess.Popen"),
        ("import threading; threading.Thread(target=threading.Event().wait, daemon=True).start()", "thread"),
    ],
)
def test_an_import_that_opens_something_is_found(tmp_path: Path, source: str, found: str) -> None:
    (tmp_path / "opening.py").write_text(source)
    assert importing(["opening"], tmp_path).startswith(f"opening: [('{found}'")
