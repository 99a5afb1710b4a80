"""
Which alerting policy would have served best: several held against each other, and a grid searched, on the same history.

A grid that is searched and judged on the same incidents flatters itself. So it is searched on the earlier part of the
history, and what it found is shown on the later part, which it has not seen.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import product
from typing import Final

import numpy as np

from sre_kit.compute.incidents import Incident
from sre_kit.compute.slo.alerting import WORKBOOK_POLICY, BurnRateAlert, alert_properties
from sre_kit.compute.slo.counts import History, Marks
from sre_kit.compute.slo.ledger import concerns
from sre_kit.compute.slo.policies import AlertPolicy, burn_rate_policy, pyrra_policy, rule_of, static_policy
from sre_kit.compute.slo.replay import BackTest, alert_back_test, episodes, firing, judged, median, spent_share
from sre_kit.compute.slo.symptoms import ExistingAlert

TRAINED_ON: Final = Fraction(2, 3)
"""Share of the history, from its beginning, that the grid is searched on."""
ENOUGH_INCIDENTS: Final = 3
"""Fewer incidents in the earlier part, or none in the later, and the search is refused."""
_HOURS: Final = {True: (1, 2), False: (3, 6, 12)}
_SHARES: Final = {True: ("0.02", "0.01", "0.03", "0.05"), False: ("0.05", "0.02", "0.03", "0.10")}


@dataclass(frozen=True, slots=True)
class PolicyScore:
    """
    One severity of one policy over all objectives together.

    An incident is `seen` when any objective of its service fired during it; `detection`, `reset` and `spent` (share of
    a period's budget gone by then) are medians over those. `left_out` names what could not be tested.
    """

    policy: str
    source: str
    severity: str
    fired: int
    true: int
    per_month: float | None
    incidents: int
    seen: int
    detection: timedelta | None
    reset: timedelta | None
    spent: float | None
    left_out: tuple[str, ...] = ()

    @property
    def precision(self) -> float | None:
        """Share of firings that belong to a known incident."""
        return self.true / self.fired if self.fired else None

    @property
    def recall(self) -> float | None:
        """Share of known incidents that it saw."""
        return self.seen / self.incidents if self.incidents else None


def compared_policies(
    ones: Sequence[History],
    incidents: Iterable[Incident] = (),
    existing: Sequence[ExistingAlert] = (),
    in_force: Sequence[BurnRateAlert] = (),
) -> list[PolicyScore]:
    """
    The policy in force, the workbook's (also with the gate), Pyrra's and the documents' thresholds on the same history.
    """
    known = tuple(incidents)
    measured = [one for one in ones if not one.gap]
    named: dict[str, list[AlertPolicy]] = {}
    for one in measured:
        for policy in policies_for(one, existing, in_force):
            named.setdefault(policy.name, []).append(policy)
    found = []
    for policies in named.values():
        pairs = list(zip(measured, policies, strict=True))
        for severity in ("page", "ticket"):
            if any(severity in policy.severities for policy in policies) or severity == "page":
                tests = [alert_back_test(one, severity, known, policy) for one, policy in pairs]
                left = tuple(dict.fromkeys(text for policy in policies for text in policy.left_out))
                found.append(policy_score(tests, policies[0].source, left if severity == "page" else ()))
    return found


def policies_for(
    one: History, existing: Sequence[ExistingAlert] = (), in_force: Sequence[BurnRateAlert] = ()
) -> list[AlertPolicy]:
    """The policies that an objective is tested with, the one in force first."""
    own = bool(in_force) and tuple(in_force) != WORKBOOK_POLICY
    found = [burn_rate_policy(one.slo, name="workbook" if own else "workbook, in force")]
    if own:
        found.insert(0, burn_rate_policy(one.slo, in_force, name="own, in force", source="params: alerting"))
    found.append(burn_rate_policy(one.slo, name="workbook, significant only", source="the same pairs",
                                  gated=True))  # fmt: skip
    found.append(pyrra_policy(one.slo))
    return [*found, static_policy(one.slo, existing)] if existing else found


def policy_score(tests: Sequence[BackTest], source: str = "", left_out: tuple[str, ...] = ()) -> PolicyScore:
    """The back-tests of one policy and severity, over all objectives."""
    by_incident: dict[str, list[tuple[timedelta, timedelta | None, float | None]]] = {}
    for test in tests:
        for one in test.incidents:
            sightings = by_incident.setdefault(one.incident.id, [])
            if one.detection is not None:
                sightings.append((one.detection, one.reset, one.spent))
    first = [min(sightings, key=lambda s: s[0]) for sightings in by_incident.values() if sightings]
    rates = [test.per_month for test in tests if test.per_month is not None]
    spent = [share for _, _, share in first if share is not None]
    return PolicyScore(
        policy=tests[0].policy if tests else "",
        source=source,
        severity=tests[0].severity if tests else "",
        fired=sum(len(test.episodes) for test in tests),
        true=sum(test.true for test in tests),
        per_month=sum(rates) if rates else None,
        incidents=len(by_incident),
        seen=len(first),
        detection=median(detection for detection, _, _ in first),
        reset=median(reset for _, reset, _ in first),
        spent=statistics.median(spent) if spent else None,
        left_out=left_out,
    )


@dataclass(frozen=True, slots=True)
class PartScore:
    """
    What a policy's pages would have done in a part of the history.

    `false` pages belong to no known incident; `lost` is the mean share of a period's budget that an incident had used
    before anybody was paged, or by its end where nobody was.
    """

    fired: int
    false: int
    incidents: int
    seen: int
    lost: float | None
    detection: timedelta | None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A policy of the grid, with what it did in the earlier part and in the later."""

    pages: tuple[BurnRateAlert, ...]
    earlier: PartScore
    later: PartScore
    in_force: bool = False


@dataclass(frozen=True, slots=True)
class PolicySearch:
    """
    The grid searched: `tried` policies, split at `split`, and the Pareto `front` of the earlier part.

    On the front no other policy had both fewer false pages and less budget lost before a page. The policy in force is
    in `in_force`, on the front or not. `refused` says why nothing was searched.
    """

    split: datetime | None
    tried: int
    front: tuple[Candidate, ...]
    in_force: Candidate | None
    refused: str = ""

    @property
    def better(self) -> tuple[Candidate, ...]:
        """Of the front, those that in both parts had no more false pages than the one in force, and lost less."""
        now = self.in_force
        if now is None:
            return ()
        return tuple(one for one in self.front if _beats(one.earlier, now.earlier) and _beats(one.later, now.later))


def _beats(one: PartScore, other: PartScore) -> bool:
    return one.false <= other.false and one.lost is not None and other.lost is not None and one.lost < other.lost


def paging_grid() -> list[tuple[BurnRateAlert, ...]]:
    """Paging policies: a fast pair alone or with a slow one; short windows are a twelfth, after the workbook."""
    pairs = {
        fast: [_pair(share, hours) for hours, share in product(_HOURS[fast], _SHARES[fast])] for fast in (True, False)
    }
    return [(fast, *([slow] if slow else [])) for slow, fast in product([*pairs[False], None], pairs[True])]


def _pair(share: str, hours: int) -> BurnRateAlert:
    long = timedelta(hours=hours)
    return BurnRateAlert("page", Fraction(share), long, long / 12)


def policy_search(
    ones: Sequence[History], incidents: Iterable[Incident], in_force: Sequence[BurnRateAlert] = WORKBOOK_POLICY
) -> PolicySearch:
    """
    Search paging policies on the first two thirds of the history, and judge the best on the last third.
    """
    measured = [one for one in ones if not one.gap and one.slo.budget_ratio]
    if not measured:
        return PolicySearch(None, 0, (), None, "nothing was measured")
    start, end = min(one.observed[0] for one in measured), max(one.observed[1] for one in measured)
    split = start + (end - start) * float(TRAINED_ON)
    known = [i for i in incidents if any(concerns(i, one.slo.service) for one in measured) and start <= i.began < end]
    before = sum(incident.began < split for incident in known)
    if before < ENOUGH_INCIDENTS or before == len(known):
        why = f"known incidents: {before} in the earlier part, {len(known) - before} in the later; "
        return PolicySearch(split, 0, (), None, why + f"at least {ENOUGH_INCIDENTS} and 1 are needed")
    ours = tuple(alert for alert in in_force if alert.severity == "page")
    grid = tuple(dict.fromkeys((ours, *paging_grid())))
    # the lowest threshold of a window first: the higher ones are looked for where it is passed
    pairs = sorted(dict.fromkeys(pair for pages in grid for pair in pages), key=lambda pair: pair.budget_share)
    watched = [
        _Watched(
            one,
            {pair: _fires(one, pair) for pair in pairs},
            [incident for incident in known if concerns(incident, one.slo.service)],
        )
        for one in measured
    ]
    tried = [_candidate(pages, watched, (start, split, end)) for pages in grid]
    tried[0] = replace(tried[0], in_force=True)
    return PolicySearch(split, len(tried), pareto_front(tried), tried[0])


def pareto_front(tried: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """
    Those that no other beats in false pages and in budget lost, in the earlier part; of equals the first one.

    From the quietest to the quickest.
    """
    found: list[Candidate] = []
    ordered = sorted(enumerate(tried), key=lambda pair: (pair[1].earlier.false, _lost(pair[1]), pair[0]))
    for _, one in ordered:
        if not found or _lost(one) < _lost(found[-1]):
            found.append(one)
    return tuple(found)


def _lost(one: Candidate) -> float:
    return float("inf") if one.earlier.lost is None else one.earlier.lost


@dataclass(frozen=True, slots=True)
class _Watched:
    """An objective's history, where each pair of the grid fires in it, and the incidents of its service."""

    one: History
    fires: Mapping[BurnRateAlert, Marks]
    known: Sequence[Incident]

    def fired(self, pages: Sequence[BurnRateAlert]) -> Marks:
        """Where any of the pairs fires."""
        marks: Marks = np.zeros(len(self.one.total), dtype=bool)
        for pair in pages:
            marks |= self.fires[pair]
        return marks


def _fires(one: History, pair: BurnRateAlert) -> Marks:
    """Where a pair fires; one that the step cannot show never does."""
    (properties,) = alert_properties(one.slo, [pair])
    rule = rule_of(properties)
    if any(window % one.step for window in rule.windows):
        return np.zeros(len(one.total), dtype=bool)
    return firing(one, rule)


def _candidate(
    pages: tuple[BurnRateAlert, ...], watched: Sequence[_Watched], edges: tuple[datetime, datetime, datetime]
) -> Candidate:
    start, split, end = edges
    runs = [(each, episodes(each.one, each.fired(pages))) for each in watched]

    def part(begin: datetime, end: datetime) -> PartScore:
        tests = [judged(each.one, "page", run, each.known, between=(begin, end)) for each, run in runs]
        return _part(tests, [each.one for each in watched])

    return Candidate(pages, part(start, split), part(split, end))


def _part(tests: Sequence[BackTest], ones: Sequence[History]) -> PartScore:
    score = policy_score(tests)
    paged: dict[str, datetime] = {}
    for test in tests:
        for seen in test.incidents:
            if seen.detection is not None:
                at = seen.incident.began + seen.detection
                paged[seen.incident.id] = min(paged.get(seen.incident.id, at), at)
    lost: dict[str, float] = {}
    for one, test in zip(ones, tests, strict=True):
        for incident in (seen.incident for seen in test.incidents):
            until = paged.get(incident.id, incident.end(one.end))
            lost[incident.id] = max(lost.get(incident.id, 0.0), spent_share(one, incident.began, until) or 0.0)
    mean = float(np.mean(list(lost.values()))) if lost else None
    return PartScore(score.fired, score.fired - score.true, score.incidents, score.seen, mean, score.detection)
