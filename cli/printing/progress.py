"""Show progress: a moving line per step on a terminal, else a plain line when a step is done."""

import time
from typing import Self

from rich.console import Console
from rich.progress import Progress as Bars
from rich.progress import SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from cli.printing.screen import console, printable


class Progress:
    """Progress on stderr, or on the `screen` of a terminal if other things are printed there meanwhile."""

    def __init__(self, screen: Console | None = None) -> None:
        self._screen = screen or console(stderr=True)
        name, note = (TextColumn(text, markup=False) for text in ("{task.description}", "{task.fields[note]}"))
        self._bars = Bars(SpinnerColumn(), name, TimeElapsedColumn(), note, console=self._screen, transient=True)
        self._tasks: dict[str, TaskID] = {}
        self._began: dict[str, tuple[str, float]] = {}

    def __enter__(self) -> Self:
        if self._screen.is_terminal:
            self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._screen.is_terminal:
            self._bars.stop()

    def begin(self, key: str, name: str) -> None:
        """Begin a step. The key tells steps of the same name apart."""
        self._began[key] = printable(name), time.monotonic()
        if self._screen.is_terminal:
            self._tasks[key] = self._bars.add_task(printable(name), total=1, note="")

    def note(self, key: str, note: str) -> None:
        """Show how far the step is."""
        if key in self._tasks:
            self._bars.update(self._tasks[key], note=printable(note))

    def end(self, key: str) -> None:
        """End the step."""
        if key in self._tasks:
            self._bars.remove_task(self._tasks.pop(key))
        else:
            name, began = self._began[key]
            self._screen.print(f"done in {time.monotonic() - began:.1f} s: {name}", soft_wrap=True)
