"""
What the alerts would have done: each rule evaluated at every step of the history, and held against known incidents.

A page or ticket is a run of steps in which a rule of its severity fires. The same strict, exact comparison as the
generated rules; windows at the beginning of the history are shorter, as they are for a server that has just started.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Final

import numpy as np

from sre_kit.compute.incidents import Incident
from sre_kit.compute.slo.alerting import NO_DATA_AFTER, WORKBOOK_POLICY, BurnRateAlert, seconds, significant
from sre_kit.compute.slo.counts import History, Marks, Numbers, exceeds
from sre_kit.compute.slo.ledger import concerns
from sre_kit.compute.slo.policies import AlertPolicy, AlertRule, burn_rate_policy
from sre_kit.compute.slo.windows import nominal

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
    spent: float | None = None
    """Share of one period's budget that was gone when it fired, or at the incident's end where nothing did."""

    @property
    def seen(self) -> bool:
        """Whether anything fired."""
        return self.detection is not None


@dataclass(frozen=True, slots=True)
class BackTest:
    """
    One severity of one objective over [`start`, `end`), the part of the history in which something was counted.

    `true` episodes overlap a known incident of the service; `incidents` are those that began in the history.
    `skipped` are rules whose windows the step cannot show.
    """

    slo: str
    severity: str
    start: datetime
    end: datetime
    episodes: tuple[Episode, ...]
    true: int
    incidents: tuple[IncidentSeen, ...]
    skipped: tuple[AlertRule, ...] = ()
    policy: str = ""

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
        return median(one.detection for one in self.incidents)

    @property
    def reset(self) -> timedelta | None:
        """Median time from an incident's end to silence."""
        return median(one.reset for one in self.incidents)

    @property
    def spent(self) -> float | None:
        """Median share of the budget that was gone when it fired, over the incidents that it saw."""
        known = sorted(one.spent for one in self.incidents if one.seen and one.spent is not None)
        middle = len(known) // 2
        return (known[middle] + known[~middle]) / 2 if known else None


def firing(one: History, rule: AlertRule) -> Marks:
    """
    For each step: whether `rule` fires at its end.

    Raises
    ------
    ParameterError
        A window is no whole number of steps.
    """
    question = (rule.windows, rule.threshold, rule.hold, rule.gated)
    if question not in one.answers:
        one.answers[question] = held(_above(one, rule), rule.hold, one.step)
        one.answers[question].flags.writeable = False
    found: Marks = one.answers[question]
    return found


def _above(one: History, rule: AlertRule) -> Marks:
    """Where each window of a rule holds too many bad events; after the longest few slots are left to look at."""
    longest, *others = sorted(rule.windows, reverse=True)
    at = _over(one, longest, rule.threshold)
    for over in others:
        some, wrong = one.trailing_at(at, over)
        at = at[exceeds(wrong, some, rule.threshold)]
    if rule.gated:
        size = float(one.grain)
        some, wrong = one.trailing_at(at, longest)
        at = at[significant(wrong * size, some * size, rule.threshold)]
    above = np.zeros(len(one.total), dtype=bool)
    above[at] = True
    return above


def _over(one: History, window: timedelta, threshold: Fraction) -> Numbers:
    """The slots at whose end `window` holds too many; those of the lowest threshold so far hold all of a higher one."""
    question = ("over", window)
    lowest, at = one.answers.get(question, (None, None))
    if lowest is not None and lowest <= threshold:
        some, wrong = one.trailing_at(at, window)
        found: Numbers = at[exceeds(wrong, some, threshold)]
        return found
    total, bad = one.trailing(window)
    found = np.flatnonzero(exceeds(bad, total, threshold))
    one.answers[question] = (threshold, found)
    return found


