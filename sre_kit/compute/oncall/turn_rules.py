"""
What stands against a turn: the rules of a rota, asked for one person and one turn at a time.

`MUST` rules are never broken: rather than that a turn stays open. The others yield before nobody holds the pager, and
whoever checks the rota will find them broken.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sre_kit.compute.oncall.plan import OnCall, Person
from sre_kit.compute.oncall.turns import Turn, available, outside
from sre_kit.compute.walltime import local_days, zone
from sre_kit.units import percent, utc

MUST: Final = ("absent", "hours", "layers", "shadow")
MAY: Final = ("rest", "in a row", "share")
NONE: Final = timedelta(0)


@dataclass(frozen=True, slots=True)
class Against:
    """A rule that a turn would break, and in words why, to follow a person's name."""

    rule: str
    text: str


class Rules:
    """
    The rules of `oncall` over the turns that are planned so far.

    `shadows` has the end of the last shadow turn of each person who shadows: until then no primary turn. `holidays`
    are each person's own.
    """

    def __init__(
        self, oncall: OnCall, shadows: Mapping[str, datetime], holidays: Mapping[str, Mapping[date, str]]
    ) -> None:
        self.oncall, self.shadows, self.holidays = oncall, shadows, holidays
        self.roster: dict[str, Person] = {person.name: person for person in oncall.people}
        self._held: dict[str, list[Turn]] = {name: [] for name in self.roster}
        self._alone: dict[tuple[str, int], Against | None] = {}
        self._hours: dict[tuple[datetime, datetime], timedelta] = {}

    def add(self, turns: Sequence[Turn]) -> None:
        """Take `turns` into account, whoever has them."""
        for turn in turns:
            self._held[turn.person].append(turn)
            if turn.rotation.layer == "primary":
                self._hours[turn.span] = self._hours.get(turn.span, NONE) + turn.length

    def give(self, turn: Turn, name: str) -> None:
        """`turn` goes to `name`, or to nobody where that is empty."""
        if turn.person:
            self._held[turn.person].remove(turn)
        turn.person = name
        if name:
            self._held[name].append(turn)

    def against(self, name: str, turn: Turn, without: Turn | None = None) -> list[Against]:
        """What stands against `turn` for `name`, who gives `without` away; the rules that must hold come first."""
        alone = self._by_itself(name, turn)
        found = [alone] if alone else []
        others = [other for other in self._held[name] if other is not turn and other is not without]
        same = [other for other in others if other.rotation.layer == turn.rotation.layer]
        if busy := next((other for other in others if _overlap(other, turn)), None):
            found.append(Against("layers", f"is {busy.rotation.layer} at that time"))
        if turn.rotation.layer == "shadow":
            return found
        if rest := self._rest(turn, same):
            found.append(rest)
        if row := self._in_a_row(turn, same):
            found.append(row)
        if turn.rotation.layer == "primary" and (share := self._share(turn, same)):
            found.append(share)
        return found

    def holidays_in(self, name: str, turn: Turn) -> int:
        """Public holidays of `name` on which the turn is on duty."""
        own = self.holidays.get(name)
        if not own:
            return 0
        where = zone(self.roster[name].zone)
        days = {day for start, end in turn.pieces for day in local_days(start, end, where)}
        return len(days & own.keys())

    def _by_itself(self, name: str, turn: Turn) -> Against | None:
        """What stands against it whatever else is planned; asked often, so kept."""
        key = (name, id(turn))
        if key not in self._alone:
            self._alone[key] = self._looked_up(self.roster[name], turn)
        return self._alone[key]

    def _looked_up(self, person: Person, turn: Turn) -> Against | None:
        for start, end in turn.pieces:
            if why := available(person, self.oncall.absences, start, end):
                return Against("absent", why)
        if any(outside(person, *piece) for piece in turn.pieces):
            return Against("hours", "is not on call at those hours")
        ends = self.shadows.get(person.name)
        if turn.rotation.layer == "primary" and ends is not None and turn.start < ends:
            return Against("shadow", f"shadows until {utc(ends)}")
        return None

    def _rest(self, turn: Turn, others: Sequence[Turn]) -> Against | None:
        begins, ends = turn.pieces[0][0], turn.pieces[-1][1]
        for other in others:
            gap = max(other.pieces[0][0] - ends, begins - other.pieces[-1][1])
            if NONE < gap < self.oncall.minimum_rest:
                return Against("rest", f"would rest {gap / timedelta(hours=1):g} h only")
        return None

    def _in_a_row(self, turn: Turn, others: Sequence[Turn]) -> Against | None:
        starts = {other.start: other for other in others if other.rotation is turn.rotation}
        ends = {other.end: other for other in starts.values()}
        count, before, after = 1, turn.start, turn.end
        while before in ends:
            count, before = count + 1, ends[before].start
        while after in starts:
            count, after = count + 1, starts[after].end
        return (
            Against("in a row", f"would have {count} turns in a row") if count > self.oncall.maximum_in_a_row else None
        )

    def _share(self, turn: Turn, others: Sequence[Turn]) -> Against | None:
        limit, total = self.oncall.maximum_share, self._hours.get(turn.span, NONE)
        if limit is None or not total:
            return None
        held = turn.length + sum((other.length for other in others if other.span == turn.span), NONE)
        share = held / total
        return Against("share", f"would carry {percent(share, 0)} of the primary hours") if share > limit else None


def _overlap(one: Turn, other: Turn) -> bool:
    if one.end <= other.start or other.end <= one.start:
        return False
    return any(a < d and c < b for a, b in one.pieces for c, d in other.pieces)
