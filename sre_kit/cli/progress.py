"""How far a render is, for people who wait for it."""

from __future__ import annotations

import sys
from typing import Any


class Progress:
    """A bar on a terminal, nothing elsewhere."""

    def __init__(self, total: int, quiet: bool) -> None:
        self.total, self.shown = total, sys.stderr.isatty() and not quiet
        self._bar: Any = None
        self._task: Any = None

    def __enter__(self) -> Progress:
        if self.shown:
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

            columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
            self._bar = Progress(*columns, console=Console(stderr=True), transient=True)
            self._bar.start()
            self._task = self._bar.add_task("rendering", total=self.total)
        return self

    def __call__(self, name: str, state: str) -> None:
        if self._bar is not None and state == "rendered":
            self._bar.update(self._task, advance=1, description=name)

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()
