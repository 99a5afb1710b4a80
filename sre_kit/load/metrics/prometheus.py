"""
Measurements from a Prometheus, or what speaks its API under any path: Thanos, Mimir, VictoriaMetrics.

Events are counted here, not there: ``increase()`` extrapolates to the edges of its window and so makes fractions of
requests, also where every sample is known. Of each counter the last sample of a step is fetched, and in the steps
where a series began, ended or was reset, every sample; then positive increments are added up (see `counters`). A
query that selects more series than the cap is summed by the server, and labelled as extrapolated.

The value of a step is what the server knew at its end, reported at its beginning.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from sre_kit.errors import DataError, ParameterError
from sre_kit.load.http import Server
from sre_kit.load.metrics.counters import Steps
from sre_kit.load.metrics.promapi import API, MAX_POINTS, Samples, chunks
from sre_kit.load.metrics.selector import Selector, counter, filled, functions, has_window, label_value
from sre_kit.load.metrics.source import Auth, check_window, lacking_series, series
from sre_kit.load.secrets import Secret, secret
from sre_kit.units import promql_duration

LOOKBACK: Final = timedelta(minutes=5)
"""
How far back a sample may be that the next one continues: Prometheus' own default for showing a value. A series
that was seen in this time before `start` (or in the step before it) goes on; any other begins with its first sample.
"""

_POINTS: Final = 2_000_000
"""Points asked for at once over all series, which is some 60 MB."""
_PROBES: Final = 200
_RAW: Final = timedelta(days=1)

_MILLISECOND: Final = timedelta(milliseconds=1)

Key = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class PrometheusSource:
    """A Prometheus; `series_cap` is the most series of one query that are fetched one by one."""

    server: Server
    account: str = ""
    series_cap: int = 500
    synthetic: bool = False

    @property
    def name(self) -> str:
        """Its address."""
        return self.server.url

    @property
    def identity(self) -> str:
        """Its address, and on whose behalf it is read: another tenant sees other series."""
        return f"prometheus {self.server.url} {self.account} cap={self.series_cap}"

    def version(self, query: str) -> str:
        """Nothing is added to a closed window; the definition of an increment is part of what is kept."""
        return "positive increments, 1"

    def read(self, query: str, start: datetime, end: datetime, step: timedelta) -> pd.Series:
        """
        `query` evaluated at the end of each step, with the step as its window where it leaves one open.

        Raises
        ------
        SourceError
            The server refuses, or its answer cannot be used.
        DataError
            More than one series comes back: whether to add or to average them is not ours to guess.
        """
        check_window(start, end, step)
        functions(query)  # refuses what is no PromQL before anything is asked
        api = API(self.server)
        return _noted(self._evaluated(api, filled(query, step), query, start, end, step), api)

    def increase(self, query: str, start: datetime, end: datetime, step: timedelta) -> pd.Series:
        """
        Events in each step, from a counter's selector, ``sum(rate(selector[{{.window}}]))``, or an expression of them.

        Raises
        ------
        SourceError
            The server refuses, or its answer cannot be used.
        DataError
            A sample is negative.
        ParameterError
            The query is no PromQL, or does not count anything per step.
        """
        check_window(start, end, step)
        api = API(self.server)
        wanted = counter(query)
        if wanted is None or not wanted.metric:
            found = self._expression(api, query, start, end, step)
        else:
            found = self._counted(api, wanted, query, start, end, step)
        found.attrs["by_series"] = True
        return _noted(found, api)

    def label_values(self, label: str, selector: str, start: datetime, end: datetime) -> list[str]:
        """Values of `label` on the series of `selector` at a few moments of the window."""
        pace = max((end - start) / 8, timedelta(seconds=1))
        found = API(self.server).range(f"count by ({label}) ({selector})", start, end, pace)
        return sorted({value for one in found for name, value in one.labels if name == label})

    def lacking(self, whole: str, part: str, start: datetime, end: datetime, step: timedelta) -> pd.Series:
        """Series of `whole` without one of `part`, looked for at each step."""
        counts: dict[int, int] = {}
        names = []
        for one in API(self.server).range(f"({whole}) unless ignoring (le) ({part})", start, end, step):
            names.append(_named(one))
            for time in one.times.tolist():
                counts[time] = counts.get(time, 0) + 1
        times = pd.DatetimeIndex(pd.to_datetime(sorted(counts), unit="ms", utc=True))
        return lacking_series(times, [counts[time] for time in sorted(counts)], names)

    def check(self) -> str:
        """Asks it for 1."""
        return f"{self.server.url}: {API(self.server).answers()}"

    def _counted(
        self, api: API, wanted: Selector, query: str, start: datetime, end: datetime, step: timedelta
    ) -> pd.Series:
        most = self._most_series(api, str(wanted), start, end, step)
        if most > self.series_cap:
            increase = f"sum(increase({wanted}[{promql_duration(step)}]))"
            found = self._evaluated(api, increase, query, start, end, step)
            found.attrs |= {"extrapolated": True, "known": True}
            return found
        known = self._samples(api, wanted, most, start, end, step)
        steps = Steps(start, end, step)
        for labels, (times, values) in known.items():
            steps.add(times / 1000, values, f"{wanted} {dict(labels)}")
        found = steps.series(query)
        found.attrs["known"] = bool(known) or bool(
            wanted.metric and self._most_series(api, wanted.metric, start, end, step)
        )
        return found

    def _most_series(self, api: API, selector: str, start: datetime, end: datetime, step: timedelta) -> int:
        """The most series that exist at one moment, probed at some 200 moments of the window."""
        pace = max(step, step * math.ceil((end - start) / step / _PROBES))
        found = api.range(f"count({selector})", start, start + (end - start) // pace * pace, pace)
        return int(max((one.values.max() for one in found if len(one.values)), default=0))

    def _samples(
        self, api: API, wanted: Selector, most: int, start: datetime, end: datetime, step: timedelta
    ) -> dict[Key, tuple[np.ndarray, np.ndarray]]:
        """Per series the last sample of each step, and every sample of the steps that need it: times and values."""
        count = (end - start) // step
        grid = self._last_of_steps(api, wanted, most, start, count, step)
        both = sum(
            (there[:-1] & there[1:] for there in map(np.isfinite, grid.values())), np.zeros(count, dtype="int64")
        )
        restless = self._restless(api, wanted, both, start, step)
        ends = _milliseconds(start) + np.arange(count + 1) * (step // _MILLISECOND)
        calm = np.isin(ends, [_milliseconds(last) for _, last in restless], invert=True)
        known = {key: [(ends[calm], values[calm])] for key, values in grid.items()}
        parts = _joined(restless, max(step, _RAW / max(1, most / 100)))
        if step < LOOKBACK:  # a series that pauses around `start` goes on from its last sample, not from its next
            parts = [(start - LOOKBACK, start), *parts]
        for first, last in parts:
            for one in api.raw(str(wanted), first, last):
                known.setdefault(_key(one), []).append((one.times, one.values))
        return {key: _merged(parts) for key, parts in known.items()}

    def _last_of_steps(
        self, api: API, wanted: Selector, most: int, start: datetime, count: int, step: timedelta
    ) -> dict[Key, np.ndarray]:
        """Per series the last sample of the step that ends at `start`, and of the `count` after it; NaN for none."""
        # one millisecond short, because Prometheus before 3.0 counts a sample at the very beginning in
        query = f"last_over_time({wanted}[{promql_duration(step - _MILLISECOND)}])"
        points = max(2, min(MAX_POINTS, _POINTS // max(1, most)))
        grid: dict[Key, np.ndarray] = {}
        for first, last in chunks(start, start + count * step, step, points):
            for one in api.range(query, first, last, step):
                values = grid.setdefault(_key(one), np.full(count + 1, np.nan))
                values[(one.times - _milliseconds(start)) // (step // _MILLISECOND)] = one.values
        return grid

    def _restless(
        self, api: API, wanted: Selector, both: np.ndarray, start: datetime, step: timedelta
    ) -> list[tuple[datetime, datetime]]:
        """
        Steps in which a series was reset, or has samples without having some in the step before too (`both` have).
        """
        resets = f"resets({wanted}[{promql_duration(step + LOOKBACK)}])"
        found = []
        for first, last in chunks(start + step, start + len(both) * step, step):
            sums = _by_time(api.range(f"sum({resets})", first, last, step))
            for time, series_seen in _by_time(api.range(f"count({resets})", first, last, step)).items():
                position = (time - _milliseconds(start)) // (step // _MILLISECOND) - 1
                if sums.get(time, 0) or series_seen > both[position]:
                    found.append((start + position * step, start + (position + 1) * step))
        return sorted(found)

    def _expression(self, api: API, query: str, start: datetime, end: datetime, step: timedelta) -> pd.Series:
        called = functions(query)
        per_second = bool(called & {"rate", "irate"})
        if (per_second and "increase" in called) or not (per_second or has_window(query)):
            raise ParameterError(
                f"query {query!r} does not count events per step; write a counter's selector, or "
                "sum(increase(counter[{{.window}}])), with {{.window}} where the window belongs, "
                "and not both rate and increase"
            )
        found = self._evaluated(api, filled(query, step), query, start, end, step)
        if per_second:
            found *= step.total_seconds()
        found.attrs |= {"extrapolated": True, "known": bool(len(found))}
        return found

    def _evaluated(
        self, api: API, promql: str, query: str, start: datetime, end: datetime, step: timedelta
    ) -> pd.Series:
        """One series, evaluated at the end of every whole step."""
        times, values = [np.empty(0, dtype="int64")], [np.empty(0)]
        seen: set[Key] = set()
        for first, last in chunks(start + step, start + (end - start) // step * step, step):
            for one in api.range(promql, first, last, step):
                seen.add(one.labels)
                times.append(one.times - step // _MILLISECOND)
                values.append(one.values)
        if len(seen) > 1:
            examples = ", ".join(str(dict(labels)) for labels in sorted(seen)[:2])
            raise DataError(
                f"query {query!r} gives {len(seen)} series ({examples[:200]}, ...); "
                "say what to make of them: sum(...), max(...) or avg(...)"
            )
        index = pd.DatetimeIndex(pd.to_datetime(np.concatenate(times), unit="ms", utc=True))
        return series(index, np.concatenate(values), query)


def _milliseconds(when: datetime) -> int:
    return round(when.timestamp() * 1000)


def _key(one: Samples) -> Key:
    """Labels without the metric's name, which functions drop."""
    return tuple(label for label in one.labels if label[0] != "__name__")


