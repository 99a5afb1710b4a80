"""
Canaries: a release to a part of the traffic, held against the error budget and against what ran beside it.

Two limits, both from the objective. The budget: the canary's bad share may not exceed `burn` times the budget ratio.
The baseline: it may not exceed the baseline's by more than `worse_by` budget ratios. A limit is broken, or kept, only
when the whole 95 % interval lies on one side of it; anything else is "not enough data", with the requests that it
takes. A share has the exact interval of Clopper and Pearson, and a
difference the one that follows from two of them by the squares of their arms (Zou and Donner, Statistics in Medicine
27, 2008): at a handful of bad requests Newcombe's, from Wilson's, would call one failure of thirty proof.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from math import hypot
from typing import Final, Literal

from sre_kit.compute.operations.change import proportion_interval
from sre_kit.compute.operations.rollout import Canary, CanaryRelease
from sre_kit.compute.queries import per_second, query_problem
from sre_kit.compute.slo.counts import History
from sre_kit.compute.slo.objectives import SLO
from sre_kit.compute.statistics import Interval
from sre_kit.errors import ParameterError

CanaryWord = Literal["promote", "roll back", "not enough data"]
MOST: Final = 10**9
"""Requests beyond which no canary is waited for."""


def difference_interval(hits: float, n: float, other_hits: float, other_n: float) -> Interval:
    """
    95 % interval of hits/n - other_hits/other_n, from the exact intervals of both.

    >>> [round(limit, 3) for limit in difference_interval(1, 31, 0, 288)]
    [-0.002, 0.167]
    """
    p, q = hits / n, other_hits / other_n
    a, b = proportion_interval(hits, n), proportion_interval(other_hits, other_n)
    return Interval(p - q - hypot(p - a.low, b.high - q), p - q + hypot(a.high - p, q - b.low))


@dataclass(frozen=True, slots=True)
class CanaryLimits:
    """The two limits of a canary as shares of its requests; `budget` is exact, because a file carries it."""

    budget: Fraction
    worse_by: float

    def word(self, canary: tuple[float, float], baseline: tuple[float, float]) -> CanaryWord:
        """The verdict on (bad, total) of both; a limit that is broken outweighs one that is kept."""
        if canary[1] <= 0:
            return "not enough data"
        own = proportion_interval(*canary)
        worse = difference_interval(*canary, *baseline) if baseline[1] > 0 else None
        if own.low > self.budget or (worse is not None and worse.low > self.worse_by):
            return "roll back"
        if own.high <= self.budget and worse is not None and worse.high <= self.worse_by:
            return "promote"
        return "not enough data"

    def needed(self, share: float, baseline: float, times: float) -> int | None:
        """
        Canary requests from which these shares are decided, the baseline having `times` as many; None where no number
        up to `MOST` decides.
        """

        def decided(n: int) -> bool:
            return self.word((share * n, n), (baseline * n * times, n * times)) != "not enough data"

        high = 1
        while not decided(high):
            high *= 2
            if high > MOST:
                return None
        low = high // 2
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if decided(middle) else (middle, high)
        return high


def canary_limits(canary: Canary, slo: SLO) -> CanaryLimits:
    """Its limits, from the objective's budget."""
    budget = Fraction(str(canary.burn)) * slo.budget_ratio
    return CanaryLimits(budget, float(slo.budget_ratio) * canary.worse_by)


@dataclass(frozen=True, slots=True)
class JudgedRelease:
    """A release with its verdict; `needed` requests decide where it is "not enough data"."""

    release: CanaryRelease
    word: CanaryWord
    own: Interval | None
    worse: Interval | None
    needed: int | None = None


@dataclass(frozen=True, slots=True)
class JudgedCanary:
    """
    A canary with its limits, its past releases judged, and whether it sees enough requests to be judged at all.

    `sees` are the requests that it gets by the objective's own traffic, `needs` those from which a release as good as
    the baseline is promoted.
    """

    canary: Canary
    slo: SLO
    limits: CanaryLimits
    releases: tuple[JudgedRelease, ...]
    baseline: float | None = None
    sees: int | None = None
    needs: int | None = None
    problem: str = ""
    """Why no condition can be written of its queries."""

    @property
    def query(self) -> str:
        """
        The canary's bad share, PromQL; empty where there is none.

        A canary without an error has no series of errors, which is 0; one without requests has no share at all.
        """
        if self.problem:
            return ""
        bad, total = (per_second(one, self.canary.over) for one in (self.canary.bad, self.canary.total))
        return f"({bad} or 0 * {total}) / ({total} > 0)"

    @property
    def long_enough(self) -> timedelta | None:
        """How long it would have to last; missing where the traffic or the need is not known."""
        if not self.sees or not self.needs:
            return None
        return self.canary.lasts * (self.needs / self.sees)


def judged_canaries(
    canaries: Sequence[Canary], slos: Sequence[SLO], histories: Sequence[History] = ()
) -> list[JudgedCanary]:
    """
    Every canary of the params, in their order.

    Raises
    ------
    ParameterError
        One names an objective that is not there.
    """
    by_name = {slo.name: slo for slo in slos}
    measured = {one.slo.name: one for one in histories if not one.gap}
    found = []
    for canary in canaries:
        if canary.slo not in by_name:
            raise ParameterError(f"operations.canaries: no SLO {canary.slo!r}; there are {', '.join(by_name)}")
        found.append(_judged(canary, by_name[canary.slo], measured.get(canary.slo)))
    return found


def _judged(canary: Canary, slo: SLO, history: History | None) -> JudgedCanary:
    limits = canary_limits(canary, slo)
    baseline = sees = needs = None
    if history is not None:
        total, bad, _ = history.between(*history.observed)
        baseline = float(bad / total) if total else None
        sees = round(history.pace * canary.share * Fraction(canary.lasts // timedelta(seconds=1)))
    if baseline is not None and 0 < canary.share < 1:
        needs = limits.needed(baseline, baseline, float((1 - canary.share) / canary.share))
    releases = tuple(_released(one, limits) for one in canary.releases)
    return JudgedCanary(canary, slo, limits, releases, baseline, sees, needs, _problem(canary))


def _released(release: CanaryRelease, limits: CanaryLimits) -> JudgedRelease:
    own, base = release.canary, release.baseline
    word = limits.word((own.bad, own.total), (base.bad, base.total))
    interval = proportion_interval(own.bad, own.total) if own.total else None
    worse = difference_interval(own.bad, own.total, base.bad, base.total) if own.total and base.total else None
    needed = None
    if word == "not enough data" and own.total and base.total:
        needed = limits.needed(own.bad / own.total, base.bad / base.total, base.total / own.total)
    return JudgedRelease(release, word, interval, worse, needed)


def _problem(canary: Canary) -> str:
    for name in ("total", "bad"):
        query = getattr(canary, name)
        if not query:
            return f"no query counts the canary's {'requests' if name == 'total' else 'bad requests'}"
        if problem := query_problem(query):
            return f"{query!r} is no PromQL: {problem}"
        try:
            per_second(query, canary.over)
        except ParameterError as error:
            return str(error)
    return ""
