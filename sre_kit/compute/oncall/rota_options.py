"""
What another number of people, another length of turn or another handoff would mean: the same planning, the same checks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sre_kit.compute.oncall.duty import Load
from sre_kit.compute.oncall.plan import OnCall, Person, Rotation
from sre_kit.compute.oncall.rota import schedule
from sre_kit.compute.oncall.rota_checks import ADVICE, RotaReview, rota_review

COVERED = "Every minute covered"
HANDOFFS = "Handoffs on working days, in working hours"
Range = tuple[float, float]


@dataclass(frozen=True, slots=True)
class RotaOption:
    """
    A rota as it would be: covered share of the primary layer, and the smallest and largest load of those who carry it.

    `turns`, `nights` (hours), `weekends` (days) and `holidays` (days) are per person over the horizon; `handoffs` is
    how many lie outside of working hours, `broken` are the other rules that are not kept.
    """

    people: int
    length: timedelta
    handoff: str
    covered: float
    turns: Range
    nights: Range
    weekends: Range
    holidays: Range
    handoffs: int
    broken: tuple[str, ...]
    carrying: tuple[Load, ...] = ()
    """Who has a primary turn, with what they carry."""


def first_rotation(oncall: OnCall, layer: str = "primary") -> Rotation | None:
    """The first rotation of a layer; missing where there is none."""
    return next((rotation for rotation in oncall.rotations if rotation.layer == layer), None)


def rota_option(oncall: OnCall, as_of: datetime, people: int, length: timedelta, handoff: str) -> RotaOption:
    """
    The rota with so many `people` in the first primary rotation, and in the secondary one turn behind.

    More people than members are people of whom nothing is known: they have no absence and no holiday. Overrides are
    left out, because they were made for the turns in force.
    """
    changed = rota_with(oncall, people, length, handoff)
    plan = schedule(changed, as_of)
    return _option(rota_review(plan, plan.shifts, changed), people, length, handoff)


def rota_with(oncall: OnCall, people: int, length: timedelta, handoff: str) -> OnCall:
    """The decisions with so many people in the first rotation of each paged layer, and this length and handoff."""
    first = first_rotation(oncall)
    if first is None:
        return oncall
    members = list(dict.fromkeys(first.members))
    added = [Person(f"one more ({n})", zone=first.zone) for n in range(1, people - len(members) + 1)]
    team = [*members, *(person.name for person in added)][:people]
    second = first_rotation(oncall, "secondary")
    new: Mapping[int, list[str]] = {id(first): team, **({id(second): [team[-1], *team[:-1]]} if second else {})}
    rotations = [
        replace(one, members=new[id(one)], length=length, handoff=handoff) if id(one) in new else one
        for one in oncall.rotations
    ]
    return replace(oncall, people=[*oncall.people, *added], rotations=rotations, overrides=[])


def _option(review: RotaReview, people: int, length: timedelta, handoff: str) -> RotaOption:
    carrying = [load for load in review.loads if load.primary]
    aside = (ADVICE, COVERED, HANDOFFS)
    return RotaOption(
        people,
        length,
        handoff,
        next((one.share for one in review.coverage if one.layer == "primary"), 0.0),
        _range([load.primary for load in carrying]),
        _range([load.night_hours for load in carrying]),
        _range([load.weekend_days for load in carrying]),
        _range([len(load.holidays) for load in carrying]),
        len({text.split(":")[0] for text in review.problems[HANDOFFS]}),
        tuple(rule for rule, found in review.problems.items() if found and rule not in aside),
        tuple(carrying),
    )


def _range(values: Sequence[float]) -> Range:
    return (min(values, default=0), max(values, default=0))
