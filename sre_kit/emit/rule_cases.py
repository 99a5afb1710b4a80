"""
What a rule test holds: made-up series, what the rules must say of them and when; for any form of rules.

The times follow from the objective's numbers. Objectives that do not touch each other's series share a test, because
promtool evaluates every rule in every test.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from fractions import Fraction
from typing import Any, Final

from sre_kit.compute.queries import counts
from sre_kit.compute.slo.alerting import AlertProperties
from sre_kit.compute.slo.objectives import SLO
from sre_kit.emit.made_up import MINUTE, Errors, Selected, Series, made_up, selected
from sre_kit.emit.rule_groups import yaml_text
from sre_kit.errors import ParameterError
from sre_kit.escape import plain

EVALUATED: Final = timedelta(minutes=20)
"""How often promtool evaluates the rules; checks stand on it. Each evaluation takes its time."""
STEADY: Final = EVALUATED
"""How long a test lasts whose errors are the same from its first sample on, so that every window holds the same."""
HOUR: Final = timedelta(hours=1)
HEADER: Final = """\
# Tests of {rules}. Run: promtool test rules FILE. Generated; do not edit.
"""

Check = tuple[str, dict[str, Any]]
"""Where it stands in a test (``alert_rule_test`` or ``promql_expr_test``), and what it says."""


@dataclass(frozen=True)
class Watched:
    """
    An objective whose rules are tested: `slo` has its series and its window, `pairs` its alerts.

    `says` is the check that an alert of a severity fires, or does not, at a time; `groups` are its rule groups, in the
    order in which they read each other; `silent` are further checks without traffic.
    """

    slo: SLO
    pairs: Sequence[AlertProperties]
    says: Callable[[timedelta, str, bool], Check]
    groups: Sequence[str]
    silent: Callable[[timedelta], Sequence[Check]] = lambda _: ()

    def of(self, severity: str) -> list[AlertProperties]:
        """The pairs of a severity that can fire."""
        return [one for one in self.pairs if one.alert.severity == severity and not one.unreachable]

    @property
    def severities(self) -> tuple[str, ...]:
        """Those that it has alerts of."""
        return tuple(dict.fromkeys(one.alert.severity for one in self.pairs))


@dataclass(frozen=True)
class Case:
    """What one objective puts into a test: its series, what its queries count, and what must hold."""

    slo: str
    series: tuple[Series, ...]
    selectors: tuple[Selected, ...]
    checks: tuple[Check, ...]

    def disturbs(self, other: Case) -> bool:
        """Whether a series of one is counted by a query of the other, unless both have it and it is the same."""
        return self._counts_foreign(other) or other._counts_foreign(self)

    def _counts_foreign(self, other: Case) -> bool:
        own = {series.name: series.phases for series in self.series}
        return any(
            own.get(series.name, ()) != series.phases
            for series in other.series
            if any(counts(selector, series.metric, dict(series.labels)) for selector in self.selectors)
        )


@dataclass
class _Batch:
    cases: list[Case] = field(default_factory=list)

    def takes(self, case: Case) -> bool:
        return not any(case.disturbs(one) for one in self.cases)


def rule_tests(watched: Iterable[Watched], rules_file: str, untested: Sequence[str] = ()) -> str:
    """
    A file for ``promtool test rules`` beside `rules_file`; `untested` are lines on what has no test.

    Tests of each objective: a fast burn pages in time and not before, a slow one makes a ticket and no page, half of
    what the slowest alert allows stays quiet, and so does silence.
    """
    cases: dict[str, list[Case]] = {}
    lines, known = list(untested), list(watched)
    for one in known:
        try:
            for title, make in _KINDS.items():
                if found := make(one):
                    cases.setdefault(title, []).append(found)
        except ParameterError as error:
            lines.append(f"{one.slo.name}: no test, {error}")
    tests = [test for title, some in cases.items() for test in _batched(title, some)]
    content = {
        "rule_files": [rules_file],
        "evaluation_interval": f"{EVALUATED // MINUTE}m",
        "group_eval_order": [name for one in known for name in one.groups],
        "tests": tests,
    }
    comments = "".join(f"# {plain(line)}\n" for line in lines)
    return HEADER.format(rules=rules_file) + comments + yaml_text(content)


def _fast(one: Watched) -> Case | None:
    """Quiet a tenth before the quickest pair detects the errors, firing soon after, when no slower pair does yet."""
    pages = [p for p in one.pairs if p.alert.severity == "page"]
    reachable = one.of("page")
    if not pages:
        return None
    if not reachable:
        return _case(one, [(STEADY, Fraction(1))], [one.says(STEADY, "page", False)])
    quickest = min(reachable, key=lambda p: p.threshold * (p.alert.long_window // MINUTE))
    errors = min(Fraction(1), 2 * quickest.threshold) or Fraction(1, 100)
    if one.slo.gauge:  # it is good or bad, and nothing between
        errors = Fraction(1)
    detection = quickest.detection(errors) or timedelta(0)
    due = max(detection, quickest.alert.short_window)
    burning = _up(due + min(due / 10, EVALUATED))  # a test of days would break promtool's limit of samples
    clean = _up(max(quickest.alert.long_window, *(_thinning(p, errors, burning) for p in reachable)))
    checks = [one.says(clean, "page", False), one.says(clean + burning, "page", True)]
    if before := detection * 9 / 10 // EVALUATED * EVALUATED:
        checks.insert(1, one.says(clean + before, "page", False))
    return _case(one, [(clean, Fraction(0)), (burning + EVALUATED, errors)], checks)


def _thinning(pair: AlertProperties, errors: Fraction, burning: timedelta) -> timedelta:
    """How long it must have been clean so that the long window of a pair stays at its threshold while `errors` burn."""
    if not pair.threshold:  # the first error makes it fire, however long it was clean
        return timedelta(0)
    needed = float(errors / pair.threshold - 1) * burning
    return min(pair.alert.long_window, (needed // HOUR + 1) * HOUR)


def _slow(one: Watched) -> Case | None:
    """Errors between the slowest ticket and whatever comes next."""
    tickets = one.of("ticket")
    if not tickets or one.slo.gauge:
        return None
    low = min(p.threshold for p in tickets)
    high = min((p.threshold for p in one.pairs if p.threshold > low), default=Fraction(1))
    end = STEADY
    if any(p.threshold <= low for p in one.of("page")):
        return None
    checks = [one.says(end, "ticket", True)]
    if "page" in one.severities:
        checks.append(one.says(end, "page", False))
    return _case(one, [(end, (low + min(high, Fraction(1))) / 2)], checks)


def _quiet(one: Watched) -> Case | None:
    if one.slo.gauge:
        return None
    half = min((p.threshold for p in one.pairs), default=Fraction(0)) / 2
    end = STEADY
    checks = [one.says(end, severity, False) for severity in one.severities]
    return _case(one, [(end, min(half, Fraction(1)))], checks)


def _at_bound(one: Watched) -> Case | None:
    if not one.slo.gauge:
        return None
    end = STEADY
    return _case(one, [(end, Fraction(0))], [one.says(end, severity, False) for severity in one.severities])


def _silent(one: Watched) -> Case:
    end = STEADY
    checks = [*(one.says(end, severity, False) for severity in one.severities), *one.silent(end)]
    case = _case(one, [(end, Fraction(0))], checks)
    still = () if one.slo.by_time else tuple(replace(s, phases=((s.minutes, Fraction(0)),)) for s in case.series)
    return replace(case, series=still)


_KINDS: Final[dict[str, Callable[[Watched], Case | None]]] = {
    "a fast burn pages in time, and not before": _fast,
    "a slow burn makes a ticket and no page": _slow,
    "half of what the slowest alert allows stays quiet": _quiet,
    "a gauge at its bound stays quiet": _at_bound,
    "without traffic there is no ratio and no alert": _silent,
}


def _case(one: Watched, errors: Errors, checks: Sequence[Check]) -> Case:
    return Case(one.slo.name, made_up(one.slo, errors), selected(one.slo), tuple(checks))


def _batched(title: str, cases: Sequence[Case]) -> list[dict[str, Any]]:
    batches: list[_Batch] = []
    for case in _same_length(cases):
        batch = next((one for one in batches if one.takes(case)), None)
        if batch is None:
            batches.append(batch := _Batch())
        batch.cases.append(case)
    return [_test(title, batch.cases) for batch in batches]


def _same_length(cases: Sequence[Case]) -> list[Case]:
    longest = max((series.minutes for case in cases for series in case.series), default=0)
    return [replace(one, series=tuple(s.extended(longest) for s in one.series)) for one in cases]


def _test(title: str, cases: Sequence[Case]) -> dict[str, Any]:
    series = {one.name: one.values for case in cases for one in case.series}
    test: dict[str, Any] = {
        "name": f"{title}: {', '.join(case.slo for case in cases)}",
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
    }
    for case in cases:
        for where, check in case.checks:
            test.setdefault(where, []).append(check)
    return test


def _up(length: timedelta) -> timedelta:
    """Up to the next evaluation."""
    return -(-length // EVALUATED) * EVALUATED
