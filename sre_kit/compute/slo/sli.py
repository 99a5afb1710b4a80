"""
Indicators that are no plain pair of counters: a bucket of a histogram, a share, a gauge with a bound.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd

from sre_kit.compute.slo.buckets import seconds
from sre_kit.compute.slo.objectives import SLO
from sre_kit.errors import DataError


def check_bound(slo: SLO, bounds: Iterable[str]) -> None:
    """
    Refuse a threshold at which no bucket ends.

    Parameters
    ----------
    bounds
        Values of the label ``le`` that the histogram has.

    Raises
    ------
    DataError
        Names the bounds on both sides.
    """
    assert slo.threshold is not None
    known = sorted({Fraction(Decimal(one)) for one in bounds if _finite(one)})
    wanted = Fraction(seconds(slo.threshold))
    if not known or wanted in known:
        return
    below = max((one for one in known if one < wanted), default=None)
    above = min((one for one in known if one > wanted), default=None)
    sides = " and ".join(f"{float(one):g} s" for one in (below, above) if one is not None)
    raise DataError(
        f"SLO {slo.name!r}: no bucket ends at {float(wanted):g} s, the nearest bounds are {sides}; "
        "take one of them as the threshold, or add a bucket"
    )


def _finite(bound: str) -> bool:
    try:
        return math.isfinite(float(bound))
    except ValueError:
        return False


def steps_as_events(slo: SLO, values: pd.Series[Any]) -> pd.DataFrame:
    """
    Frame `Requests`: each step with a value counts once, good within the gauge's bound or to the share not bad.

    Raises
    ------
    DataError
        A share lies outside 0..1: it is no ratio of bad to all, or a percentage.
    """
    known = values.dropna()
    if slo.ratio:
        out = known[(known < 0) | (known > 1)]
        if len(out):
            raise DataError(
                f"SLO {slo.name!r}: the bad share is {out.iloc[0]:g} at {out.index[0]:%Y-%m-%d %H:%MZ}; "
                "a ratio lies in 0..1, divide a percentage by 100"
            )
        good = 1.0 - known.to_numpy(dtype=float)
    elif slo.at_most is not None:
        good = (known.to_numpy() <= slo.at_most).astype(float)
    else:
        good = (known.to_numpy() >= (slo.at_least or 0.0)).astype(float)
    return pd.DataFrame({"total": np.ones(len(known)), "good": good}, index=known.index.rename("time"))
