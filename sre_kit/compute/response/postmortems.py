"""
Post-mortems: which incidents owe one, by when, what was promised in them, and how they speak.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Final

from sre_kit.compute.incidents import ActionItem, Incident, IncidentPolicy
from sre_kit.compute.slo.objectives import SLO
from sre_kit.units import percent

BLAMING: Final = (
    "human error",
    "operator error",
    "user error",
    "should have",
    "could have",
    "careless",
    "carelessly",
    "failed to",
    "forgot",
    "negligent",
    "fault of",
)
"""Words that judge instead of explain; each hides a question that the post-mortem should ask."""
_BLAME: Final = re.compile(r"\b(?:" + "|".join(re.escape(word) for word in BLAMING) + r")\b", re.IGNORECASE)


OF_BUDGET: Final = "of the budget of"
"""Words between a share and the objective whose budget it is of."""


@dataclass(frozen=True, slots=True)
class Owed:
    """
    An incident that met a trigger: `because` of what, `due` when, and the state as of the report.

    `due` is missing while the incident is open: the clock starts when it is resolved.
    """

    incident: Incident
    because: tuple[str, ...]
    due: date | None
    state: str

    @property
    def missing(self) -> bool:
        """Whether the post-mortem is still to be written."""
        return self.state != "written"


def budget_share(incident: Incident, slos: Iterable[SLO], as_of: datetime) -> tuple[str, float] | None:
    """
    The objective of which the incident used the largest share of its window's budget, and the share; an estimate.

    duration x failed share / (window x budget ratio), as if traffic were even. Missing where the record states no
    failed share, or no availability objective covers its services.
    """
    if incident.failed_share is None:
        return None
    length = incident.end(as_of) - incident.began
    shares = [
        (slo.name, length / slo.window * incident.failed_share / float(slo.budget_ratio))
        for slo in slos
        if slo.kind == "availability" and slo.service in incident.services and slo.budget_ratio
    ]
    return max(shares, key=lambda pair: pair[1]) if shares else None


Measured = Mapping[str, tuple[str, float]]
"""Incident -> the objective of whose budget it used most, and the share, as measured."""
_NOTHING: Final[Measured] = MappingProxyType({})


def triggers(
    incident: Incident,
    policy: IncidentPolicy,
    slos: Sequence[SLO] = (),
    as_of: datetime | None = None,
    measured: Measured = _NOTHING,
) -> tuple[str, ...]:
    """
    Which of the rules for a post-mortem an incident meets, in words; empty when none.

    The share of the budget is the `measured` one, or an estimate, which is said to be "about".
    """
    met = []
    if any(level.name == incident.severity and level.postmortem for level in policy.severities):
        met.append(incident.severity)
    known = measured.get(incident.id)
    used = known or budget_share(incident, slos, as_of or incident.began)
    if used and policy.postmortem_budget_share and used[1] >= policy.postmortem_budget_share:
        met.append(f"{'' if known else 'about '}{percent(used[1], 0)} {OF_BUDGET} {used[0]}")
    if incident.data_loss:
        met.append("data loss")
    if incident.manual:
        met.append("manual intervention")
    if incident.kind == "near_miss":
        met.append("near miss")
    return tuple(met)


def postmortems_owed(
    incidents: Iterable[Incident],
    policy: IncidentPolicy,
    as_of: datetime,
    holidays: Mapping[date, str],
    slos: Sequence[SLO] = (),
    measured: Measured = _NOTHING,
) -> list[Owed]:
    """Every incident that met a trigger, by beginning, with its due date and state."""
    found = []
    for one in incidents:
        because = triggers(one, policy, slos, as_of, measured)
        if not because:
            continue
        due = business_day(one.resolved.date(), policy.postmortem_within, holidays) if one.resolved else None
        if one.postmortem:
            state = "written"
        elif due is None:
            state = "incident open"
        else:
            state = f"overdue by {(as_of.date() - due).days} d" if due < as_of.date() else "due"
        found.append(Owed(one, because, due, state))
    return sorted(found, key=lambda o: o.incident.began)


def business_day(start: date, days: int, holidays: Mapping[date, str]) -> date:
    """
    The day that lies `days` business days after `start`; weekends and `holidays` do not count.

    >>> business_day(date(2026, 12, 23), 3, {date(2026, 12, 25): "Christmas Day"}).isoformat()
    '2026-12-29'
    """
    day = start
    while days > 0:
        day += timedelta(days=1)
        if day.weekday() < 5 and day not in holidays:
            days -= 1
    return day


@dataclass(frozen=True, slots=True)
class Promise:
    """An action item and its state as of the report."""

    action: ActionItem
    done: bool
    overdue_days: int

    @property
    def state(self) -> str:
        """Done, overdue, open, or open without a due date."""
        if self.done:
            return "done"
        if self.action.due is None:
            return "no due date"
        return f"overdue by {self.overdue_days} d" if self.overdue_days > 0 else "open"


def action_items(incidents: Iterable[Incident], policy: IncidentPolicy, as_of: date) -> list[Promise]:
    """
    Action items of the log and of the params, each once; overdue ones first, then by due date.

    What was done after `as_of` counts as not done yet.
    """
    known: dict[tuple[str, str], ActionItem] = {}
    for action in (*policy.actions, *(a for one in incidents for a in one.actions)):
        known.setdefault((action.incident, action.text.casefold()), action)
    found = []
    for action in known.values():
        done = action.closed if action.done is None else action.done <= as_of
        late = 0 if done or action.due is None else max(0, (as_of - action.due).days)
        found.append(Promise(action, done, late))
    return sorted(found, key=lambda p: (-p.overdue_days, p.action.due or date.max, p.action.incident, p.action.text))


def closure_rate(found: Sequence[Promise]) -> float | None:
    """Share of the action items that are done; missing for none."""
    return sum(p.done for p in found) / len(found) if found else None


@dataclass(frozen=True, slots=True)
class Blame:
    """A place whose words blame: the word, or the name of a person in a title or cause."""

    where: str
    text: str
    word: str


def blaming_words(incidents: Iterable[Incident], names: Iterable[str] = ()) -> list[Blame]:
    """
    Titles, causes, factors and action texts that hold a blaming word, and titles and causes that name a person.

    An action item names its owner in a field of its own; a cause names nobody.
    """
    people = [re.compile(rf"\b{re.escape(name)}\b") for name in names if name]
    found = []
    for one in incidents:
        causes = [one.title, one.cause, *one.factors]
        for text in (*causes, *(a.text for a in one.actions)):
            found += [Blame(one.id, text, word) for word in _BLAME.findall(text)]
        found += [Blame(one.id, text, hit[0]) for text in causes for name in people if (hit := name.search(text))]
    return found
