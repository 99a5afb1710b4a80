"""
What the alerts would have done: each rule evaluated at every step of the history, and held against known incidents.

A page or ticket is a run of steps in which a rule of its severity fires. The same strict, exact comparison as the
generated rules; windows at the beginning of the history are shorter, as they are for a server that has just started.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import numpy as np

from sre_kit.compute.alerting import WORKBOOK_POLICY, AlertProperties, BurnRateAlert, alert_properties, significant
from sre_kit.compute.counts import History, Marks, exceeds
from sre_kit.compute.incidents import Incident
from sre_kit.compute.ledger import concerns

MONTH: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Episode:
    """A run of firing, [`start`, `end`); an alert that still fires ends with the history."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class IncidentSeen:
    """One known incident: when the severity first fired during it, and when it fell silent."""

    incident: Incident
    detection: timedelta | None
    reset: timedelta | None
    """From the incident's end to the end of firing; missing where nothing fired or something still does."""

    @property
    def seen(self) -> bool:
        """Whether anything fired."""
        return self.detection is not None


@dataclass(frozen=True, slots=True)
class BackTest:
    """
    One severity of one objective over [`start`, `end`), the part of the history in which something was counted.

    `true` episodes overlap a known incident of the service; `incidents` are those that began in the history.
    `skipped` are window pairs that the step cannot show. `gated` tells whether errors also had to be significant.
    """

    slo: str
    severity: str
    start: datetime
    end: datetime
    episodes: tuple[Episode, ...]
    true: int
    incidents: tuple[IncidentSeen, ...]
    skipped: tuple[AlertProperties, ...] = ()
    gated: bool = False

    @property
    def per_month(self) -> float | None:
        """Episodes per 30 days; missing below one day of history."""
        length = self.end - self.start
        return len(self.episodes) / (length / MONTH) if length >= timedelta(days=1) else None

    @property
    def precision(self) -> float | None:
        """Share of episodes that belong to a known incident; missing without episodes."""
        return self.true / len(self.episodes) if self.episodes else None

    @property
    def recall(self) -> float | None:
        """Share of known incidents during which it fired; missing without incidents."""
        return sum(one.seen for one in self.incidents) / len(self.incidents) if self.incidents else None

    @property
    def detection(self) -> timedelta | None:
        """Median time from an incident's beginning to firing."""
        return _median(one.detection for one in self.incidents)

    @property
    def reset(self) -> timedelta | None:
        """Median time from an incident's end to silence."""
        return _median(one.reset for one in self.incidents)


def firing(one: History, pair: AlertProperties, *, gate: bool = False) -> Marks:
    """
    For each step: whether both windows burn faster than the factor at its end, strictly, and with `gate` significantly.

    Raises
    ------
    ParameterError
        A window is no whole number of steps.
    """
    result: Marks | None = None
    for over in (pair.alert.long_window, pair.alert.short_window):
        total, bad = one.trailing(over)
        above = exceeds(bad, total, pair.threshold)
        if gate and over == pair.alert.long_window:
            above = above & significant(bad, total, pair.threshold)
        result = above if result is None else result & above
    assert result is not None
    return result


def fired(
    one: History, severity: str, policy: Sequence[BurnRateAlert] = WORKBOOK_POLICY, *, gate: bool = False
) -> tuple[Marks, tuple[AlertProperties, ...]]:
    """Where any pair of a severity fires, and the pairs whose windows the step cannot show."""
    marks = np.zeros(len(one.total), dtype=bool)
    skipped = []
    for pair in alert_properties(one.slo, policy):
        if pair.alert.severity != severity:
            continue
        if pair.alert.short_window % one.step or pair.alert.long_window % one.step:
            skipped.append(pair)
        else:
            marks |= firing(one, pair, gate=gate)
    return marks, tuple(skipped)


def alert_back_test(
    one: History,
    severity: str,
    incidents: Iterable[Incident] = (),
    policy: Sequence[BurnRateAlert] = WORKBOOK_POLICY,
    *,
    gate: bool = False,
) -> BackTest:
    """
    What the rules of one severity would have done to one objective over its history.

    An episode belongs to an incident of the service when they overlap, a step of delay granted.
    """
    marks, skipped = fired(one, severity, policy, gate=gate)
    episodes = _episodes(one, marks)
    start, end = one.observed
    known = [
        incident for incident in incidents if concerns(incident, one.slo.service) and start <= incident.began < end
    ]
    true = sum(any(_overlap(one, run, incident) for incident in known) for run in episodes)
    seen = tuple(_seen(one, episodes, incident) for incident in known)
    return BackTest(one.slo.name, severity, start, end, episodes, true, seen, skipped, gate)


def alert_back_tests(
    ones: Iterable[History],
    incidents: Iterable[Incident] = (),
    policy: Sequence[BurnRateAlert] = WORKBOOK_POLICY,
) -> list[BackTest]:
    """Pages and tickets of each objective that has data."""
    known = tuple(incidents)
    severities = dict.fromkeys(alert.severity for alert in policy)
    return [alert_back_test(one, severity, known, policy) for one in ones if not one.gap for severity in severities]


def _episodes(one: History, marks: Marks) -> tuple[Episode, ...]:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], marks.astype(np.int8), [0]])))
    # a step's verdict is known at its end
    return tuple(
        Episode(one.start + (int(begin) + 1) * one.step, one.start + (int(end) + 1) * one.step)
        for begin, end in zip(edges[::2], edges[1::2], strict=True)
    )


def _overlap(one: History, run: Episode, incident: Incident) -> bool:
    return run.start <= incident.end(one.end) + one.step and run.end > incident.began


def _seen(one: History, episodes: Sequence[Episode], incident: Incident) -> IncidentSeen:
    during = [run for run in episodes if _overlap(one, run, incident)]
    if not during:
        return IncidentSeen(incident, None, None)
    detection = max(during[0].start - incident.began, timedelta(0))
    last = during[-1].end
    over = incident.resolved is not None and last <= one.end
    return IncidentSeen(incident, detection, max(last - incident.end(one.end), timedelta(0)) if over else None)


def _median(lengths: Iterable[timedelta | None]) -> timedelta | None:
    known = sorted(length for length in lengths if length is not None)
    if not known:
        return None
    middle = len(known) // 2
    return known[middle] if len(known) % 2 else (known[middle - 1] + known[middle]) / 2
