"""
One reading of each series: content-addressed, on disk, shared by every notebook of a run.

Two keys lead to the same bytes. Within a run (`run_id`) a question is asked once, whatever happens to the
source meanwhile, failures included. Between runs only a closed window is kept, one that ended at or before
`as_of`, because nothing can be added to it. Bytes are named by their SHA-256 and checked when they are read;
what is damaged is dropped and asked again. Several processes may read and write at once.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
import pandas as pd

from sre_kit.errors import DataError, ParameterError, SourceError, SREKitError, UnreachableError

MAX_BYTES: Final = 1_000_000_000
"""Above this the series that were used least recently go."""

_INTEGER: Final = "<i8"
_FLOAT: Final = "<f8"
_ERRORS: Final[dict[str, type[SourceError] | type[DataError]]] = {
    "SourceError": SourceError,
    "DataError": DataError,
    "UnreachableError": UnreachableError,
}
_RUN: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_RUNS_KEPT: Final = 8


class Readable(Protocol):
    """The part of a source that the snapshot needs."""

    @property
    def identity(self) -> str:
        """What tells this source from any other; never a secret."""

    def version(self, query: str) -> str | None:
        """State of what a closed window is read from; None where it is never kept between runs."""

    def read(self, query: str, start: datetime, end: datetime, step: timedelta) -> pd.Series:
        """The series."""


Ask = Callable[[str, datetime, datetime, timedelta], pd.Series]


@dataclass(frozen=True)
class _Question:
    source: Readable
    query: str
    start: datetime
    end: datetime
    step: timedelta
    ask: Ask
    kind: str

    @property
    def place(self) -> str:
        """Names the source."""
        return _hash([self.source.identity])

    @property
    def key(self) -> str:
        """Names the question."""
        window = [when.astimezone(UTC).isoformat() for when in (self.start, self.end)]
        return _hash([self.source.identity, self.kind, self.query, *window, self.step.total_seconds()])


@dataclass(frozen=True)
class Snapshot:
    """
    Series on disk under `folder`.

    Parameters
    ----------
    folder
        Where they are kept; made when first needed.
    as_of
        The report's time; windows that end later are not kept between runs. None: no window is.
    run_id
        Names the run whose notebooks must see the same bytes and the same failures; empty: none.
    max_bytes
        Size above which `prune` drops what was used least recently.
    """

    folder: Path
    as_of: datetime | None = None
    run_id: str = ""
    max_bytes: int = MAX_BYTES

    def __post_init__(self) -> None:
        if self.run_id and not _RUN.fullmatch(self.run_id):
            raise ParameterError(f"run id {self.run_id!r}: letters, digits, '_', '.', '-' only, at most 64")

    def read(
        self,
        source: Readable,
        query: str,
        start: datetime,
        end: datetime,
        step: timedelta,
        *,
        ask: Ask | None = None,
        kind: str = "read",
    ) -> pd.Series:
        """
        The series, from disk where it is there, else from `source`, which is asked only once.

        Parameters
        ----------
        ask
            How to ask, where it is not `source.read`.
        kind
            Tells answers of different `ask` apart.

        Raises
        ------
        SourceError, DataError
            What the source raised, now or earlier in this run.
        """
        question = _Question(source, query, start, end, step, ask or source.read, kind)
        with self._locked(f"series-{question.key[:2]}"):
            known = self._entry(self._run_file(question.key)) if self.run_id else None
            if known is None:
                known = self._between_runs(question) or self._asked(question)
        if "failure" in known:
            raise _ERRORS[known["failure"]](known["message"])
        return self._series(known, query)

    def once(self, question: str, make: Callable[[], Any]) -> Any:
        """
        What `make` gives, as JSON has it: worked out by the first notebook of a run that asks, and read by the others.

        Where nothing can be written each works it out for itself.
        """
        if not self.run_id:
            return make()
        key = _hash([question])
        path = self._run_file(key)
        with contextlib.ExitStack() as stack:
            with contextlib.suppress(SREKitError):
                stack.enter_context(self._locked(f"series-{key[:2]}"))
            with contextlib.suppress(OSError, ValueError):
                return json.loads(path.read_bytes())
            found = make()
            with contextlib.suppress(SREKitError):
                self._write(path, json.dumps(found).encode())
            return found

    def clear(self) -> None:
        """Forget everything."""
        for name in ("blobs", "closed", "runs"):
            shutil.rmtree(self.folder / name, ignore_errors=True)

    def prune(self) -> int:
        """Drop what was used least recently until the rest fits, and old runs; the bytes that were freed."""
        runs = sorted((self.folder / "runs").glob("*"), key=_used, reverse=True)
        for old in [run for run in runs if run.name != self.run_id][_RUNS_KEPT:]:
            shutil.rmtree(old, ignore_errors=True)
        kept, freed = 0, 0
        for _, length, blob in sorted(_sizes(self.folder / "blobs"), reverse=True):
            if kept + length <= self.max_bytes:
                kept += length
            else:
                Path(blob).unlink(missing_ok=True)
                freed += length
        return freed

    def _between_runs(self, question: _Question) -> dict[str, Any] | None:
        version = self._version(question)
        known = None if version is None else self._entry(self._closed_file(question, version))
        if known is not None and self.run_id:
            self._write(self._run_file(question.key), _written(known))
        return known

    def _version(self, question: _Question) -> str | None:
        """State of the source, where the answer may be kept between runs."""
        if self.as_of is None or question.end > self.as_of:
            return None
        return question.source.version(question.query)

    def _asked(self, question: _Question) -> dict[str, Any]:
        """Ask; the first contact of a run is made by one process alone, so that a dead source is waited for once."""
        if not self.run_id:
            return self._kept(question)
        contact = self._run_file(f"source-{question.place}")
        first = self._entry(contact) is None
        with self._locked(f"source-{question.place[:2]}") if first else contextlib.nullcontext():
            earlier = self._entry(contact)
            if earlier is not None and "failure" in earlier:
                return earlier
            try:
                found = self._kept(question)
            except (SourceError, DataError) as error:
                kind = next(one.__name__ for one in type(error).__mro__ if one.__name__ in _ERRORS)
                failure = {"failure": kind, "message": str(error)}
                about = contact if isinstance(error, UnreachableError) else self._run_file(question.key)
                self._write(about, json.dumps(failure).encode())
                return failure
            if earlier is None:
                self._write(contact, b'{"reached": true}')
        return found

    def _kept(self, question: _Question) -> dict[str, Any]:
        """Ask the source, and keep what it answers; between runs only what did not change while it was read."""
        before = self._version(question)
        found = question.ask(question.query, question.start, question.end, question.step)
        raw = _packed(found)
        sha256 = hashlib.sha256(raw).hexdigest()
        entry: dict[str, Any] = {"sha256": sha256, "query": question.query, "attrs": dict(found.attrs)}
        self._write(self._blob(sha256), raw)
        whole = before is not None and not found.attrs.get("partial", False)
        if before is not None and whole and before == self._version(question):
            self._write(self._closed_file(question, before), _written(entry))
        if self.run_id:
            self._write(self._run_file(question.key), _written(entry))
        self.prune()
        return {**entry, "raw": raw}

    def _series(self, entry: dict[str, Any], query: str) -> pd.Series:
        times, values = np.frombuffer(entry["raw"], _INTEGER).reshape(2, -1)
        index = pd.DatetimeIndex(times.view("M8[us]")).tz_localize("UTC").rename("time")
        found = pd.Series(values.view(_FLOAT).astype("float64"), index=index, name=query, copy=False)
        found.attrs = dict(entry["attrs"])
        return found

    def _entry(self, path: Path) -> dict[str, Any] | None:
        """What is known, with its bytes; None where nothing is, or where it is damaged (then it is dropped)."""
        try:
            entry: dict[str, Any] = json.loads(path.read_bytes())
            if "failure" in entry or "reached" in entry:
                return entry
            blob = self._blob(entry["sha256"])
            raw = blob.read_bytes()
            if hashlib.sha256(raw).hexdigest() != entry["sha256"]:
                blob.unlink(missing_ok=True)
                raise ValueError("damaged")
            os.utime(blob)
            return {"attrs": entry["attrs"], "sha256": entry["sha256"], "query": entry["query"], "raw": raw}
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._unusable(error) from None
        except (ValueError, KeyError, TypeError, AttributeError):
            path.unlink(missing_ok=True)
            return None

    def _blob(self, sha256: str) -> Path:
        if not re.fullmatch(r"[0-9a-f]{64}", sha256):
            raise ValueError("damaged")
        return self.folder / "blobs" / f"{sha256}.series"

    def _closed_file(self, question: _Question, version: str) -> Path:
        return self.folder / "closed" / f"{_hash([question.key, version])}.json"

    def _run_file(self, key: str) -> Path:
        return self.folder / "runs" / self.run_id / f"{key}.json"

    def _write(self, path: Path, raw: bytes) -> None:
        with self._told():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".new-")
            try:
                with os.fdopen(handle, "wb") as opened:
                    opened.write(raw)
                Path(temporary).replace(path)
            except BaseException:
                Path(temporary).unlink(missing_ok=True)
                raise

    @contextlib.contextmanager
    def _locked(self, name: str) -> Iterator[None]:
        """One process at a time; the lock dies with its process. Its file stays: removing it would split the lock."""
        path = self.folder / "locks" / name
        with self._told():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            opened = path.open("ab")
        with opened:
            fcntl.flock(opened, fcntl.LOCK_EX)
            yield

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise self._unusable(error) from None

    def _unusable(self, error: OSError) -> SREKitError:
        return SREKitError(
            f"cannot keep series under {self.folder}: {error.strerror or error}; "
            "free some space, or make the folder readable and writable"
        )


def _packed(found: pd.Series) -> bytes:
    """All times, then all values, eight bytes each: what can hold no code."""
    times = pd.DatetimeIndex(found.index).as_unit("us").asi8
    return times.astype(_INTEGER).tobytes() + found.to_numpy(dtype="float64").astype(_FLOAT).tobytes()


def _written(entry: dict[str, Any]) -> bytes:
    return json.dumps({name: value for name, value in entry.items() if name != "raw"}).encode()


def _hash(parts: list[Any]) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _used(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _sizes(folder: Path) -> Iterator[tuple[float, int, str]]:
    """Of each series when it was used last, its bytes and its path; none where there is no such folder."""
    with contextlib.suppress(FileNotFoundError), os.scandir(folder) as found:
        for one in found:
            with contextlib.suppress(FileNotFoundError):
                if not one.name.startswith("."):  # somebody is writing it
                    yield one.stat().st_mtime, one.stat().st_size, one.path
