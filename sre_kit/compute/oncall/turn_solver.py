"""
Turns given out by CP-SAT (extra ``cpsat``): the rules as constraints, as close to the plain order as they allow.

What counts, from strong to weak: rest and turns in a row and share, turns by working time (each between floor and
ceiling of the fair number), public holidays, the plain order. One worker, one seed and a limit that counts work instead
of seconds make the answer the same on every machine.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise
from typing import TYPE_CHECKING, Any, Final

from sre_kit.compute.oncall.turn_repair import Change
from sre_kit.compute.oncall.turn_rules import MUST, NONE, Rules
from sre_kit.compute.oncall.turns import Turn
from sre_kit.errors import ParameterError
from sre_kit.units import utc

if TYPE_CHECKING:
    from ortools.sat.python import cp_model

RULE: Final = 10_000
FAIR: Final = 1_000
HOLIDAY: Final = 50
PLAIN: Final = 1
"""Weight of a broken rule, of a turn above or below the fair number, of a holiday, of a turn that leaves the order."""
EFFORT: Final = 2.0
"""Deterministic time for one span, some seconds; what is found until then is taken."""


def solve(rules: Rules, turns: Sequence[Turn], before: Sequence[Turn] = ()) -> list[Change]:
    """
    Give `turns` (one rotation, one span) to people; `before` are the turns of the rotation that come before.

    Turns that nobody can take stay as they are, for the repair to name.

    Raises
    ------
    ParameterError
        The solver is not installed.
    """
    try:
        from ortools.sat.python import cp_model
    except ImportError:
        raise ParameterError(
            'oncall.assignment "cpsat" needs a solver that is not installed: pip install "sre-kit[cpsat]", '
            'or write "round robin"'
        ) from None
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = 1
    solver.parameters.max_deterministic_time = EFFORT
    for strict in (True, False):
        model = _Model(cp_model.CpModel(), rules, turns, before, strict)
        if model.takes and solver.solve(model.model) in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            taken = {turn: next(n for n, one in row.items() if solver.value(one)) for turn, row in model.takes.items()}
            return _given(rules, taken)
    return []


class _Model:
    """
    `takes[turn][name]` is whether `name` has `turn`; `costs` is what is made small.

    A rule that may yield costs where it is broken; a `strict` model breaks none, and may have no answer.
    """

    def __init__(
        self, model: cp_model.CpModel, rules: Rules, turns: Sequence[Turn], before: Sequence[Turn], strict: bool
    ) -> None:
        self.model, self.rules, self.turns, self.strict = model, rules, turns, strict
        self.takes: dict[Turn, dict[str, Any]] = {}
        self.costs: list[Any] = []
        for number, turn in enumerate(turns):
            names = [name for name in dict.fromkeys(turn.rotation.members) if self._can(name, turn)]
            if names:
                self.takes[turn] = {name: model.new_bool_var(f"{number} {name}") for name in names}
                model.add_exactly_one(self.takes[turn].values())
                self.costs.append(PLAIN * (1 - self.takes[turn].get(turn.person, 0)))
        self.names = sorted({name for row in self.takes.values() for name in row})
        self._rest()
        self._in_a_row(before)
        self._share()
        self._fair()
        self._holidays()
        model.minimize(sum(self.costs))

    def _can(self, name: str, turn: Turn) -> bool:
        return not any(one.rule in MUST for one in self.rules.against(name, turn))

    def _of(self, name: str) -> Iterator[tuple[Turn, Any]]:
        return ((turn, row[name]) for turn, row in self.takes.items() if name in row)

    def _at_most(self, total: Any, limit: int) -> None:
        """`total` stays at or below `limit`, or it costs."""
        if self.strict:
            self.model.add(total <= limit)
            return
        broken = self.model.new_bool_var("")
        self.model.add(total <= limit).only_enforce_if(~broken)
        self.costs.append(RULE * broken)

    def _rest(self) -> None:
        rest = self.rules.oncall.minimum_rest
        close = [(a, b) for a, b in combinations(self.takes, 2) if NONE < b.pieces[0][0] - a.pieces[-1][1] < rest]
        for a, b in close:
            for name in self.takes[a].keys() & self.takes[b].keys():
                self._at_most(self.takes[a][name] + self.takes[b][name], 1)

    def _in_a_row(self, before: Sequence[Turn]) -> None:
        most = self.rules.oncall.maximum_in_a_row
        everything = [*before[-most:], *self.turns]
        for first in range(len(everything) - most):
            window = everything[first : first + most + 1]
            if any(a.end != b.start for a, b in pairwise(window)):
                continue
            for name in self.names:
                held = [self._holds(name, turn) for turn in window]
                if all(not isinstance(one, int) or one for one in held):
                    self._at_most(sum(held), most)

    def _holds(self, name: str, turn: Turn) -> Any:
        return self.takes[turn].get(name, 0) if turn in self.takes else int(turn.person == name)

    def _share(self) -> None:
        limit = self.rules.oncall.maximum_share
        if limit is None or self.turns[0].rotation.layer != "primary":
            return
        total = sum((turn.length for turn in self.turns), NONE)
        for name in self.names:
            hours = sum(round(turn.length.total_seconds()) * taken for turn, taken in self._of(name))
            self._at_most(hours, int(limit * round(total.total_seconds())))

    def _fair(self) -> None:
        weights = {name: self.rules.roster[name].fte for name in dict.fromkeys(self.turns[0].rotation.members)}
        whole = sum(weights.values())
        for name in self.names:
            fair = len(self.takes) * weights[name] / whole if whole else 0.0
            held, count = sum(taken for _, taken in self._of(name)), len(self.takes)
            off = self.model.new_int_var(0, count, "")
            self.model.add(held - off <= -int(-fair // 1))
            self.model.add(held + off >= int(fair))
            self.costs.append(FAIR * off)

    def _holidays(self) -> None:
        if not self.rules.oncall.share_holidays or self.turns[0].rotation.layer != "primary":
            return
        for name in self.names:
            days = sum(self.rules.holidays_in(name, turn) * taken for turn, taken in self._of(name))
            # each further day costs more than the one before, as with squares
            for step in range(1, 6):
                above = self.model.new_int_var(0, 400, "")
                self.model.add(above >= days - step)
                self.costs.append(HOLIDAY * above)


def _given(rules: Rules, chosen: dict[Turn, str]) -> list[Change]:
    """Hand the turns over, with the reason: what stood against the plain turn, else fairness."""
    reasons = {}
    for turn, name in chosen.items():
        if name != turn.person:
            against = rules.against(turn.person, turn)
            reasons[turn] = f"who {against[0].text}" if against else "to share turns and holidays out"
    changes = []
    for turn, because in reasons.items():
        plain, name = turn.person, chosen[turn]
        rules.give(turn, "")
        turn.why = f"instead of {plain}, {because}"
        changes.append(Change(f"{turn.rotation.name}: {name} has {utc(turn.start)} {turn.why}", (turn,)))
    for turn in reasons:
        rules.give(turn, chosen[turn])
    return changes
