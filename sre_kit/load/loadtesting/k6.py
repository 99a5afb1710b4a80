"""
k6: the end-of-test summary, as ``handleSummary`` gets it or as ``--summary-export`` writes it; times in milliseconds.

The two look alike and mean opposites: a threshold that is ``true`` has passed in the first (``ok``) and FAILED in the
second. In both ``http_req_failed.passes`` counts the requests that failed, because the metric asks "did it fail?".
Groups are an object or an array, by version.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from sre_kit.compute.performance.plan import LoadTest, Operation, Threshold
from sre_kit.errors import DataError
from sre_kit.load.loadtesting.shape import count, json_of, number, part

NAME: Final = "k6 summary (handleSummary or --summary-export)"

_QUANTILE: Final = re.compile(r"p\((\d+(?:\.\d+)?)\)")
_TAGGED: Final = re.compile(r"http_req_duration\{(name|url|group|scenario):(.+)\}")


def fits(head: bytes) -> bool:
    """JSON that speaks of k6's own metrics or its root group."""
    return head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") and any(
        word in head for word in (b'"http_req', b'"root_group"', b'"testRunDurationMs"', b'"iteration_duration"')
    )


def read(path: Path) -> LoadTest:
    """
    The run in a summary.

    Raises
    ------
    DataError
        It is no JSON, or holds no metrics of a run.
    """
    summary = json_of(path, "export the summary again")
    metrics = summary.get("metrics") if isinstance(summary, dict) else None
    if not isinstance(metrics, dict) or not metrics:
        raise DataError(f"{path.name}: a k6 summary without metrics; export it with --summary-export or handleSummary")
    values = {name: _values(metric) for name, metric in metrics.items() if isinstance(metric, dict)}
    spent, counted = values.get("http_req_duration", {}), values.get("http_reqs", {})
    failed = values.get("http_req_failed", {})
    duration = number(part(summary, "state").get("testRunDurationMs"), 1e-3)
    requests, rate = count(counted.get("count")), number(counted.get("rate"))
    users = values.get("vus_max", {}) or values.get("vus", {})
    open_model = "dropped_iterations" in values
    return LoadTest(
        name=path.stem,
        tool="k6",
        origin=path.name,
        requests=requests,
        errors=count(failed.get("passes")),
        duration=duration if duration is not None else (requests / rate if requests and rate else None),
        rate=rate,
        quantiles=_quantiles(spent),
        mean=number(spent.get("avg"), 1e-3),
        minimum=number(spent.get("min"), 1e-3),
        maximum=number(spent.get("max"), 1e-3),
        load=number(users.get("max", users.get("value"))),
        model="open" if open_model else "closed",
        coordinated_omission=not open_model,
        thresholds=tuple(_thresholds(metrics)),
        operations=tuple(_operations(values)),
        notes=tuple(_notes(summary, open_model)),
    )


def _values(metric: Mapping[str, Any]) -> Mapping[str, Any]:
    """The numbers of a metric: under ``values`` in handleSummary, flat in the export."""
    nested = metric.get("values")
    return nested if isinstance(nested, dict) else metric


def _quantiles(values: Mapping[str, Any]) -> dict[float, float]:
    found = {}
    for key, value in values.items():
        seconds = number(value, 1e-3)
        if seconds is None:
            continue
        if key == "med":
            found[0.5] = seconds
        elif matched := _QUANTILE.fullmatch(key):
            found[round(float(matched[1]) / 100, 8)] = seconds
    return dict(sorted(found.items()))


def _thresholds(metrics: Mapping[str, Any]) -> Iterator[Threshold]:
    for metric, content in metrics.items():
        judged = content.get("thresholds") if isinstance(content, dict) else None
        for expression, verdict in judged.items() if isinstance(judged, dict) else ():
            if isinstance(verdict, dict) and isinstance(verdict.get("ok"), bool):
                yield Threshold(metric, expression, verdict["ok"])
            elif isinstance(verdict, bool):
                yield Threshold(metric, expression, not verdict)


def _operations(values: Mapping[str, Mapping[str, Any]]) -> Iterator[Operation]:
    """Sub-metrics of the request time that thresholds made k6 keep, by name, URL, group or scenario."""
    for metric, numbers in values.items():
        if matched := _TAGGED.fullmatch(metric):
            yield Operation(matched[2].strip(":"), None, None, number(numbers.get("avg"), 1e-3), _quantiles(numbers))


def _notes(summary: Mapping[str, Any], open_model: bool) -> Iterator[str]:
    if not open_model:
        yield "closed loop taken from the absence of dropped_iterations; the summary does not name the executor"
    passed, failed = _checks(summary.get("root_group"))
    if failed:
        yield f"{failed:,} of {passed + failed:,} checks failed"


def _checks(group: object) -> tuple[int, int]:
    """(passed, failed) checks of a group and the groups in it."""
    if not isinstance(group, dict):
        return 0, 0
    passed = failed = 0
    for check in _members(group.get("checks")):
        passed += count(check.get("passes")) or 0
        failed += count(check.get("fails")) or 0
    for inner in _members(group.get("groups")):
        more_passed, more_failed = _checks(inner)
        passed, failed = passed + more_passed, failed + more_failed
    return passed, failed


def _members(container: object) -> list[dict[str, Any]]:
    found = list(container.values()) if isinstance(container, dict) else container
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
