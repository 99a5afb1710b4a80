"""
JMeter's JTL as XML: what a sample loaded or was redirected to is nested in it, and already in its time.

So only the outermost sample of a request counts. A transaction is a ``sample`` around its requests: those count, it
does not. A document type is refused: no JTL has one, and it may name files.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final
from xml.etree import ElementTree

from sre_kit.compute.performance.plan import LoadTest
from sre_kit.errors import DataError
from sre_kit.load.loadtesting.jmeter import TRANSACTION, Log, run

NAME: Final = "JMeter JTL (XML)"

_SAMPLES: Final = ("httpSample", "sample")


def fits(head: bytes) -> bool:
    """The root element."""
    return b"<testResults" in head[:1000]


def read(path: Path) -> LoadTest:
    """
    The run in the log.

    Raises
    ------
    DataError
        The XML is broken, ends early, or names a document type; or it holds no result.
    """
    log = Log()
    with path.open("rb") as opened:
        if b"<!DOCTYPE" in opened.read(4096):
            raise DataError(f"{path.name}: a JMeter log with a document type, which none has; it is not read")
        opened.seek(0)
        try:
            for sample in _outermost(opened):
                _take(log, sample)
        except ElementTree.ParseError as error:
            raise DataError(
                f"{path.name}: broken XML ({error}); a run that was killed lacks the end: close it with </testResults>"
            ) from None
    return run(path, log)


def _outermost(opened: object) -> Iterator[ElementTree.Element]:
    """Samples right below the root, each given away as soon as it is whole."""
    depth = 0
    root: ElementTree.Element | None = None
    for event, element in ElementTree.iterparse(opened, events=("start", "end")):  # type: ignore[call-overload]
        if event == "start":
            root = element if root is None else root
            depth += 1
            continue
        depth -= 1
        if depth == 1 and element.tag in _SAMPLES and root is not None:
            yield element
            root.clear()


def _take(log: Log, sample: ElementTree.Element) -> None:
    summary = sample.get("rm", "").startswith(TRANSACTION)
    names = {"elapsed": "t", "timeStamp": "ts", "success": "s", "label": "lb", "allThreads": "na"}
    log.take({name: sample.get(key) for name, key in names.items()}, summary)
    if summary:
        for inner in sample:
            if inner.tag in _SAMPLES:
                _take(log, inner)
