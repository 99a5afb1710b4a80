"""
MSTL with exponential smoothing, from statsforecast: a second method for who wants to hold ours against it.

It is an extra (`sre-kit[forecast]`), because statsforecast holds pandas below 3. Its futures take the same back-test,
intervals and refusals. `make bench-forecast` holds it against the weekly profile.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from sre_kit.compute.capacity.profile import Floats, medians
from sre_kit.errors import ParameterError

ORIGINS: Final = 20
"""Each origin is a fit of its own; more take long."""


@dataclass(frozen=True, slots=True)
class Decomposition:
    """One future: the cycles of `period` steps decomposed, what is left smoothed exponentially."""

    period: int
    window: int = 28

    @property
    def names(self) -> tuple[str, ...]:
        """A single candidate."""
        return ("MSTL and ETS",)

    @property
    def priors(self) -> tuple[float, ...]:
        """It has all the weight."""
        return (1.0,)

    def foresee(self, past: Floats, horizon: int) -> Floats:
        """
        The next `horizon` values of each series; missing values are filled on a straight line first.

        Raises
        ------
        ParameterError
            statsforecast is not installed.
        """
        try:
            from statsforecast.models import MSTL, AutoETS
        except ImportError as missing:
            raise ParameterError(
                "capacity.method 'MSTL and ETS' needs statsforecast, which is not installed; "
                "pip install 'sre-kit[forecast]', or leave the method out"
            ) from missing
        rows = []
        for row in past:
            if not np.isfinite(row).any():
                rows.append(np.full(horizon, np.nan))
                continue
            model: Any = MSTL(season_length=self.period, trend_forecaster=AutoETS(model="ZZN"))
            rows.append(model.forecast(_filled(row), h=horizon)["mean"])
        return np.stack(rows)[:, None, :]

    def level(self, past: Floats) -> Floats:
        """The median of the last `window` steps."""
        return medians(past[:, -self.window :])


def _filled(row: Floats) -> Floats:
    at = np.arange(len(row))
    known = np.isfinite(row)
    return np.interp(at, at[known], row[known])