def _named(one: Samples) -> str:
    """Its labels, as PromQL writes them."""
    return "{" + ",".join(f"{name}={label_value(value)}" for name, value in _key(one)) + "}"


def _merged(parts: list[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    """Samples of one series in order of time, each once, and none that is missing."""
    times, values = (np.concatenate(several) for several in zip(*parts, strict=True))
    times, kept = np.unique(times[np.isfinite(values)], return_index=True)
    return times, values[np.isfinite(values)][kept]


def _by_time(found: list[Samples]) -> dict[int, float]:
    return {time: value for one in found for time, value in zip(one.times.tolist(), one.values.tolist(), strict=True)}


def _joined(parts: Iterable[tuple[datetime, datetime]], longest: timedelta) -> list[tuple[datetime, datetime]]:
    """
    Adjoining parts put together, up to a length.

    >>> from datetime import UTC
    >>> day = [datetime(2026, 1, number, tzinfo=UTC) for number in range(1, 7)]
    >>> [(a.day, b.day) for a, b in _joined([(day[0], day[1]), (day[1], day[2]), (day[4], day[5])], timedelta(days=2))]
    [(1, 3), (5, 6)]
    """
    found: list[tuple[datetime, datetime]] = []
    for first, last in parts:
        if found and found[-1][1] == first and last - found[-1][0] <= longest:
            found[-1] = (found[-1][0], last)
        else:
            found.append((first, last))
    return found


def _noted(found: pd.Series, api: API) -> pd.Series:
    if api.notes:
        found.attrs["note"] = "; ".join(api.notes)
    if api.partial:
        found.attrs["partial"] = True
    return found


def open_prometheus(url: str, *, auth: Auth, base: Path, timeout: timedelta, series_cap: int = 500) -> PrometheusSource:
    """
    The source of a ``prometheus+http(s)://`` URL; its secrets are read now, and nothing is asked.

    Raises
    ------
    ParameterError
        The URL is none, or a secret that is named is not there.
    """
    token = secret("source.auth.token", env=auth.token_env, file=auth.token_file, base=base)
    password = secret("source.auth.password", env=auth.password_env, file=auth.password_file, base=base)
    headers, secrets = [], [one for one in (token, password) if one is not None]
    if token is not None:
        headers.append(("Authorization", Secret(f"Bearer {token.reveal()}")))
    if password is not None:
        pair = base64.b64encode(f"{auth.username}:{password.reveal()}".encode()).decode()
        headers.append(("Authorization", Secret(f"Basic {pair}")))
        secrets.append(Secret(pair))
    if auth.tenant:
        if not auth.tenant.isascii() or not auth.tenant.isprintable():
            raise ParameterError(
                f"source.auth.tenant {auth.tenant!r} holds a character that no header may carry; correct it"
            )
        headers.append(("X-Scope-OrgID", Secret(auth.tenant)))
    server = Server(
        url=url.removeprefix("prometheus+"),
        timeout=timeout,
        headers=tuple(headers),
        secrets=tuple(secrets),
        ca_file=base / auth.ca_file if auth.ca_file else None,
        client_certificate=base / auth.client_certificate if auth.client_certificate else None,
        client_key=base / auth.client_key if auth.client_key else None,
        proxy=auth.proxy,
    )
    account = " ".join((auth.username, auth.token_env, auth.token_file, auth.client_certificate, auth.tenant)).strip()
    return PrometheusSource(server, account, series_cap)
