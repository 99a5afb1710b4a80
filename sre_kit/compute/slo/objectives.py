"""
Service levels: what we promised, what we measured, what is left to spend.

Ratios lie in 0..1 and time is UTC; percent signs exist only in ``units`` and ``show``.
Formulas follow the SRE Workbook, ch. 2 (budgets) and ch. 5 (burn-rate alerts).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from fractions import Fraction
from typing import Final, Literal

from sre_kit.compute.slo import buckets
from sre_kit.errors import ParameterError, nearest
from sre_kit.units import Duration, Ratio, Zone

_LABEL: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
TAKEN_LABELS: Final = (
    "sloth_id",
    "sloth_service",
    "sloth_slo",
    "sloth_window",
    "sloth_severity",
    "alertname",
    "alertstate",
)
"""Labels that the generated rules and Prometheus set themselves."""
SLI_KINDS: Final = ("availability", "latency", "freshness", "correctness", "throughput", "saturation")


@dataclass(frozen=True, slots=True)
class Agreement:
    """Somebody's word on an objective; without a date it is not given yet."""

    name: str
    role: str = ""
    agrees_to: str = ""
    signed: date | None = None


@dataclass(frozen=True, slots=True)
class Dependency:
    """Something an objective serially depends on, and what its provider promises."""

    name: str
    promise: Ratio
    source: str = ""


@dataclass(frozen=True, slots=True)
class AlertText:
    """Labels and annotations that a team's routing and runbooks want on alerts; annotations may hold templates."""

    labels: dict[str, str] = field(default_factory=dict)
    annotations: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SLO:
    """
    An objective on one indicator: at least `target` of the events in the window are good.

    `window` is a rolling length; with `calendar` the period is the calendar's, in `zone`. The indicator is one of

    - events: queries of the project's source, `total` with `good` or `bad`;
    - `histogram`, the name (and matchers) of a classic histogram, with `threshold`: good is the bucket of that bound;
    - `ratio`, a query of the bad share, or `gauge`, a query whose value is good within `at_most` or `at_least`: then
      each step with a value counts once;
    - `sli`, another objective, whose indicator this one shares.
    """

    name: str
    target: Ratio
    total: str = ""
    service: str = ""
    good: str = ""
    bad: str = ""
    histogram: str = ""
    ratio: str = ""
    gauge: str = ""
    at_most: float | None = None
    at_least: float | None = None
    sli: str = ""
    tier: str = ""
    """To whom it is promised, where not to everybody."""
    kind: Literal["availability", "latency", "freshness", "correctness", "throughput", "saturation"] = "availability"
    window: Duration = timedelta(days=30)
    calendar: Literal["", "week", "month", "quarter", "year"] = ""
    zone: Zone = "UTC"
    budgeting: Literal["occurrences", "timeslices", "ratio_timeslices"] = "occurrences"
    slice_target: Ratio | None = None
    slice_length: Duration = timedelta(minutes=5)
    good_means: str = ""
    total_means: str = ""
    excluded: str = ""
    measured_at: str = ""
    journey: str = ""
    owner: str = ""
    target_source: str = ""
    contract: Ratio | None = None
    contract_source: str = ""
    threshold: Duration | None = None
    dependencies: list[Dependency] = field(default_factory=list)
    agreements: list[Agreement] = field(default_factory=list)
    dashboard: str = ""
    labels: dict[str, str] = field(default_factory=dict)
    """Ride along on everything that is recorded for it, and so on its alerts."""
    alerts: AlertText = field(default_factory=AlertText)
    """On all its alerts; those of `page` and `ticket` are added, and win."""
    page: AlertText = field(default_factory=AlertText)
    ticket: AlertText = field(default_factory=AlertText)

    def __post_init__(self) -> None:
        if not 0 < self.target <= 1:
            raise ParameterError(
                f'SLO {self.name!r}: target must lie above 0 and at most 1, got {self.target}; write 0.999 or "99.9 %"'
            )
        if self.histogram:
            self._count_by_buckets()
        self._check_indicator()
        self._check_labels()
        if self.window <= timedelta(0):
            raise ParameterError(f"SLO {self.name!r}: window must be longer than nothing, got {self.window}")

    def _count_by_buckets(self) -> None:
        if self.threshold is None or self.threshold <= timedelta(0):
            raise ParameterError(f'SLO {self.name!r}: a histogram needs a threshold, such as "300ms"')
        try:
            queries = (buckets.count(self.histogram), buckets.within(self.histogram, self.threshold))
        except ParameterError as error:
            raise ParameterError(f"SLO {self.name!r}: {error}") from None
        if (self.total, self.good) not in (("", ""), queries):
            raise ParameterError(f"SLO {self.name!r}: a histogram counts good and total itself; leave them out")
        # frozen: the queries are no second decision, they follow from the histogram and its threshold
        object.__setattr__(self, "total", queries[0])
        object.__setattr__(self, "good", queries[1])

    def _check_indicator(self) -> None:
        given = [name for name in ("total", "ratio", "gauge", "sli") if getattr(self, name)]
        if len(given) != 1:
            what = " and ".join(given) or "none of them"
            raise ParameterError(
                f"SLO {self.name!r}: give one indicator, of total, histogram, ratio, gauge and sli; got {what}"
            )
        if bool(self.good) + bool(self.bad) != (given == ["total"]):
            raise ParameterError(f"SLO {self.name!r}: give exactly one of good and bad beside total, and only there")
        if (self.at_most is not None) + (self.at_least is not None) != bool(self.gauge):
            raise ParameterError(f"SLO {self.name!r}: a gauge needs exactly one of at_most and at_least")

    def _check_labels(self) -> None:
        texts = (self.alerts, self.page, self.ticket)
        for name in [*self.labels, *(name for one in texts for name in (*one.labels, *one.annotations))]:
            if not _LABEL.fullmatch(name):
                raise ParameterError(
                    f"SLO {self.name!r}: {name!r} is no name of a label or an annotation; letters, digits and _, no "
                    "digit first"
                )
        for name in [*self.labels, *(name for one in texts for name in one.labels)]:
            if name in TAKEN_LABELS or name.startswith("__"):
                raise ParameterError(
                    f"SLO {self.name!r}: the label {name!r} is set by the rules themselves; take another name"
                )

    def labels_of(self, severity: str) -> dict[str, str]:
        """The labels that somebody wants on its alerts of a severity, `labels` not among them."""
        return {**self.alerts.labels, **(self.page if severity == "page" else self.ticket).labels}

    def annotations_of(self, severity: str) -> dict[str, str]:
        """The annotations that somebody wants on its alerts of a severity."""
        return {**self.alerts.annotations, **(self.page if severity == "page" else self.ticket).annotations}

    @property
    def budget_ratio(self) -> Fraction:
        """Share of events that may be bad; exact."""
        return 1 - self.target

    @property
    def by_time(self) -> bool:
        """Whether the indicator has no events, so that each step with a value counts once."""
        return bool(self.ratio or self.gauge)