def held(above: Marks, hold: timedelta, step: timedelta) -> Marks:
    """
    Where a condition has been true at every step for `hold`, counted from the first, as Prometheus' ``for`` does.

    >>> held(np.array([True, True, True, False, True]), timedelta(minutes=2), timedelta(minutes=1)).tolist()
    [False, False, True, False, False]
    """
    wait = -(-hold // step)
    at = np.flatnonzero(above)
    if wait <= 0 or not len(at):
        return above
    # times rise, so the latest beginning of a run is the greatest
    began = np.maximum.accumulate(np.where(np.diff(at, prepend=-2) > 1, at, 0))
    found = np.zeros(len(above), dtype=bool)
    found[at[at - began >= wait]] = True
    return found


def fired(one: History, severity: str, policy: AlertPolicy) -> tuple[Marks, tuple[AlertRule, ...]]:
    """Where any rule of a severity fires, and the rules whose windows the step cannot show."""
    marks = np.zeros(len(one.total), dtype=bool)
    skipped = []
    for rule in policy.rules:
        if rule.severity != severity:
            continue
        if any(window % one.step for window in rule.windows):
            skipped.append(rule)
        else:
            marks |= firing(one, rule)
    return marks, tuple(skipped)


def alert_back_test(
    one: History, severity: str, incidents: Iterable[Incident] = (), policy: AlertPolicy | None = None
) -> BackTest:
    """
    What the rules of one severity would have done to one objective over its history; the workbook's by default.

    An episode belongs to an incident of the service when they overlap, a step of delay granted.
    """
    chosen = policy or burn_rate_policy(one.slo)
    marks, skipped = fired(one, severity, chosen)
    return judged(one, severity, episodes(one, marks), incidents, chosen.name, skipped)


def judged(
    one: History,
    severity: str,
    found: tuple[Episode, ...],
    incidents: Iterable[Incident],
    policy: str = "",
    skipped: tuple[AlertRule, ...] = (),
    *,
    between: tuple[datetime, datetime] | None = None,
) -> BackTest:
    """Firings held against the known incidents of the service that began in the history (or in `between`)."""
    start, end = between or one.observed
    known = [i for i in incidents if concerns(i, one.slo.service) and start <= i.began < end]
    ours = tuple(run for run in found if start <= run.start < end or run.start == end == one.end)
    true = sum(any(_overlap(one, run, incident) for incident in known) for run in ours)
    seen = tuple(_seen(one, found, incident) for incident in known)
    return BackTest(one.slo.name, severity, start, end, ours, true, seen, skipped, policy)


def alert_back_tests(
    ones: Iterable[History], incidents: Iterable[Incident] = (), policy: Sequence[BurnRateAlert] = WORKBOOK_POLICY
) -> list[BackTest]:
    """Pages and tickets of each objective that has data."""
    known = tuple(incidents)
    found: list[BackTest] = []
    for one in ones:
        if not one.gap:
            chosen = burn_rate_policy(one.slo, policy, name="in force")
            found.extend(alert_back_test(one, severity, known, chosen) for severity in chosen.severities)
    return found


def missing_data(one: History, after: timedelta = NO_DATA_AFTER) -> tuple[Episode, ...]:
    """
    When an alert on missing data would have fired: no sample for `after`, since the first sample of the history.

    A step without traffic has data. A history in which nothing was ever seen has no first sample, and is a gap.
    """
    if not one.seen.any():
        return ()
    # as for(after) of absent(): the first empty step counts, and the alert comes `after` its end
    silent = ~one.seen
    silent[: int(np.argmax(one.seen))] = False
    return episodes(one, held(silent, after, one.step))


def period_budget(one: History) -> Fraction:
    """Bad events that one period may hold at the history's mean traffic; 0 without traffic or budget."""
    return one.pace * seconds(nominal(one.slo)) * one.slo.budget_ratio


def spent_share(one: History, start: datetime, end: datetime) -> float | None:
    """Share of one period's budget that the bad events in [start, end) are; missing without traffic or budget."""
    if (start, end) not in one.answers:
        budget = period_budget(one)
        one.answers[start, end] = float(one.between(start, end)[1] / budget) if budget else None
    found: float | None = one.answers[start, end]
    return found


def episodes(one: History, marks: Marks) -> tuple[Episode, ...]:
    """Runs of firing; a step's verdict is known at its end."""
    closed = np.concatenate([[False], marks, [False]])
    edges = np.flatnonzero(closed[1:] != closed[:-1])
    return tuple(
        Episode(one.start + (int(begin) + 1) * one.step, one.start + (int(end) + 1) * one.step)
        for begin, end in zip(edges[::2], edges[1::2], strict=True)
    )


def _overlap(one: History, run: Episode, incident: Incident) -> bool:
    return run.start <= incident.end(one.end) + one.step and run.end > incident.began


def _seen(one: History, found: Sequence[Episode], incident: Incident) -> IncidentSeen:
    during = [run for run in found if _overlap(one, run, incident)]
    until = max(during[0].start, incident.began) if during else incident.end(one.end)
    spent = spent_share(one, incident.began, until)
    if not during:
        return IncidentSeen(incident, None, None, spent)
    last = during[-1].end
    over = incident.resolved is not None and last <= one.end
    reset = max(last - incident.end(one.end), timedelta(0)) if over else None
    return IncidentSeen(incident, until - incident.began, reset, spent)


def median(lengths: Iterable[timedelta | None]) -> timedelta | None:
    """Of the lengths that are known; missing where none is."""
    known = sorted(length for length in lengths if length is not None)
    middle = len(known) // 2
    return (known[middle] + known[~middle]) / 2 if known else None
