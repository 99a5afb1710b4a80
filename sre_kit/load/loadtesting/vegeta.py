"""
Vegeta: the JSON and text reports, and encoded results (JSON lines, CSV); nanoseconds in JSON, Go's units in text.

It attacks at a rate whatever the answers do (open). Code 0 means that no answer came. A success is a status from 200
to 399. The binary results (gob) are refused, with the way out.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from sre_kit.compute.performance.plan import LoadTest
from sre_kit.errors import DataError
from sre_kit.load.loadtesting.shape import (
    Samples,
    count,
    epoch,
    json_of,
    moment,
    number,
    part,
    sampled,
    seconds,
    text_of,
)

NAME: Final = "Vegeta (JSON report, text report, encoded results)"

_LATENCY: Final = re.compile(r"^Latencies\s+\[([^\]]+)\]\s+(.+)$", re.MULTILINE)
_REQUESTS: Final = re.compile(r"^Requests\s+\[([^\]]+)\]\s+(.+)$", re.MULTILINE)
_DURATION: Final = re.compile(r"^Duration\s+\[([^\]]+)\]\s+(.+)$", re.MULTILINE)
_CODE: Final = re.compile(r"(\d+):(\d+)")
_CODES: Final = re.compile(r"^Status Codes\s+\[code:count\]\s+(.*)$", re.MULTILINE)
_ORDINAL: Final = re.compile(r"(\d+(?:\.\d+)?)th")


def fits(head: bytes) -> bool:
    """The report's keys or first line, an encoded result, or the type that begins a gob."""
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    report = text.startswith(b"{") and b'"latencies"' in head and b'"bytes_in"' in head
    encoded = text.startswith(b"{") and b'"latency"' in head and b'"attack"' in head and b'"timestamp"' in head
    return report or encoded or text.startswith(b"Requests      [total") or _is_gob(head) or _is_csv(text)


def read(path: Path) -> LoadTest:
    """
    The run in a report or in encoded results.

    Raises
    ------
    DataError
        The file is a gob, ends early, or holds no request.
    """
    with path.open("rb") as opened:
        head = opened.read(4096)
    if _is_gob(head):
        raise DataError(f"{path.name}: Vegeta's binary results, which only Vegeta reads; give 'vegeta encode' of them")
    text = text_of(path).lstrip()
    if text.startswith("Requests"):
        return _of_text(path, text)
    if not text.startswith("{"):
        return _of_results(path, map(_csv_row, csv.reader(text.splitlines())))
    first = text.partition("\n")[0]
    if '"latencies"' not in first and '"attack"' in first:
        return _of_results(path, (_json_row(path, line) for line in text.splitlines() if line.strip()))
    return _of_report(path)


def _is_gob(head: bytes) -> bool:
    return b"Result" in head[:200] and b"Latency" in head and b"Attack" in head and b"\x00" in head


def _is_csv(head: bytes) -> bool:
    """Nanoseconds of the start, status, nanoseconds of the answer, bytes out, bytes in, error, body, attack, number."""
    return re.match(rb"\d{19},\d{1,3},\d+,\d+,\d+,", head) is not None


def _of_report(path: Path) -> LoadTest:
    content = json_of(path, "write it again with 'vegeta report -type=json'")
    latencies = part(content, "latencies")
    requests = count(content.get("requests")) if isinstance(content, Mapping) else None
    if not requests:
        raise DataError(f"{path.name}: a Vegeta report without a request; the attack made none")
    levels = {
        float(found[1]) / 100: number(value, 1e-9) for key, value in latencies.items() if (found := _ORDINAL.match(key))
    }
    codes = {code: count(many) or 0 for code, many in part(content, "status_codes").items()}
    return _run(
        path,
        requests=requests,
        codes=codes,
        duration=number(content.get("duration"), 1e-9),
        rate=number(content.get("rate")),
        levels=levels,
        others={name: number(latencies.get(name), 1e-9) for name in ("mean", "min", "max")},
        began=content.get("earliest"),
    )


