"""Series made up for the tests of rules: from an objective's own selectors, in promtool's notation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from itertools import groupby
from typing import Final

from sre_kit.compute.queries import Matcher, averaged, counts, example_series, matchers
from sre_kit.compute.slo.objectives import SLO
from sre_kit.emit.rule_groups import decimal, quoted
from sre_kit.errors import ParameterError

PER_MINUTE: Final = 1_000_000
"""Events a minute in the made-up traffic: enough to show a budget of one in a hundred thousand."""
MINUTE: Final = timedelta(minutes=1)

Errors = Sequence[tuple[timedelta, Fraction]]
"""Phases, one after the other: how long, and the share of bad events (or of bad time)."""
Selected = tuple[str, tuple[Matcher, ...]]
"""A metric's name and the matchers of its labels."""


@dataclass(frozen=True, slots=True)
class Series:
    """A made-up counter with its (minutes, events a minute), or a `gauge` with its (minutes, value)."""

    metric: str
    labels: tuple[tuple[str, str], ...]
    phases: tuple[tuple[int, Fraction], ...]
    gauge: bool = False

    @property
    def name(self) -> str:
        """As promtool writes it."""
        inner = ",".join(f"{label}={quoted(value)}" for label, value in self.labels)
        return f"{self.metric}{{{inner}}}" if inner else self.metric

    @property
    def minutes(self) -> int:
        """How long it is."""
        return sum(minutes for minutes, _ in self.phases)

    def extended(self, minutes: int) -> Series:
        """The last phase goes on until `minutes` are full."""
        *before, (last, step) = self.phases
        phases = (*before, (last + minutes - self.minutes, step))
        return Series(self.metric, self.labels, phases, self.gauge)

    @property
    def values(self) -> str:
        """Its samples in promtool's notation."""
        if self.gauge:
            first, *_ = self.phases
            return " ".join([decimal(first[1]), *(f"{decimal(level)}+0x{n - 1}" for n, level in self.phases)])
        parts, level = ["0"], Fraction(0)
        for minutes, step in self.phases:
            parts.append(f"{decimal(level + step)}+{decimal(step)}x{minutes - 1}")
            level += step * minutes
        return " ".join(parts)


def made_up(slo: SLO, errors: Errors) -> tuple[Series, ...]:
    """
    The series of an objective: one that counts in total alone, one that is its good (or bad) part; or its one gauge.

    Raises
    ------
    ParameterError
        A query is more than one selector, or no label value fits its patterns.
    """
    if slo.by_time:
        return (_gauge(slo, errors),)
    part, total = slo.bad or slo.good, matchers(slo.total)
    of_part = example_series(part)
    if of_part is None or total is None:
        raise ParameterError(f"SLO {slo.name!r}: its queries are more than one selector, no series can be made up")
    rest = example_series(slo.total, but_not=part)
    if rest is None:
        raise ParameterError(f"SLO {slo.name!r}: no series counts in total and not in {'bad' if slo.bad else 'good'}")
    within = counts(total, *of_part)
    minutes = [length // MINUTE for length, _ in errors]
    bad = [Fraction(round(PER_MINUTE * share)) for _, share in errors]
    parts = [one if slo.bad else PER_MINUTE - one for one in bad]
    rests = [PER_MINUTE - one if within else Fraction(PER_MINUTE) for one in parts]
    return (
        Series(rest[0], tuple(rest[1].items()), _phases(minutes, rests)),
        Series(of_part[0], tuple(of_part[1].items()), _phases(minutes, parts)),
    )


def _phases(minutes: Sequence[int], steps: Sequence[Fraction]) -> tuple[tuple[int, Fraction], ...]:
    """Neighbours that are alike as one, so that objectives of one total have the same series whenever they fail."""
    groups = groupby(zip(minutes, steps, strict=True), key=lambda phase: phase[1])
    return tuple((sum(length for length, _ in some), step) for step, some in groups)


def _gauge(slo: SLO, errors: Errors) -> Series:
    """A gauge at its bound while it is good and beyond it while it is bad; of a share, the share itself."""
    found = (slo.gauge, False) if slo.gauge else averaged(slo.ratio)
    example = example_series(found[0]) if found else None
    if found is None or example is None:
        raise ParameterError(f"SLO {slo.name!r}: its query is more than one selector, no series can be made up")
    if not slo.gauge:
        levels = [1 - share if found[1] else share for _, share in errors]
    else:
        upward = slo.at_most is not None
        bound = Fraction((slo.at_most if upward else slo.at_least) or 0.0)
        far = max(Fraction(1), abs(bound))
        beyond = bound + far if upward else bound - far
        levels = [beyond if share else bound for _, share in errors]
    minutes = [length // MINUTE for length, _ in errors]
    return Series(example[0], tuple(example[1].items()), tuple(zip(minutes, levels, strict=True)), gauge=True)


def selected(slo: SLO) -> tuple[Selected, ...]:
    """What its queries select, as far as they are one selector each."""
    queries = [slo.total, slo.bad or slo.good]
    if slo.by_time:
        found = (slo.gauge, False) if slo.gauge else averaged(slo.ratio)
        queries = [found[0]] if found else []
    return tuple(one for query in queries if (one := matchers(query)) is not None)
