"""
Tests for the generated rules, in promtool's format: the alerts fire when they should and stay quiet when they should.

The series are made up from the objective's own selectors; the times follow from the objective's numbers. Objectives
that do not touch each other's series share a test, because promtool evaluates every rule in every test.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from fractions import Fraction
from typing import Any, Final

from sre_kit.compute.alerting import WORKBOOK_POLICY, AlertProperties, BurnRateAlert, alert_properties
from sre_kit.compute.queries import Matcher, counts, example_series, matchers
from sre_kit.compute.slo import SLO
from sre_kit.emit.prometheus import alert_labels, alert_name, alert_notes, labels, without_rules
from sre_kit.emit.rule_groups import quoted, ratio_name, selector, yaml_text
from sre_kit.errors import ParameterError

PER_MINUTE: Final = 1_000_000
"""Events a minute in the made-up traffic: enough to show a budget of one in a hundred thousand."""
MINUTE: Final = timedelta(minutes=1)
EVALUATED: Final = timedelta(minutes=5)
"""How often promtool evaluates the rules; checks stand on it."""
HEADER: Final = """\
# Tests of {rules}. Run: promtool test rules FILE. Generated; do not edit.
"""

Phases = tuple[tuple[int, int], ...]
"""(minutes, events a minute), one after the other."""


@dataclass(frozen=True, slots=True)
class Series:
    """A made-up counter."""

    metric: str
    labels: tuple[tuple[str, str], ...]
    phases: Phases

    @property
    def name(self) -> str:
        """As promtool writes it."""
        inner = ",".join(f"{label}={quoted(value)}" for label, value in self.labels)
        return f"{self.metric}{{{inner}}}" if inner else self.metric

    @property
    def minutes(self) -> int:
        """How long it is."""
        return sum(minutes for minutes, _ in self.phases)

    def extended(self, minutes: int) -> Series:
        """The last phase goes on until `minutes` are full."""
        *before, (last, step) = self.phases
        return Series(self.metric, self.labels, (*before, (last + minutes - self.minutes, step)))

    @property
    def values(self) -> str:
        """Its samples in promtool's notation."""
        parts, level = ["0"], 0
        for minutes, step in self.phases:
            parts.append(f"{level + step}+{step}x{minutes - 1}")
            level += step * minutes
        return " ".join(parts)


@dataclass(frozen=True)
class Case:
    """What one objective puts into a test: its series, what its queries count, and what must hold."""

    slo: str
    series: tuple[Series, ...]
    selectors: tuple[tuple[str, tuple[Matcher, ...]], ...]
    alerts: tuple[dict[str, Any], ...]
    samples: tuple[dict[str, Any], ...] = ()

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


def prometheus_rule_tests(
    slos: Iterable[SLO], rules_file: str, policy: Sequence[BurnRateAlert] = (), *, document: str = ""
) -> str:
    """
    A file for ``promtool test rules`` beside `rules_file`; objectives that no series could be made up for are named.

    Three tests of each objective: a fast burn pages in time and not before, half of what the slowest alert allows
    stays quiet, and without traffic there is neither a ratio nor an alert.
    """
    known = list(slos)
    refused = without_rules(known)
    cases: dict[str, list[Case]] = {title: [] for title in _KINDS}
    untested = []
    for slo in known:
        if slo.name in refused:
            continue
        try:
            for title, make in _KINDS.items():
                cases[title].append(make(slo, policy or WORKBOOK_POLICY, document))
        except ParameterError as error:
            untested.append(f"# {slo.name}: no test, {error}\n")
    tests = [test for title, some in cases.items() for test in _batched(title, some)]
    content = {"rule_files": [rules_file], "evaluation_interval": f"{EVALUATED // MINUTE}m", "tests": tests}
    return HEADER.format(rules=rules_file) + "".join(untested) + yaml_text(content)


