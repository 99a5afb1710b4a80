"""
Gatling's ``simulation.log``: tab-separated text up to 3.11; times are epoch milliseconds.

Versions up to 3.4 write the user's id before the groups of a request; later ones do not. Both are told by where the
verdict stands. From 3.12 the log is binary and begins with a length-prefixed version: it is refused, with the way out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from sre_kit.compute.performance.plan import LoadTest
from sre_kit.errors import DataError
from sre_kit.load.loadtesting.shape import Samples, epoch, sampled

NAME: Final = "Gatling simulation.log (text, 3.2 to 3.11)"

_VERDICTS: Final = ("OK", "KO")


@dataclass
class _Log:
    began: int | None = None
    simulation: str = ""
    version: str = ""
    samples: Samples = field(default_factory=Samples)
    first: int | None = None
    last: int | None = None
    users: list[tuple[int, int]] = field(default_factory=list)
    scenarios: dict[str, None] = field(default_factory=dict)
    unread: int = 0


def fits(head: bytes) -> bool:
    """A text log begins with its RUN line; a binary one with a zero byte and its version."""
    return head.startswith((b"RUN\t", b"\xef\xbb\xbfRUN\t")) or _binary_version(head) != ""


def read(path: Path) -> LoadTest:
    """
    The run in a text log.

    Raises
    ------
    DataError
        The log is binary (3.12 and later), or holds no request.
    """
    with path.open("rb") as opened:
        if version := _binary_version(opened.read(64)):
            raise DataError(
                f"{path.name}: Gatling {version} writes a binary log, which only Gatling reads; "
                "give js/stats.json or js/global_stats.json of its report, or run with 3.11 or earlier"
            )
    log = _Log()
    with path.open(encoding="utf-8-sig", errors="replace") as lines:
        for line in lines:
            _take(log, line.rstrip("\r\n").split("\t"))
    if not len(log.samples) or log.first is None or log.last is None:
        raise DataError(f"{path.name}: a Gatling log without a request; the run ended before its first answer")
    return _test(path, log, log.first, log.last)


def _binary_version(head: bytes) -> str:
    """Version in a binary log's first record (zero byte, four bytes of length, text); empty for anything else."""
    if len(head) < 8 or head[0] != 0:
        return ""
    length = int.from_bytes(head[1:5], "big")
    text = head[5 : 5 + length]
    if not 3 <= length <= 40 or len(text) < length or not all(32 <= byte < 127 for byte in text):
        return ""
    return text.decode("ascii") if text[:1].isdigit() else ""


def _take(log: _Log, fields: list[str]) -> None:
    match fields[0]:
        case "REQUEST":
            _take_request(log, fields)
        case "RUN" if len(fields) >= 4:
            log.simulation, log.began = fields[1], _whole(fields[3])
            log.version = fields[5].strip() if len(fields) > 5 else ""
        case "USER":
            _take_user(log, fields)
        case _:
            return


def _take_request(log: _Log, fields: list[str]) -> None:
    # groups, name, start, end, verdict; before 3.5 the user's id comes first
    for shift in (0, 1):
        if len(fields) > 5 + shift and fields[5 + shift] in _VERDICTS:
            start, end = _whole(fields[3 + shift]), _whole(fields[4 + shift])
            if start is None or end is None or end < start:
                break
            name = "/".join(part for part in (fields[1 + shift].replace(",", "/"), fields[2 + shift]) if part)
            log.samples.add(name, (end - start) / 1000, fields[5 + shift] == "KO", start / 1000)
            log.first = start if log.first is None else min(log.first, start)
            log.last = end if log.last is None else max(log.last, end)
            return
    log.unread += 1


def _take_user(log: _Log, fields: list[str]) -> None:
    for at, word in enumerate(fields[2:4], start=2):
        if word in ("START", "END") and len(fields) > at + 1:
            # 3.2 writes the user's start before the time of an END line; the last field is always the moment
            moment = _whole(fields[-1])
            if moment is not None:
                log.users.append((moment, 1 if word == "START" else -1))
                log.scenarios.setdefault(fields[1])
            return


def _whole(text: str) -> int | None:
    return int(text) if text.strip().isdigit() else None


def _test(path: Path, log: _Log, first: int, last: int) -> LoadTest:
    notes = ["the log does not say whether users arrived at a rate (open) or were kept in number (closed)"]
    if log.unread:
        notes.append(f"{log.unread:,} request line(s) could not be read and are left out")
    return sampled(
        path,
        "Gatling",
        log.samples,
        name=log.simulation.rsplit(".", 1)[-1],
        load=_most_users(log.users),
        model="unknown",
        scenario=", ".join(log.scenarios),
        version=log.version,
        began=epoch(log.began or first, 1e-3),
        duration=(last - first) / 1000 or None,
        notes=notes,
    )


def _most_users(changes: list[tuple[int, int]]) -> float | None:
    """Most users at once; at one moment arrivals count before departures, as one user may replace another."""
    present = most = 0
    for _, change in sorted(changes, key=lambda one: (one[0], -one[1])):
        present += change
        most = max(most, present)
    return float(most) if changes else None