def _of_text(path: Path, text: str) -> LoadTest:
    latencies, requests, lasted = (
        _labelled(pattern.search(text)) for pattern in (_LATENCY, _REQUESTS, _DURATION)
    )  # fmt: skip
    total, codes = count(requests.get("total")), _CODES.search(text)
    if not total or codes is None:
        raise DataError(f"{path.name}: a Vegeta report without totals; write it again with 'vegeta report'")
    levels = {float(name) / 100: seconds(value) for name, value in latencies.items() if name.isdigit()}
    return _run(
        path,
        requests=total,
        codes={code: int(many) for code, many in _CODE.findall(codes[1])},
        duration=seconds(lasted.get("attack", "")),
        rate=number(requests.get("rate")),
        levels=levels,
        others={name: seconds(latencies.get(name, "")) for name in ("mean", "min", "max")},
        began=None,
    )


def _labelled(found: re.Match[str] | None) -> dict[str, str]:
    """``[min, mean, 50] 1ms, 2ms, 3ms`` as a mapping; the names in the brackets differ by version."""
    return dict(zip(found[1].split(", "), found[2].strip().split(", "), strict=False)) if found else {}


def _run(
    path: Path,
    requests: int,
    codes: Mapping[str, int],
    duration: float | None,
    rate: float | None,
    levels: Mapping[float, float | None],
    others: Mapping[str, float | None],
    began: object,
) -> LoadTest:
    good = sum(many for code, many in codes.items() if 200 <= int(code) < 400)
    silent = codes.get("0", 0)
    return LoadTest(
        name=path.stem,
        tool="Vegeta",
        origin=path.name,
        requests=requests,
        errors=requests - good,
        duration=duration,
        rate=requests / duration if duration else rate,
        quantiles={round(q, 8): value for q, value in sorted(levels.items()) if value is not None},
        mean=others["mean"],
        minimum=others["min"],
        maximum=others["max"],
        load=round(rate, 3) if rate else None,
        model="open",
        began=moment(began),
        notes=(f"Vegeta: {silent:,} requests had no answer (code 0)",) if silent else (),
    )


def _json_row(path: Path, line: str) -> Mapping[str, Any]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise DataError(
            f"{path.name}: a result is no JSON ({type(error).__name__}); encode the results again"
        ) from None
    return found if isinstance(found, Mapping) else {}


def _csv_row(row: list[str]) -> Mapping[str, Any]:
    began = epoch(row[0], 1e-9) if row else None
    names = dict(zip(("start", "code", "latency"), row, strict=False))
    return {**names, "timestamp": began.isoformat() if began else "", "method": _at(row, 9), "url": _at(row, 10)}


def _at(row: list[str], place: int) -> str:
    return row[place] if len(row) > place else ""


def _of_results(path: Path, rows: Iterable[Mapping[str, Any]]) -> LoadTest:
    samples, first, silent = Samples(), None, 0
    for row in rows:
        spent, code, began = number(row.get("latency"), 1e-9), count(row.get("code")), moment(row.get("timestamp"))
        if spent is None or code is None or began is None:
            continue
        name = " ".join(str(row.get(key) or "") for key in ("method", "url")).strip() or "http"
        first, silent = began if first is None else min(first, began), silent + (code == 0)
        samples.add(name, spent, not 200 <= code < 400, _start(row, began.timestamp()))
    if not len(samples):
        raise DataError(f"{path.name}: Vegeta results without a request; encode them again")
    notes = (f"Vegeta: {silent:,} requests had no answer (code 0)",) if silent else ()
    return sampled(path, "Vegeta", samples, model="open", began=first, notes=notes)


def _start(row: Mapping[str, Any], otherwise: float) -> float:
    """Seconds since 1970 with their fraction, where it is written."""
    if (at := number(row.get("start"), 1e-9)) is not None:
        return at
    fraction = re.search(r"\.\d+", str(row.get("timestamp")))
    return otherwise + (float(fraction[0]) if fraction else 0.0)