def made_up(slo: SLO, errors: Sequence[tuple[timedelta, Fraction]]) -> tuple[Series, ...]:
    """
    The series of an objective: one that counts in total alone, one that is its good (or bad) part.

    `errors` are phases with their share of bad events.

    Raises
    ------
    ParameterError
        A query sums more than the rates of one selector, or no label value fits its patterns.
    """
    part, total = slo.bad or slo.good, matchers(slo.total)
    of_part = example_series(part)
    if of_part is None or total is None:
        raise ParameterError(f"SLO {slo.name!r}: its queries are more than one selector, no series can be made up")
    rest = example_series(slo.total, but_not=part)
    if rest is None:
        raise ParameterError(f"SLO {slo.name!r}: no series counts in total and not in {'bad' if slo.bad else 'good'}")
    within = counts(total, *of_part)
    minutes = [length // MINUTE for length, _ in errors]
    bad = [round(PER_MINUTE * share) for _, share in errors]
    parts = [one if slo.bad else PER_MINUTE - one for one in bad]
    rests = [PER_MINUTE - one if within else PER_MINUTE for one in parts]
    return (
        Series(rest[0], tuple(rest[1].items()), tuple(zip(minutes, rests, strict=True))),
        Series(of_part[0], tuple(of_part[1].items()), tuple(zip(minutes, parts, strict=True))),
    )


def _fast(slo: SLO, policy: Sequence[BurnRateAlert], document: str) -> Case:
    pages = [p for p in alert_properties(slo, policy) if p.alert.severity == "page"]
    reachable = [p for p in pages if not p.unreachable]
    clean = _up(max((p.alert.long_window for p in pages), default=timedelta(hours=1)))
    name = alert_name(slo, "page")
    if not reachable:
        end = clean + timedelta(hours=2)
        checks = [_check(end, name)] if pages else []
        return _case(slo, [(clean, Fraction(0)), (end - clean, Fraction(1))], checks)
    quickest = min(reachable, key=lambda p: p.threshold * (p.alert.long_window // MINUTE))
    errors = min(Fraction(1), 2 * quickest.threshold) or Fraction(1, 100)
    detection = quickest.detection(errors) or timedelta(0)
    # groups have no order: an alert may read what was recorded one evaluation before
    seen = _up(clean + max(detection, quickest.alert.short_window) + 3 * EVALUATED)
    fired = {"exp_labels": alert_labels(slo, "page"), "exp_annotations": alert_notes(slo, "page", document)}
    checks = [_check(clean, name), _check(seen, name, fired)]
    if detection > 4 * EVALUATED:
        checks.insert(1, _check(clean + detection / 2 // EVALUATED * EVALUATED, name))
    return _case(slo, [(clean, Fraction(0)), (seen - clean + EVALUATED, errors)], checks)


def _quiet(slo: SLO, policy: Sequence[BurnRateAlert], document: str) -> Case:
    pairs: Sequence[AlertProperties] = alert_properties(slo, policy)
    half = min((p.threshold for p in pairs), default=Fraction(0)) / 2
    end = timedelta(hours=2)
    checks = [_check(end, alert_name(slo, severity)) for severity in dict.fromkeys(p.alert.severity for p in pairs)]
    return _case(slo, [(end, min(half, Fraction(1)))], checks)


def _silent(slo: SLO, policy: Sequence[BurnRateAlert], document: str) -> Case:
    end = timedelta(hours=1)
    absent = {
        "expr": f"{ratio_name(EVALUATED)}{selector(labels(slo))}",
        "eval_time": f"{end // MINUTE}m",
        "exp_samples": [],
    }
    case = _case(slo, [(end, Fraction(0))], [_check(end, alert_name(slo, "page"))])
    still = tuple(Series(one.metric, one.labels, ((one.minutes, 0),)) for one in case.series)
    return Case(slo.name, still, case.selectors, case.alerts, (absent,))


_KINDS: Final = {
    "a fast burn pages in time, and not before": _fast,
    "half of what the slowest alert allows stays quiet": _quiet,
    "without traffic there is no ratio and no alert": _silent,
}


def _case(slo: SLO, errors: Sequence[tuple[timedelta, Fraction]], checks: Sequence[dict[str, Any]]) -> Case:
    series = made_up(slo, errors)
    selectors = tuple(found for query in (slo.total, slo.bad or slo.good) if (found := matchers(query)) is not None)
    return Case(slo.name, series, selectors, tuple(checks))


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
    return [
        Case(one.slo, tuple(s.extended(longest) for s in one.series), one.selectors, one.alerts, one.samples)
        for one in cases
    ]


def _test(title: str, cases: Sequence[Case]) -> dict[str, Any]:
    series = {one.name: one.values for case in cases for one in case.series}
    test: dict[str, Any] = {
        "name": f"{title}: {', '.join(case.slo for case in cases)}",
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "alert_rule_test": [check for case in cases for check in case.alerts],
    }
    if samples := [sample for case in cases for sample in case.samples]:
        test["promql_expr_test"] = samples
    return test


def _check(at: timedelta, alert: str, fired: Mapping[str, Any] | None = None) -> dict[str, Any]:
    return {"eval_time": f"{at // MINUTE}m", "alertname": alert, "exp_alerts": [dict(fired)] if fired else []}


def _up(length: timedelta) -> timedelta:
    """Up to the next evaluation."""
    return -(-length // EVALUATED) * EVALUATED
