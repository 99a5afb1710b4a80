"""The pretend project's metrics: seeded, synthetic, and labelled so wherever they appear."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pandas as pd

from sre_kit.errors import ParameterError
from sre_kit.load.metrics.source import Auth, check_window, series


@dataclass(frozen=True)
class DemoSource:
    """Made-up measurements of the demo project; the same query and window always give the same numbers."""

    name: str = "synthetic demo metrics"
    synthetic: bool = True
    identity: str = "demo:"

    def version(self, query: str) -> None:
        """Never kept between runs: making it again is as cheap as reading it."""

    def read(self, query: str, start: datetime, end: datetime, step: timedelta) -> pd.Series:
        """
        The synthetic series of that name.

        Raises
        ------
        SourceError
            The demo has no series of that name.
        """
        from sre_kit.demo import metrics

        check_window(start, end, step)
        found = metrics.series(query, start, end, step)
        return series(pd.DatetimeIndex(found.index), found.to_numpy(), query)

    def increase(self, query: str, start: datetime, end: datetime, step: timedelta) -> pd.Series:
        """The same: the demo's counts are counts per step."""
        return self.read(query, start, end, step)

    def check(self) -> str:
        """Always there."""
        return "demo metrics: built in, synthetic, nothing to reach"


def open_demo(url: str, *, auth: Auth, base: Path, timeout: timedelta) -> DemoSource:
    """The demo's source; it takes no options."""
    if url != "demo:" or auth != Auth():
        raise ParameterError(f'source.url: the demo takes neither options nor auth, got {url!r}; write "demo:"')
    return DemoSource()
