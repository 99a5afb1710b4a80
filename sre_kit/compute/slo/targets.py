"""
Which target is honest: what was measured, how likely the next period meets a target, what the dependencies allow.

Days are drawn whole (block bootstrap by day), because bad minutes come in clusters; the seed is fixed.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Final

import numpy as np

from sre_kit.compute.slo.counts import History, counted, days
from sre_kit.compute.slo.objectives import SLO
from sre_kit.compute.slo.windows import nominal
from sre_kit.compute.statistics import SEED, Interval

LADDER: Final = tuple(
    Fraction(parts, 100_000)
    for parts in (90_000, 95_000, 97_000, 98_000, 99_000, 99_500, 99_800, 99_900, 99_950, 99_980, 99_990, 99_999)
)
CONFIDENT: Final = 0.8
"""A target is recommended when it is met with at least this probability; an assumption."""
ENOUGH_DAYS: Final = 14
OUTER: Final = 200
INNER: Final = 200


@dataclass(frozen=True, slots=True)
class Rung:
    """A target with the probability to meet it in the next period, and the 90 % interval of that probability."""

    target: Fraction
    probability: float
    interval: Interval
    possible: bool
    """Whether the dependencies' promises allow it."""


@dataclass(frozen=True, slots=True)
class TargetAdvice:
    """
    What the history says about an objective: `measured` over `days` days with its 95 % interval, and the ladder.

    `recommended` is the strictest of the ladder and the target in force that is met with probability 0.8 and that the
    dependencies allow; `bound` is the product of their promises (missing without any). `refused` says why there is no
    ladder.
    """

    slo: SLO
    days: int
    measured: float | None
    interval: Interval | None
    rungs: tuple[Rung, ...]
    recommended: Fraction | None
    bound: Fraction | None
    refused: str = ""

    @property
    def impossible(self) -> bool:
        """Whether the target asks more than all dependencies together promise."""
        return self.bound is not None and self.slo.target > self.bound


def dependency_bound(slo: SLO) -> Fraction | None:
    """
    The best that serial dependencies allow if each just keeps its promise: the product; missing without any.

    It assumes that they fail at different times and that every failure of one is a failure of ours.
    """
    return math.prod((one.promise for one in slo.dependencies), start=Fraction(1)) if slo.dependencies else None


def target_advice(one: History, as_of: datetime, *, seed: int = SEED) -> TargetAdvice:
    """
    The recommendation ladder of one objective, from its days.

    The outer draws are other histories that might have been; within each, the inner ones are next periods.
    """
    total, bad = days(counted(one), as_of)
    keep = total > 0
    total, bad = total[keep].astype(float), bad[keep].astype(float)
    bound = dependency_bound(one.slo)
    if len(total) < ENOUGH_DAYS:
        why = one.gap or f"{len(total)} days with traffic, at least {ENOUGH_DAYS} are needed"
        measured = 1 - float(bad.sum() / total.sum()) if total.sum() else None
        return TargetAdvice(one.slo, len(total), measured, None, (), None, bound, why)
    draw = np.random.default_rng(seed)
    length = max(1, nominal(one.slo) // timedelta(days=1))
    outer = draw.integers(0, len(total), (OUTER, len(total)))
    again = 1 - bad[outer].sum(axis=1) / total[outer].sum(axis=1)
    low, high = np.quantile(again, [0.025, 0.975])
    plain = _next_periods(total, bad, draw.integers(0, len(total), (OUTER * 10, length)))
    inner = np.stack(
        [_next_periods(total[row], bad[row], draw.integers(0, len(row), (INNER, length))) for row in outer]
    )
    ladder = sorted({*LADDER, one.slo.target} | ({one.slo.contract} if one.slo.contract else set()))
    chances = np.stack([(inner <= float(1 - rung)).mean(axis=1) for rung in ladder])
    rungs = []
    for rung, least, most in zip(ladder, *np.quantile(chances, [0.05, 0.95], axis=1), strict=True):
        met = float((plain <= float(1 - rung)).mean())
        rungs.append(Rung(rung, met, Interval(float(least), float(most)), bound is None or rung <= bound))
    known = {*LADDER, one.slo.target}
    fit = [rung.target for rung in rungs if rung.probability >= CONFIDENT and rung.possible and rung.target in known]
    measured = 1 - float(bad.sum() / total.sum())
    interval = Interval(float(low), float(high))
    return TargetAdvice(one.slo, len(total), measured, interval, tuple(rungs), max(fit, default=None), bound)


def target_advices(ones: Iterable[History], as_of: datetime) -> list[TargetAdvice]:
    """The advice on each objective."""
    return [target_advice(one, as_of) for one in ones]


def chance_to_meet(advice: TargetAdvice) -> Rung | None:
    """The rung of the objective's own target; missing where there is no ladder."""
    return next((rung for rung in advice.rungs if rung.target == advice.slo.target), None)


def _next_periods(total: np.ndarray, bad: np.ndarray, picks: np.ndarray) -> np.ndarray:
    """Bad share of each drawn period."""
    result: np.ndarray = bad[picks].sum(axis=1) / total[picks].sum(axis=1)
    return result
