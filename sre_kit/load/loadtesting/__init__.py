"""
Results of load-test tools, normalised: seconds, per second, shares; the format is told by content, not by name.

One file per tool; each has ``recognises(head)`` for the first bytes and ``read(path)``.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final, Protocol, cast

from sre_kit.compute.performance import LoadTest, LoadTestSet
from sre_kit.compute.vocabulary import Gap
from sre_kit.errors import DataError, SourceError
from sre_kit.load.loadtesting import gatling, k6

MAX_BYTES: Final = 200_000_000
HEAD_BYTES: Final = 4096


class Tool(Protocol):
    """What a module of this package offers."""

    NAME: str

    @staticmethod
    def recognises(head: bytes) -> bool:
        """Whether a file that begins so is this tool's."""

    @staticmethod
    def read(path: Path) -> LoadTest:
        """The run in the file."""


TOOLS: Final = cast("tuple[Tool, ...]", (k6, gatling))


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
    except OSError as error:
        if isinstance(error, SourceError):
            raise
        raise SourceError(f"cannot read {path.name}: {error.strerror or error}") from None
    for tool in TOOLS:
        if tool.recognises(head):
            return tool.read(path)
    known = ", ".join(tool.NAME for tool in TOOLS)
    raise DataError(f"{path.name}: no known load-test tool wrote this; understood are {known}")


def load_tests(written: Sequence[tuple[str, Path]]) -> LoadTestSet:
    """
    The runs named in the params, each with its path; a pattern (``runs/*.json``) stands for all files it matches.

    A file that cannot be used becomes a gap with its reason; the others go on.
    """
    runs: list[LoadTest] = []
    gaps: list[Gap] = []
    for name, path in written:
        for one in _matches(path):
            try:
                runs.append(load_test(one))
            except (DataError, SourceError) as error:
                gaps.append(Gap(f"the load test {one.name}", "QA Engineer", name, str(error), degraded=True))
    if not written:
        gaps.append(
            Gap("load-test results", "QA Engineer", "performance.loadtests in the params", "no result file is named")
        )
    return LoadTestSet(tuple(runs), tuple(gaps))


def _matches(path: Path) -> list[Path]:
    if not any(sign in path.name for sign in "*?["):
        return [path]
    return sorted(path.parent.glob(path.name)) or [path]