@dataclass(frozen=True, slots=True)
class RejectedSLI:
    """An indicator that was considered and not chosen, with the reason."""

    name: str
    journey: str
    reason: str
    kind: Literal["", "availability", "latency", "freshness", "correctness", "throughput", "saturation"] = ""


_INDICATOR: Final = (
    "total", "good", "bad", "histogram", "ratio", "gauge", "at_most", "at_least", "threshold", "kind", "good_means",
    "total_means", "excluded", "measured_at", "journey",
)  # fmt: skip


def with_indicators(slos: Sequence[SLO]) -> list[SLO]:
    """
    Every objective with the indicator that it shares by `SLO.sli` filled in, and what it says of its own kept.

    Raises
    ------
    ParameterError
        The other objective is not there, or shares an indicator itself.
    """
    by_name = {slo.name: slo for slo in slos}
    found = []
    for slo in slos:
        if not slo.sli:
            found.append(slo)
            continue
        other = by_name.get(slo.sli)
        if other is None or other.sli:
            why = "shares an indicator itself" if other else "is no objective" + nearest(slo.sli, by_name)
            raise ParameterError(f"SLO {slo.name!r}: sli {slo.sli!r} {why}; name the objective that has the queries")
        own = {name: getattr(slo, name) for name in ("journey", "good_means", "total_means", "excluded", "measured_at")}
        shared = {name: getattr(other, name) for name in _INDICATOR} | {k: v for k, v in own.items() if v}
        found.append(replace(slo, sli="", service=slo.service or other.service, **shared))
    return found
