"""
Results of load-test tools, normalised: seconds, per second, shares; the format is told by content, not by name.

One module per tool; each has ``fits(head)`` for the first bytes and ``read(path)``. What a person knows about a run
and its file does not say comes from the params (``performance.runs``).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final, Protocol, cast

from sre_kit.compute.performance.plan import LoadTest, LoadTestSet, RunNote
from sre_kit.compute.vocabulary import Gap
from sre_kit.errors import DataError, SourceError
from sre_kit.load.loadtesting import (
    ab,
    artillery,
    autocannon,
    gatling,
    gatling_stats,
    hdrhistogram,
    hey,
    jmeter,
    jmeter_xml,
    k6,
    k6_samples,
    locust,
    vegeta,
    wrk,
)
from sre_kit.load.loadtesting.noted import told

MAX_BYTES: Final = 200_000_000
HEAD_BYTES: Final = 65_536
_GZIP: Final = b"\x1f\x8b"


class Tool(Protocol):
    """What a module of this package offers."""

    NAME: str

    @staticmethod
    def fits(head: bytes) -> bool:
        """Whether a file that begins so is this tool's."""

    @staticmethod
    def read(path: Path) -> LoadTest:
        """The run in the file."""


# wrk before HdrHistogram: wrk2 prints its spectrum; k6's summary last, whose keys are the most common words
TOOLS: Final = cast(
    "tuple[Tool, ...]",
    (
        gatling, gatling_stats, k6_samples, vegeta, autocannon, artillery, locust, jmeter, jmeter_xml, wrk, hey, ab,
        hdrhistogram, k6,
    ),
)  # fmt: skip


def load_test(path: Path) -> LoadTest:
    """
    The run in one result file of any known tool.

    Raises
    ------
    SourceError
        The file cannot be read.
    DataError
        No known tool wrote it, it is too large, or it breaks its tool's format.
    """
    try:
        if not path.is_file():
            raise SourceError(f"no load-test result {path.name}: no such regular file; correct performance.loadtests")
        if path.stat().st_size > MAX_BYTES:
            raise DataError(
                f"{path.name}: {path.stat().st_size:,} bytes, at most {MAX_BYTES:,} are read; give the tool's summary"
            )
        with path.open("rb") as opened:
            head = opened.read(HEAD_BYTES)
        if head.startswith(_GZIP):
            raise DataError(f"{path.name}: packed with gzip; unpack it first")
        for tool in TOOLS:
            if tool.fits(head):
                return tool.read(path)
    except OSError as error:
        if isinstance(error, SourceError):
            raise
        raise SourceError(f"cannot read {path.name}: {error.strerror or error}") from None
    known = ", ".join(tool.NAME for tool in TOOLS)
    raise DataError(f"{path.name}: no known load-test tool wrote this; understood are {known}")


def load_tests(written: Sequence[tuple[str, Path]], known: Sequence[RunNote] = ()) -> LoadTestSet:
    """
    The runs named in the params, each with its path; a pattern (``runs/*.json``) stands for all files it matches.

    `known` says of a run what its file does not. A file that cannot be used becomes a gap with its reason; the others
    go on.
    """
    runs: list[LoadTest] = []
    gaps: list[Gap] = []
    paths = [(name, one) for name, path in written for one in _matches(path)]
    for name, one in paths:
        if locust.beside(one, [path for _, path in paths]):
            continue
        try:
            runs.append(load_test(one))
        except (DataError, SourceError) as error:
            gaps.append(Gap(f"the load test {one.name}", "QA Engineer", name, str(error), degraded=True))
    if not written:
        gaps.append(
            Gap("load-test results", "QA Engineer", "performance.loadtests in the params", "no result file is named")
        )
    return LoadTestSet(tuple(told(one, known) for one in locust.joined(runs)), tuple(gaps))


def _matches(path: Path) -> list[Path]:
    if not any(sign in path.name for sign in "*?["):
        return [path]
    return sorted(path.parent.glob(path.name)) or [path]
