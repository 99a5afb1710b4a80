"""
Recovery to explore: how often a store is saved, how fast it is read back, how large it is, and what that proves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from sre_kit.compute.operations.recovery import Proof, Recoverable
from sre_kit.compute.operations.recovery_options import recovery_option
from sre_kit.show.chart import ABOVE, COLOURS
from sre_kit.show.keeping import Kept, amount, length, written
from sre_kit.show.operations.recovery import proof_row
from sre_kit.show.shown import Note, Shown
from sre_kit.show.table import Table
from sre_kit.show.widgets import Amount, Choice, Control, Explorer, View, worded
from sre_kit.units import number, span

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INTERVALS: Final = tuple(timedelta(minutes=m) for m in (1, 5, 15, 30, 60, 120, 240, 360, 720, 1440, 2880, 10080))
FARTHEST: Final = 400
"""Percent of an objective that the figure shows."""
RATES: Final = tuple(megabytes * 10**6 for megabytes in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000))
"""Bytes per second that a restore may read."""


def recovery_explorer(stores: Sequence[Recoverable]) -> Shown:
    """RPO and RTO of one store with another backup interval, restore throughput or size; published: as it is."""
    saved = sorted((one for one in stores if one.saved), key=_need)
    if not saved:
        return Note("No store is saved, so there is no recovery to explore.")
    by_name = {one.component: one for one in saved}

    def view(component: str, interval: timedelta | None, rate: int | None, size: float) -> View:
        one = recovery_option(by_name[component], interval, rate, size)
        rows = [proof_row(component, "RPO", one.rpo), proof_row(component, "RTO", one.rto)]
        columns = ("Component", "Objective", "Limit", "How derived", "Worst case", "Verdict", "Source")
        note = "RPO: interval + duration + lag, or the log's interval + lag; RTO: size / throughput + fixed steps."
        return View(
            _conclusion(one), (Table(columns, rows, note=note),), draw=lambda axes: _draw(axes, one), sides=(0.07, 0.96)
        )

    def keep(component: str, interval: timedelta | None, rate: int | None, size: float) -> Kept:
        before = by_name[component].backup
        after = recovery_option(by_name[component], interval, rate, size).backup
        was = {
            name: _plain(getattr(before, name))
            for name in ("every", "log_every", "restore_per_second", "size")
            if getattr(before, name) != getattr(after, name)
        }
        return Kept({"operations": {"backups": [written(after)]}}, (), was)

    first = saved[0]
    controls: dict[str, Control] = {
        "component": Choice("Store", {name: name for name in by_name}, first.component),
        "interval": Choice(
            "Saved every", _spans([_interval(one) for one in saved]), _interval(first), ordered=True
        ),
        "rate": Choice("Restore reads", _rates([one.backup.restore_per_second for one in saved]),
                       first.backup.restore_per_second, ordered=True),
        "size": Amount("Size, × today's", 1.0, 0.5, 10.0, 0.5),
    }  # fmt: skip
    return Explorer(
        name="Recovery", controls=controls, view=view, keep=keep, leads={"component": lambda name: _own(by_name[name])}
    )


def _own(one: Recoverable) -> Mapping[str, Any]:
    return {"interval": _interval(one), "rate": one.backup.restore_per_second, "size": 1.0}


def _need(one: Recoverable) -> tuple[bool, bool]:
    """Stores whose objectives are missed or unproven first."""
    verdicts = {one.rpo.verdict, one.rto.verdict}
    return "missed" not in verdicts, "unproven" not in verdicts


def _interval(one: Recoverable) -> timedelta | None:
    return one.backup.every if one.backup.log_every is None else one.backup.log_every


def _spans(own: Iterable[timedelta | None]) -> dict[str, timedelta | None]:
    known = set(own)
    every: list[timedelta | None] = [*sorted({*INTERVALS, *(one for one in known if one is not None)})]
    return worded([None, *every] if None in known else every, lambda one: "not known" if one is None else span(one))


def _rates(own: Iterable[int | None]) -> dict[str, int | None]:
    known = set(own)
    ladder: list[int | None] = [*sorted({*RATES, *(one for one in known if one is not None)})]
    return worded([None, *ladder] if None in known else ladder, _rate)


def _rate(one: int | None) -> str:
    return "not measured" if one is None else f"{number(one / 1e6)} MB/s"


def _plain(value: timedelta | int | None) -> str:
    if value is None:
        return "not decided"
    return length(value) if isinstance(value, timedelta) else str(amount(value))


def _conclusion(one: Recoverable) -> str:
    lost, back = _worst(one.rpo), _worst(one.rto)
    loses = f"{one.component} loses {lost} at worst, {_verdict('RPO', one.rpo)}"
    return f"{loses}; it is back after {back}, {_verdict('RTO', one.rto)}."


def _worst(proof: Proof) -> str:
    if len(proof.unknown) == len(proof.terms):
        return "nobody knows how much"
    return f"at least {span(proof.known)}" if proof.unknown else span(proof.known)


def _verdict(what: str, proof: Proof) -> str:
    unknown = f" ({' and '.join(proof.unknown)} not known)" if proof.unknown else ""
    if proof.objective is None:
        return f"and no {what} is set{unknown}"
    return f"the {what} of {span(proof.objective)} is {proof.verdict}{unknown}"


def _draw(axes: Axes, one: Recoverable) -> None:
    """The terms of both proofs end to end, as a share of the objective; the line at 100 % is the objective."""
    rows = (("RPO", one.rpo, ("blue", "sky", "purple")), ("RTO", one.rto, ("green", "orange")))
    for row, (what, proof, colours) in enumerate(rows):
        if proof.objective is None:
            axes.annotate(f"no {what} is set", (0.02, row), va="center")
            continue
        at = 0.0
        for term, colour in zip(proof.terms, colours, strict=False):
            share = (term.value or timedelta(0)) / proof.objective
            axes.barh(row, share * 100, left=at, height=0.4, color=COLOURS[colour], label=term.name if share else "_")
            at += share * 100
        words = f"{_worst(proof)} of {span(proof.objective)}: {proof.verdict}"
        axes.annotate(words, (2, row - 0.26), va="bottom", fontsize=9)
    axes.axvline(100, color=COLOURS["red"], linewidth=1.5)
    axes.set_yticks([0, 1], ["RPO", "RTO"])
    # far beyond the objective it does not matter how far
    far = max(120, axes.get_xlim()[1])
    label = "% of the objective" + (f"; what is longer ends at {FARTHEST}" if far > FARTHEST else "")
    axes.set(xlabel=label, ylim=(1.5, -0.6), xlim=(0, min(far, FARTHEST)))
    axes.legend(**ABOVE)
