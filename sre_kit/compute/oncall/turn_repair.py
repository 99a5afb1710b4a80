"""
Local repair of plain turns: what cannot stay as it is is exchanged with the nearest turn that fits, else covered.

The plain order is what people book their holidays on, so as few turns as possible leave it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from sre_kit.compute.oncall.plan import Uncovered
from sre_kit.compute.oncall.turn_rules import MUST, Against, Rules
from sre_kit.compute.oncall.turns import Turn
from sre_kit.units import utc

MOST: Final = 200
"""Exchanges for holidays within one span; more than there can be turns worth exchanging."""


@dataclass(frozen=True, slots=True)
class Change:
    """What was done to the plain turns, in words, and which turns it concerns."""

    text: str
    turns: tuple[Turn, ...]


class Repair:
    """The repair of the `turns` of one rotation within one span."""

    def __init__(self, rules: Rules, turns: Sequence[Turn]) -> None:
        self.rules, self.turns = rules, turns
        self.changes: list[Change] = []
        self.open: list[tuple[Turn, Uncovered]] = []

    def run(self) -> None:
        """Each turn in order of time; one that was exchanged is looked at again when its time comes."""
        for index, turn in enumerate(self.turns):
            against = self.rules.against(turn.person, turn)
            if against and not self._exchange(index, against[0]):
                self._cover(turn, against)
        if self.rules.oncall.share_holidays and self.turns and self.turns[0].rotation.layer == "primary":
            self._share_holidays()

    def _nearest(self, index: int) -> Iterator[Turn]:
        """The other turns, nearest first; of two as near the later one, whose holder has more notice."""
        order = sorted((n for n in range(len(self.turns)) if n != index), key=lambda n: (abs(n - index), n < index))
        return (self.turns[n] for n in order)

    def _fits(self, turn: Turn, other: Turn) -> bool:
        """Whether the holders of two turns can exchange them without breaking any rule."""
        if not other.person or not turn.person or other.person == turn.person:
            return False
        rules = self.rules
        return not rules.against(other.person, turn, other) and not rules.against(turn.person, other, turn)

    def _exchange(self, index: int, reason: Against) -> bool:
        turn = self.turns[index]
        other = next((one for one in self._nearest(index) if self._fits(turn, one)), None)
        if other is None:
            return False
        gives, takes = turn.person, other.person
        self._swap(turn, other, f"because {gives} {reason.text}")
        turn.why, other.why = f"swapped with {gives}, who {reason.text}", f"swapped with {takes}"
        return True

    def _swap(self, turn: Turn, other: Turn, because: str) -> None:
        gives, takes = turn.person, other.person
        text = f"{turn.rotation.name}: {gives} and {takes} swap {utc(turn.start)} and {utc(other.start)}, {because}"
        self.changes.append(Change(text, (turn, other)))
        self.rules.give(turn, "")
        self.rules.give(other, gives)
        self.rules.give(turn, takes)

    def _cover(self, turn: Turn, against: Sequence[Against]) -> None:
        """The one against whom least stands, by the fewest turns; nobody where a rule that must hold stands there."""
        held = {name: sum(t.person == name for t in self.turns) for name in dict.fromkeys(turn.rotation.members)}
        found = {name: self.rules.against(name, turn) for name in held}
        free = {name: broken for name, broken in found.items() if not any(one.rule in MUST for one in broken)}
        where = f"{turn.rotation.name}: "
        if not free:
            why = "; ".join(f"{name} {broken[0].text}" for name, broken in found.items())
            self.open.append((turn, Uncovered(turn.rotation.layer, turn.start, turn.end, why)))
            self.rules.give(turn, "")
            return
        members, gives = list(held), turn.person
        chosen = min(free, key=lambda name: (len(free[name]), name != gives, held[name], members.index(name)))
        although = "".join(f", and {one.text}" for one in free[chosen])
        if chosen == gives:
            text = f"{where}{chosen} keeps {utc(turn.start)}{although}, because nobody else can take it"
        else:
            text = f"{where}{chosen} covers {utc(turn.start)} for {gives}, who {against[0].text}{although}"
            turn.why = f"covers for {gives}, who {against[0].text}"
            self.rules.give(turn, chosen)
        self.changes.append(Change(text, (turn,)))

    def _share_holidays(self) -> None:
        """Exchange turns as long as that makes the squares of everybody's holidays smaller."""
        counts = dict.fromkeys(self.rules.roster, 0)
        for turn in self.turns:
            if turn.person:
                counts[turn.person] += self.rules.holidays_in(turn.person, turn)
        for _ in range(MOST):
            if not self._ease(counts):
                return

    def _ease(self, counts: dict[str, int]) -> bool:
        for index, turn in enumerate(self.turns):
            if not turn.person or not self.rules.holidays_in(turn.person, turn):
                continue
            for other in self._nearest(index):
                gives, takes = turn.person, other.person
                if not takes or takes == gives:
                    continue
                after = self._counts_after(counts, turn, other)
                before = counts[gives] ** 2 + counts[takes] ** 2
                if after[0] ** 2 + after[1] ** 2 < before and self._fits(turn, other):
                    was = f"{counts[gives]} and {counts[takes]}"
                    self._swap(turn, other, f"to share public holidays: {after[0]} and {after[1]} instead of {was}")
                    turn.why, other.why = (f"swapped with {name} to share holidays" for name in (gives, takes))
                    counts[gives], counts[takes] = after
                    return True
        return False

    def _counts_after(self, counts: dict[str, int], turn: Turn, other: Turn) -> tuple[int, int]:
        """Holidays of the two holders after an exchange."""
        in_, gives, takes = self.rules.holidays_in, turn.person, other.person
        return (
            counts[gives] - in_(gives, turn) + in_(gives, other),
            counts[takes] - in_(takes, other) + in_(takes, turn),
        )
