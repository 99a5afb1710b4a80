"""The HTTP API of Prometheus, which Thanos, Mimir and VictoriaMetrics speak too: one question, one checked answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np

from sre_kit.errors import SourceError
from sre_kit.load.http import Server, TimedOutError

MAX_POINTS: Final = 11_000
"""Prometheus answers a range query with at most so many points per series."""

_PING: Final = timedelta(seconds=5)


@dataclass(frozen=True)
class Samples:
    """One series: its labels, Unix times in milliseconds (rising), and values, NaN included."""

    labels: tuple[tuple[str, str], ...]
    times: np.ndarray
    values: np.ndarray


@dataclass
class API:
    """
    Asks `server`; `notes` gathers what it warned about, and `partial` whether an answer was incomplete.
    """

    server: Server
    notes: list[str] = field(default_factory=list)
    partial: bool = False

    def range(self, query: str, first: datetime, last: datetime, step: timedelta) -> list[Samples]:
        """
        `query` evaluated at `first`, `first` + `step`, ... up to `last`; at most `MAX_POINTS` of them.

        Raises
        ------
        SourceError
            The server refuses, or answers something else.
        """
        fields = {
            "query": query,
            "start": f"{first.timestamp():.3f}",
            "end": f"{last.timestamp():.3f}",
            "step": f"{step.total_seconds():.3f}",
        }
        return self._matrix("/api/v1/query_range", fields, first, last)

    def raw(self, selector: str, first: datetime, last: datetime) -> list[Samples]:
        """Every sample of `selector` in (`first`, `last`], as it was scraped."""
        seconds = round((last - first).total_seconds())
        fields = {"query": f"{selector}[{seconds}s]", "time": f"{last.timestamp():.3f}"}
        return self._matrix("/api/v1/query", fields, first, last)

    def answers(self) -> str:
        """That the server evaluates a query; what it says it is, where it says so."""
        data = self._data("/api/v1/query", {"query": "vector(1)"}, self.server)
        if data.get("resultType") != "vector":
            raise self._wrong("expected a vector", data)
        try:
            version = self.server.json("/api/v1/status/buildinfo", {})["data"]["version"]
        except (SourceError, LookupError, TypeError):
            return "answers queries"
        return f"answers queries, version {str(version)[:40]}"

    def rules(self) -> dict[str, Any]:
        """The groups of rules that the server evaluates."""
        return self._data("/api/v1/rules", {}, self.server)

    def _matrix(self, path: str, fields: Mapping[str, str], first: datetime, last: datetime) -> list[Samples]:
        try:
            data = self._data(path, fields, self.server)
        except TimedOutError as error:
            raise self._heavy(error) from None
        if data.get("resultType") != "matrix" or not isinstance(data.get("result"), list):
            raise self._wrong("expected a matrix", data)
        found = [self._samples(one, first, last) for one in data["result"]]
        if len({one.labels for one in found}) != len(found):
            raise self._wrong("two series have the same labels", fields["query"])
        return found

    def _heavy(self, error: TimedOutError) -> SourceError:
        """A server that still answers something small is there; only this question was too much for it."""
        small = replace(self.server, timeout=min(_PING, self.server.timeout))
        try:
            self._data("/api/v1/query", {"query": "vector(1)"}, small)
        except SourceError:
            return error
        return SourceError(f"{error} (small questions it does answer)")

    def _data(self, path: str, fields: Mapping[str, str], server: Server) -> dict[str, Any]:
        answer = server.json(path, fields)
        if (
            not isinstance(answer, dict)
            or answer.get("status") != "success"
            or not isinstance(answer.get("data"), dict)
        ):
            raise self._wrong("expected status success with data", answer)
        warnings = answer.get("warnings") or []
        if answer.get("isPartial") is True:
            warnings = [*warnings, "the answer is partial"]
        if not isinstance(warnings, list):
            raise self._wrong("warnings are no list", answer)
        for warning in warnings:
            self.partial = True
            note = f"the server warned: {server.clean(str(warning))[:200]}"
            if note not in self.notes:
                self.notes.append(note)
        data: dict[str, Any] = answer["data"]
        return data

    def _samples(self, one: Any, first: datetime, last: datetime) -> Samples:
        try:
            labels = tuple(sorted((str(name), str(value)) for name, value in one["metric"].items()))
            if "histograms" in one:
                raise self._wrong(
                    "native histograms cannot be summed here; wrap the query in histogram_count(...)", labels
                )
            times = np.array([float(when) for when, _ in one["values"]])
            values = np.array([float(_text(value)) for _, value in one["values"]])
        except (KeyError, TypeError, ValueError, AttributeError):
            raise self._wrong("a series is not {metric, values: [[time, text]]}", one) from None
        slack = 1.0  # a server may round the edges of the window to its own clock
        if len(times) and not (first.timestamp() - slack <= times.min() and times.max() <= last.timestamp() + slack):
            raise self._wrong(
                "times lie outside the window that was asked for (are they milliseconds?)", times[:2].tolist()
            )
        stamps = np.round(times * 1000).astype("int64")
        if (np.diff(stamps) <= 0).any():
            raise self._wrong("the times of a series do not rise", dict(labels))
        return Samples(labels, stamps, values)

    def _wrong(self, what: str, found: Any) -> SourceError:
        return SourceError(
            self.server.clean(f"{self.server.url}: unusable answer: {what}; got {str(found)[:2000]}")[:400]
        )


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("a sample is text")
    return value


def chunks(
    first: datetime, last: datetime, step: timedelta, points: int = MAX_POINTS
) -> Iterator[tuple[datetime, datetime]]:
    """
    `first`, `first` + `step`, ... up to `last`, cut into ranges of at most `points` of them, each in one range.

    >>> from datetime import UTC
    >>> day, hour = datetime(2026, 1, 1, tzinfo=UTC), timedelta(hours=1)
    >>> [(a.hour, b.hour) for a, b in chunks(day, day + 5 * hour, hour, 4)]
    [(0, 3), (4, 5)]
    """
    while first <= last:
        end = min(first + (points - 1) * step, first + ((last - first) // step) * step)
        yield first, end
        first = end + step
