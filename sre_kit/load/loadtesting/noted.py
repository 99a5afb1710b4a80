"""
What the params say of a run and its file does not: when it began, its load, its unit, its percentiles.

A unit or percentiles are taken only where the file leaves them open; elsewhere they would contradict what the tool
wrote, and are refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Final

from sre_kit.compute.performance.plan import LoadTest, RunNote
from sre_kit.errors import ParameterError
from sre_kit.load.loadtesting import gatling_stats, hdrhistogram

_UNITS: Final = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}


def told(test: LoadTest, known: Sequence[RunNote]) -> LoadTest:
    """
    A run with what the params say of it; the later note wins.

    Raises
    ------
    ParameterError
        A note gives a unit or percentiles for a file that names its own, or percentiles that are none.
    """
    for note in known:
        if any(fnmatchcase(name, note.file) for name in test.origin.split(", ")):
            test = _with(test, note)
    return test


def _with(test: LoadTest, note: RunNote) -> LoadTest:
    model = note.model or test.model
    noted = replace(
        test,
        began=note.began or test.began,
        load=test.load if note.load is None else note.load,
        scenario=note.scenario or test.scenario,
        commit=note.commit or test.commit,
        model=model,
        coordinated_omission=model == "closed" if note.model else test.coordinated_omission,
    )
    if note.duration and not noted.duration:
        seconds = note.duration.total_seconds()
        noted = replace(noted, duration=seconds, rate=noted.requests / seconds if noted.requests else None)
    if note.unit:
        noted = _in_unit(noted, note)
    return _with_percentiles(noted, note) if note.percentiles else noted


def _in_unit(test: LoadTest, note: RunNote) -> LoadTest:
    if hdrhistogram.ASSUMED not in test.notes:
        raise ParameterError(
            f"performance.runs {note.file!r}: {test.origin} names its own unit ({test.tool}); take unit out, it is for "
            "files that do not (HdrHistogram)"
        )
    factor = _UNITS[note.unit] / _UNITS["ms"]

    def scaled(value: float | None) -> float | None:
        return None if value is None else round(value * factor, 15)

    def levels(values: Mapping[float, float]) -> dict[float, float]:
        return {q: round(value * factor, 15) for q, value in values.items()}

    return replace(
        test,
        quantiles=levels(test.quantiles),
        mean=scaled(test.mean),
        minimum=scaled(test.minimum),
        maximum=scaled(test.maximum),
        operations=tuple(
            replace(one, mean=scaled(one.mean), quantiles=levels(one.quantiles)) for one in test.operations
        ),
        notes=_instead(test, hdrhistogram.ASSUMED, f"HdrHistogram: its unit is {note.unit}, as the params say"),
    )


def _with_percentiles(test: LoadTest, note: RunNote) -> LoadTest:
    if gatling_stats.ASSUMED not in test.notes:
        raise ParameterError(
            f"performance.runs {note.file!r}: {test.origin} names its own percentiles ({test.tool}); take percentiles "
            "out, they are for Gatling's report"
        )
    given = [one / 100 for one in note.percentiles]
    if (
        len(given) != len(gatling_stats.PERCENTILES)
        or given != sorted(set(given))
        or not 0 < given[0] <= given[-1] <= 1
    ):
        raise ParameterError(
            f"performance.runs {note.file!r}: percentiles are four rising numbers up to 100, as gatling.conf names "
            f"percentile1 to 4, got {note.percentiles}; write [50, 75, 95, 99]"
        )
    meant = dict(zip(gatling_stats.PERCENTILES, (round(one, 8) for one in given), strict=True))

    def levels(values: Mapping[float, float]) -> dict[float, float]:
        return {meant[q]: value for q, value in values.items()}

    named = ", ".join(f"{one:g}" for one in note.percentiles)
    return replace(
        test,
        quantiles=levels(test.quantiles),
        operations=tuple(replace(one, quantiles=levels(one.quantiles)) for one in test.operations),
        notes=_instead(test, gatling_stats.ASSUMED, f"Gatling: its percentiles are {named}, as the params say"),
    )


def _instead(test: LoadTest, assumed: str, known: str) -> tuple[str, ...]:
    return tuple(known if one == assumed else one for one in test.notes)
