"""
What a source of measurements promises, and how a reader proves who it is.

A source answers one query with one `Series`: UTC index ``time``, float values, sorted, each time once,
inside the half-open window. What is not there is missing: no NaN, no infinity, no zero in its place.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, runtime_checkable

import numpy as np
import pandas as pd

from sre_kit.errors import DataError, ParameterError


@dataclass(frozen=True)
class Auth:
    """
    How to prove who we are; secrets stand here by name only: an environment variable, or a file of mode 0600.

    Paths are relative to the params file.
    """

    token_env: str = ""
    token_file: str = ""
    username: str = ""
    password_env: str = ""
    password_file: str = ""
    client_certificate: str = ""
    client_key: str = ""
    ca_file: str = ""
    tenant: str = ""
    """Sent as ``X-Scope-OrgID``."""
    proxy: str = ""
    """Proxies named by the environment are not used; only this one is."""

    def __post_init__(self) -> None:
        for one, other in (
            ("token_env", "token_file"),
            ("password_env", "password_file"),
            ("token_env", "username"),
            ("token_file", "username"),
        ):
            if getattr(self, one) and getattr(self, other):
                raise ParameterError(f"source.auth: {one} and {other} are both given; keep one of them")
        if bool(self.username) != bool(self.password_env or self.password_file):
            raise ParameterError("source.auth: a username needs password_env or password_file, and the other way round")
        if self.client_key and not self.client_certificate:
            raise ParameterError(
                "source.auth: client_key is given without client_certificate; name the certificate too"
            )


@runtime_checkable
class Source(Protocol):
    """Where measurements come from."""

    @property
    def name(self) -> str:
        """For people: where the numbers come from, without any secret."""

    @property
    def synthetic(self) -> bool:
        """True where the numbers are made up and must be labelled so."""

    @property
    def identity(self) -> str:
        """What tells this source from any other; never a secret."""

    def version(self, query: str) -> str | None:
        """State of what a closed window is read from; None where it is never worth keeping."""

    def read(self, query: str, start: datetime, end: datetime, step: timedelta) -> pd.Series:
        """
        The value in each step of [`start`, `end`), at the step's beginning.

        Raises
        ------
        SourceError
            The source does not answer, or answers nonsense.
        DataError
            What it holds breaks the contract above.
        """

    def check(self) -> str:
        """One line for ``doctor``: that the source answers, and what it is; raises `SourceError` where it does not."""


@runtime_checkable
class CountingSource(Source, Protocol):
    """A source that knows how many events fell into each step."""

    def increase(self, query: str, start: datetime, end: datetime, step: timedelta) -> pd.Series:
        """Events in each step of [`start`, `end`); ``attrs["extrapolated"]`` is true where they are estimated."""


@runtime_checkable
class LabellingSource(Source, Protocol):
    """A source that knows which values a label has."""

    def label_values(self, label: str, selector: str, start: datetime, end: datetime) -> list[str]:
        """Values of `label` on the series of `selector` in the window, sorted; none where no series is there."""


@runtime_checkable
class MatchingSource(Source, Protocol):
    """A source that can hold the series of two selectors against each other."""

    def lacking(self, whole: str, part: str, start: datetime, end: datetime, step: timedelta) -> pd.Series:
        """
        How many series of `whole` have none of `part` beside them, labels but ``le`` being the same; where it is not 0.

        ``attrs["note"]`` names some of them.
        """


def lacking_series(times: pd.DatetimeIndex, counts: object, names: Iterable[str]) -> pd.Series:
    """The answer of `MatchingSource.lacking`."""
    found, known = series(times, counts, "lacking"), sorted(set(names))
    found.attrs["note"] = ", ".join(known[:3]) + (f" and {len(known) - 3} more" if len(known) > 3 else "")
    return found


@dataclass(frozen=True)
class Named:
    """A source whose queries have names in the params file; a query without a name is passed on as it is."""

    source: Source
    queries: tuple[tuple[str, str], ...]

    @property
    def name(self) -> str:
        """The source's own."""
        return self.source.name

    @property
    def synthetic(self) -> bool:
        """The source's own."""
        return self.source.synthetic

    @property
    def identity(self) -> str:
        """The source's own."""
        return self.source.identity

    def resolve(self, query: str) -> str:
        """The query that a name stands for."""
        return dict(self.queries).get(query, query)

    def version(self, query: str) -> str | None:
        """The source's own, for the query that is meant."""
        return self.source.version(self.resolve(query))

    def read(self, query: str, start: datetime, end: datetime, step: timedelta) -> pd.Series:
        """The source's own, for the query that is meant."""
        return self.source.read(self.resolve(query), start, end, step)

    def increase(self, query: str, start: datetime, end: datetime, step: timedelta) -> pd.Series:
        """Events in each step; a source that does not count is taken to hold counts already."""
        return counted(self.source, self.resolve(query), start, end, step)

    def check(self) -> str:
        """The source's own."""
        return self.source.check()


