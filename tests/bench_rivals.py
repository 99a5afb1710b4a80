"""
MSTL+ETS and Prophet at given cuts; run by `tests.bench_forecast` in the environment that has them.

Standard input: a JSON list of {start, past, ahead}; the last line of standard output: {method: [[point, lower, upper,
milliseconds], ...]} with 80 % intervals.
"""

from __future__ import annotations

import json
import logging
import sys
import time
import warnings
from collections.abc import Callable

import numpy as np
import pandas as pd

warnings.simplefilter("ignore")
logging.disable(logging.WARNING)


def mstl(past: np.ndarray, start: str, ahead: int) -> tuple[list[float], ...]:
    """Weekly decomposition, exponential smoothing of what is left."""
    from statsforecast.models import MSTL, AutoETS

    from sre_kit.compute.capacity.decomposition import Decomposition

    found = MSTL(season_length=7, trend_forecaster=AutoETS(model="ZZN")).forecast(past, h=ahead, level=[80])
    ours = Decomposition(7).foresee(past[None], ahead)[0, 0]
    if not np.allclose(ours, found["mean"]):
        raise RuntimeError("the extra foresees something else than statsforecast itself")
    return found["mean"].tolist(), found["lo-80"].tolist(), found["hi-80"].tolist()


def prophet(past: np.ndarray, start: str, ahead: int) -> tuple[list[float], ...]:
    """Its defaults, with an 80 % interval."""
    from prophet import Prophet

    days = pd.date_range(start, periods=len(past) + ahead)
    model = Prophet(interval_width=0.8, uncertainty_samples=300)
    model.fit(pd.DataFrame({"ds": days[: len(past)], "y": past}))
    found = model.predict(pd.DataFrame({"ds": days[len(past) :]}))
    return found["yhat"].tolist(), found["yhat_lower"].tolist(), found["yhat_upper"].tolist()


def main() -> None:
    """Answer each question with each method; a method that cannot be imported is left out."""
    asked = json.load(sys.stdin)
    found: dict[str, list[list[object]]] = {}
    methods: dict[str, Callable[[np.ndarray, str, int], tuple[list[float], ...]]] = {
        "MSTL+ETS (statsforecast)": mstl,
        "Prophet": prophet,
    }
    for name, method in methods.items():
        try:
            method(np.array(asked[0]["past"]), asked[0]["start"], 2)  # what is compiled once is not counted
            rows: list[list[object]] = []
            for one in asked:
                began = time.process_time()
                answer = method(np.array(one["past"]), one["start"], one["ahead"])
                rows.append([*answer, 1000 * (time.process_time() - began)])
            found[name] = rows
        except ImportError as missing:
            print(f"{name}: {missing}", file=sys.stderr)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
