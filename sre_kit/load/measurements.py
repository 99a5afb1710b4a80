"""
Measurements as the vocabulary knows them: a series with its query and window, or the reason why there is none.

A source that fails never stops a document: its error becomes the reading's `gap`.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np
import pandas as pd

from sre_kit.compute.queries import WINDOW
from sre_kit.compute.slo import buckets
from sre_kit.compute.slo.objectives import SLO
from sre_kit.compute.slo.sli import check_bound, steps_as_events
from sre_kit.compute.vocabulary import Reading, Requests, check_requests
from sre_kit.errors import DataError, ParameterError, SourceError
from sre_kit.load.metrics import LabellingSource, MatchingSource, Named, Source, counted
from sre_kit.store.snapshot import Snapshot
from sre_kit.units import number, promql_duration, utc

LOOKS: Final = 100
"""Moments of the window at which the buckets of a histogram are compared."""


def reading(
    source: Source,
    snapshot: Snapshot | None,
    name: str,
    query: str,
    start: datetime,
    end: datetime,
    step: timedelta,
    unit: str = "",
) -> Reading:
    """
    One measured series, in `unit`, at each step of [`start`, `end`); with a `gap` and no rows where the source failed.

    Raises
    ------
    ParameterError
        The query or the window is unusable.
    """
    gap, values = "", _nothing(query)
    try:
        values = _read(source, snapshot, query, start, end, step)
        if not len(values):
            gap = f"{source.name} has no data for {_shown(source, query)!r} between {utc(start)} and {utc(end)}"
    except (SourceError, DataError) as error:
        gap = str(error)
    extrapolated = bool(values.attrs.get("extrapolated", False))
    return Reading(
        name,
        values,
        _shown(source, query),
        source.name,
        start,
        end,
        step,
        unit,
        gap,
        extrapolated,
        note=str(values.attrs.get("note", "")),
    )


def requests(
    source: Source,
    snapshot: Snapshot | None,
    name: str,
    good_query: str,
    total_query: str,
    start: datetime,
    end: datetime,
    step: timedelta,
    *,
    bad_query: str = "",
) -> Requests:
    """
    Good and total events per step of one SLI, from counts of good events or, with `bad_query`, of bad ones.

    A step where nothing was counted is absent. A step with a total and without a good (or bad) count is absent
    too, except where the source counts by series: there a series that does not exist yet has counted nothing.
    A failure of the source, or more good than total, becomes the `gap`.

    Raises
    ------
    ParameterError
        Both or neither of `good_query` and `bad_query` are given, or a query or the window is unusable.
    """
    if bool(good_query) == bool(bad_query):
        raise ParameterError(
            f"SLI {name!r}: give either a good or a bad query, got {'both' if good_query else 'neither'}"
        )
    gap, frame = "", _no_requests()
    attrs: list[dict[Hashable, Any]] = []
    try:
        total = _read(source, snapshot, total_query, start, end, step, count=True)
        part = _read(source, snapshot, good_query or bad_query, start, end, step, count=True)
        attrs = [total.attrs, part.attrs]
        frame = _joined(total, part, bad=bool(bad_query))
        check_requests(frame, name)
        gap = _silence(source, name, total, part, total_query, good_query)
    except (SourceError, DataError) as error:
        gap, frame = str(error), _no_requests()
    return Requests(
        name=name,
        frame=frame,
        source=source.name,
        start=start,
        end=end,
        step=step,
        good_query=_shown(source, good_query) or f"({_shown(source, total_query)}) - ({_shown(source, bad_query)})",
        total_query=_shown(source, total_query),
        gap=gap,
        extrapolated=any(bool(one.get("extrapolated", False)) for one in attrs),
        synthetic=source.synthetic,
        note="; ".join(dict.fromkeys(str(one["note"]) for one in attrs if one.get("note"))),
    )


def steps(
    source: Source, snapshot: Snapshot | None, slo: SLO, start: datetime, end: datetime, step: timedelta
) -> Requests:
    """
    Steps of an objective on a share or a gauge, as `Requests`: each with a value counts once.

    A failure of the source, or a share outside 0..1, becomes the `gap`.
    """
    query = slo.ratio or slo.gauge
    asked = WINDOW.sub(promql_duration(step), query)
    found = reading(source, snapshot, slo.name, asked, start, end, step)
    gap, frame = found.gap, _no_requests()
    try:
        frame = steps_as_events(slo, found.values) if not gap else frame
    except DataError as error:
        gap = str(error)
    return Requests(
        name=slo.name,
        frame=frame,
        source=source.name,
        start=start,
        end=end,
        step=step,
        good_query=found.query,
        total_query="each step with a value",
        gap=gap,
        synthetic=source.synthetic,
        note="; ".join(filter(None, ["counts steps, not events", found.note])),
    )


def bucket_checked(source: Source, snapshot: Snapshot | None, slo: SLO, found: Requests) -> Requests:
    """
    `found`, or a gap where the buckets of the histogram do not fit.

    Where no bucket ends at the threshold, the nearest bounds are named. Where some series have such a bucket and others
    do not, those are named: all their events would count as slow.
    """
    plain = source.source if isinstance(source, Named) else source
    try:
        if not found.gap:
            _check_layouts(plain, snapshot, slo, found)
        elif isinstance(plain, LabellingSource):
            check_bound(slo, plain.label_values("le", buckets.every(slo.histogram), found.start, found.end))
    except SourceError:
        return found
    except DataError as error:
        return replace(found, gap=str(error), frame=_no_requests())
    return found


def _check_layouts(source: Source, snapshot: Snapshot | None, slo: SLO, found: Requests) -> None:
    if not isinstance(source, MatchingSource):
        return
    pace = found.step * max(1, (found.end - found.start) // (found.step * LOOKS))
    whole, part = slo.total, slo.good

    def ask(_: str, start: datetime, end: datetime, step: timedelta) -> pd.Series:
        answer: pd.Series = source.lacking(whole, part, start, end, step)
        return answer

    asked = (f"({whole}) unless ignoring (le) ({part})", found.start, found.end, pace)
    answer = snapshot.read(source, *asked, ask=ask, kind="lacking") if snapshot else ask(*asked)
    if len(answer):
        raise DataError(
            f"SLO {slo.name!r}: {number(int(answer.max()))} series of the histogram have no bucket that ends at "
            f"{buckets.seconds(slo.threshold or timedelta(0))} s, last at {utc(answer.index[-1])}: "
            f"{answer.attrs.get('note', '')}; all their events would count as slow. Give them the bucket, leave them "
            "out by a matcher, or take a threshold that all have"
        )


def _silence(source: Source, name: str, total: pd.Series, part: pd.Series, total_query: str, good_query: str) -> str:
    """Why nothing can be said although nothing failed; empty where something can."""
    if not len(total):
        return f"{source.name} counted nothing for {_shown(source, total_query)!r} in this window"
    if not len(part) and good_query:
        good = _shown(source, good_query)
        return f"SLI {name!r}: no series matches the good query {good!r}, though there is traffic; correct the query"
    if not len(part) and not part.attrs.get("known", False):
        return f"SLI {name!r}: {source.name} does not know the metric of the bad query; correct the query"
    return ""


def _joined(total: pd.Series, part: pd.Series, *, bad: bool) -> pd.DataFrame:
    """`total` and `good` per step; fractions of events (a server's estimate) stay."""
    beside = part.reindex(total.index)
    if part.attrs.get("by_series", False):
        beside = beside.fillna(0.0)
    elif (part > 0).sum() > (beside > 0).sum():
        extra = part[part > 0].index.difference(total.index)
        raise DataError(
            f"{len(extra)} row(s) of good or bad events without a total, first at {extra[0]:%Y-%m-%d %H:%MZ}"
        )
    whole, share = total.to_numpy("float64"), beside.to_numpy("float64")
    good = whole - share if bad else share
    return pd.DataFrame({"total": whole, "good": good}, index=total.index.rename("time")).dropna()


def _read(
    source: Source,
    snapshot: Snapshot | None,
    query: str,
    start: datetime,
    end: datetime,
    step: timedelta,
    *,
    count: bool = False,
) -> pd.Series:
    if isinstance(source, Named):  # the name of a query may come to mean another one; what is kept must not
        query, source = source.resolve(query), source.source
    if snapshot is None:
        return counted(source, query, start, end, step) if count else source.read(query, start, end, step)
    if not count:
        return snapshot.read(source, query, start, end, step)

    def ask(query: str, start: datetime, end: datetime, step: timedelta) -> pd.Series:
        return counted(source, query, start, end, step)

    return snapshot.read(source, query, start, end, step, ask=ask, kind="increase")


def _shown(source: Source, query: str) -> str:
    return source.resolve(query) if isinstance(source, Named) else query


def _nothing(name: str) -> pd.Series:
    return pd.Series(
        np.empty(0), index=pd.DatetimeIndex([], tz="UTC", name="time").as_unit("us"), name=name, dtype="float64"
    )


def _no_requests() -> pd.DataFrame:
    index = pd.DatetimeIndex([], tz="UTC", name="time").as_unit("us")
    return pd.DataFrame({"total": np.empty(0), "good": np.empty(0)}, index=index)
