"""
hey and oha: the same report in text, with labels that differ, and what each writes for machines.

hey prints seconds, oha seconds or milliseconds with the unit beside the number. In "Success rate" oha counts every
answer, a 500 too: errors are counted from the statuses here. hey's ``-o csv`` and ``-q`` are understood; a rate limit
of a worker still waits for its answers.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from sre_kit.compute.performance.plan import LoadTest
from sre_kit.errors import DataError
from sre_kit.load.loadtesting.shape import CLOSED, Samples, count, json_of, number, part, sampled, seconds, text_of

NAME: Final = "hey and oha (text, hey -o csv, oha JSON)"

_CSV: Final = b"response-time,DNS+dialup,DNS,"
_VALUE: Final = re.compile(r"^\s+(Total|Slowest|Fastest|Average|Requests/sec):\s+(\S+)[ \t]*(\S*)", re.MULTILINE)
_LEVEL: Final = re.compile(r"^\s+(\d+(?:\.\d+)?)% in (\S+)[ \t]+(\S+)", re.MULTILINE)
_STATUS: Final = re.compile(r"^\s+\[(\d+)\]\s+(\d+) responses", re.MULTILINE)
_ERROR: Final = re.compile(r"^\s+\[(\d+)\]\s+(.+)", re.MULTILINE)
_UNITS: Final = {"secs": "s", "sec": "s", "s": "s", "ms": "ms", "us": "us", "µs": "us", "ns": "ns"}


def fits(head: bytes) -> bool:
    """The summary's labels, hey's CSV header, or the keys of oha's JSON."""
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    report = text.startswith(b"Summary:") and b"Slowest:" in head and b"Requests/sec:" in head
    return text.startswith(_CSV) or report or (b'"successRate"' in head and b'"requestsPerSec"' in head)


def read(path: Path) -> LoadTest:
    """
    The run in a report.

    Raises
    ------
    DataError
        No request of it was answered, so there is nothing that was measured.
    """
    text = text_of(path)
    if text.startswith(_CSV.decode()):
        return _of_csv(path, text)
    return _of_json(path) if text.lstrip().startswith("{") else _of_text(path, text)


def _of_text(path: Path, text: str) -> LoadTest:
    values = {one[1]: _length(one[2], one[3]) for one in _VALUE.finditer(text)}
    statuses, _, failures = text.partition("Error distribution:")
    answers = {code: int(many) for code, many in _STATUS.findall(statuses)}
    return _run(
        path,
        tool="oha" if "Success rate:" in text else "hey",
        answers=answers,
        unanswered=sum(int(many) for many, _ in _ERROR.findall(failures)),
        values=values,
        quantiles={round(float(q) / 100, 8): _length(v, unit) for q, v, unit in _LEVEL.findall(text)},
    )


def _of_json(path: Path) -> LoadTest:
    content = json_of(path, "run oha again with --output-format json")
    summary, percentiles = part(content, "summary"), part(content, "latencyPercentiles")
    return _run(
        path,
        tool="oha",
        answers={code: count(many) or 0 for code, many in part(content, "statusCodeDistribution").items()},
        unanswered=sum(count(many) or 0 for many in part(content, "errorDistribution").values()),
        values={name.title(): number(summary.get(name)) for name in ("total", "slowest", "fastest", "average")}
        | {"Requests/sec": number(summary.get("requestsPerSec"))},
        quantiles={round(float(q[1:]) / 100, 8): number(v) for q, v in percentiles.items() if q[1:2].isdigit()},
    )


def _run(
    path: Path,
    tool: str,
    answers: Mapping[str, int],
    unanswered: int,
    values: Mapping[str, float | None],
    quantiles: Mapping[float, float | None],
) -> LoadTest:
    if not answers:
        why = f"all {unanswered:,} requests failed before an answer" if unanswered else "no request was answered"
        raise DataError(f"{path.name}: {why}; see that the address is right and the server is there, and run it again")
    refused = sum(many for code, many in answers.items() if int(code) >= 400)
    return LoadTest(
        name=path.stem,
        tool=tool,
        origin=path.name,
        requests=sum(answers.values()) + unanswered,
        errors=refused + unanswered,
        duration=values.get("Total"),
        rate=values.get("Requests/sec"),
        quantiles={q: value for q, value in quantiles.items() if value is not None},
        mean=values.get("Average"),
        minimum=values.get("Fastest"),
        maximum=values.get("Slowest"),
        model="closed",
        coordinated_omission=True,
        notes=(f"{tool}: {CLOSED}", f"{tool}: its report does not say how many workers it had"),
    )


def _length(value: str, unit: str) -> float | None:
    return seconds(f"{value}{_UNITS[unit]}") if unit in _UNITS else number(value)


def _of_csv(path: Path, text: str) -> LoadTest:
    samples = Samples()
    for row in _rows(text):
        spent, at = number(row.get("response-time")), number(row.get("offset"))
        if spent is not None and at is not None:
            samples.add("http", spent, (number(row.get("status-code")) or 0) >= 400, at)
    if not len(samples):
        raise DataError(f"{path.name}: hey's CSV without a request; it leaves out those that had no answer")
    notes = (f"hey: {CLOSED}", "hey: its CSV leaves out requests that had no answer")
    return sampled(path, "hey", samples, notes=notes)


def _rows(text: str) -> Iterator[Mapping[str, str]]:
    return iter(csv.DictReader(text.splitlines()))