def counted(source: Source, query: str, start: datetime, end: datetime, step: timedelta) -> pd.Series:
    """Events in each step, from `increase` where the source has it, else from `read`."""
    if isinstance(source, CountingSource):
        return source.increase(query, start, end, step)
    return source.read(query, start, end, step)


def check_window(start: datetime, end: datetime, step: timedelta) -> None:
    """
    Refuse a window that cannot be read.

    Raises
    ------
    ParameterError
        A time without its zone, an end before its start, a step below a second.
    """
    for what, when in (("start", start), ("end", end)):
        if when.tzinfo is None:
            raise ParameterError(
                f"the window's {what} {when.isoformat()} has no zone; write {when.isoformat()}Z for UTC"
            )
    if end <= start:
        raise ParameterError(f"the window ends ({end.isoformat()}) before it begins ({start.isoformat()}); swap them")
    if step < timedelta(seconds=1) or step.microseconds:
        raise ParameterError(f"a step of whole seconds is needed, got {step}; write for example 5min")


def series(times: pd.DatetimeIndex, values: object, name: str) -> pd.Series:
    """
    A series that keeps the contract of this module; NaN and infinities are left out, as missing.

    Raises
    ------
    DataError
        A time without zone, times that do not rise, or a time that is there twice.
    """
    if times.tz is None:
        raise DataError(f"{name}: the times have no zone; say which, for example UTC")
    index = pd.DatetimeIndex(times.tz_convert("UTC")).as_unit("us").rename("time")
    if index.hasnans:
        raise DataError(f"{name}: row {int(np.argmax(index.isna())) + 1} has no time")
    rises = np.diff(index.asi8) > 0
    if not rises.all():
        late = index[1:][~rises]
        raise DataError(
            f"{name}: times must rise, each once; first repeated or out of order at {late[0]:%Y-%m-%d %H:%M:%SZ}"
        )
    found = pd.Series(np.asarray(values, dtype="float64"), index=index, name=name, copy=True)
    finite = np.isfinite(found.to_numpy())
    kept: pd.Series = found if finite.all() else found.loc[finite]
    return kept


def stepped(found: pd.Series, start: datetime, end: datetime, step: timedelta, *, total: bool) -> pd.Series:
    """
    `found` cut to [`start`, `end`) and gathered into steps: their sum (`total`) or their mean, at the step's beginning.

    A step without a row is missing.
    """
    cut = found[(found.index >= start) & (found.index < end)]
    if not len(cut):
        return cut
    bucket = (pd.DatetimeIndex(cut.index) - pd.Timestamp(start)) // pd.Timedelta(step)
    groups = cut.groupby(np.asarray(bucket))
    gathered = groups.sum() if total else groups.mean()
    index = pd.DatetimeIndex(
        pd.Timestamp(start) + pd.to_timedelta(gathered.index.to_numpy() * step.total_seconds(), unit="s")
    )
    result = series(index, gathered.to_numpy(), str(found.name))
    result.attrs = dict(found.attrs)
    return result
