"""
Traces as tools export them: Jaeger's JSON and OTLP's, the format told by content.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from sre_kit.compute.performance.traces import Span, TraceSet
from sre_kit.compute.vocabulary import Gap
from sre_kit.errors import DataError, SourceError
from sre_kit.load.tracing import jaeger, otlp

MAX_BYTES: Final = 200_000_000
FORMATS: Final = (jaeger, otlp)


def traces(written: Sequence[tuple[str, Path]]) -> TraceSet:
    """The spans of the files named in the params; a pattern stands for all it matches, an unusable file is a gap."""
    spans: list[Span] = []
    gaps: list[Gap] = []
    read: list[str] = []
    for name, path in written:
        for one in sorted(path.parent.glob(path.name)) or [path]:
            try:
                spans += _spans(one)
                read.append(one.name)
            except (DataError, SourceError) as error:
                gaps.append(Gap(f"the traces of {one.name}", "DevOps Engineer", name, str(error), degraded=True))
    return TraceSet(tuple(spans), ", ".join(read), tuple(gaps))


def _spans(path: Path) -> list[Span]:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise DataError(f"{path.name} is larger than {MAX_BYTES // 10**6} MB; export fewer traces")
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise DataError(f"{path.name}: not UTF-8; export it as JSON") from None
    except OSError as error:
        raise SourceError(f"cannot read {path.name}: {error.strerror or error}") from None
    found: list[Span] = []
    for content in _documents(path, text):
        known = next((one for one in FORMATS if one.fits(content)), None)
        if known is None:
            names = " or ".join(one.NAME for one in FORMATS)
            raise DataError(f"{path.name}: neither {names}; export the traces as one of them")
        try:
            found += known.spans(content)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise DataError(f"{path.name}: a span cannot be read ({error!r}); export the traces again") from None
    if not found:
        raise DataError(f"{path.name}: no span; export traces of the operations that matter")
    return found


def _documents(path: Path, text: str) -> Iterator[Any]:
    """The one document, or a line each, as the collector's file exporter writes them."""
    try:
        yield json.loads(text)
    except RecursionError:
        raise DataError(f"{path.name}: nested too deeply to be traces") from None
    except ValueError as first:
        lines = [line for line in text.split("\n") if line.strip()]
        if len(lines) < 2:
            raise DataError(f"{path.name}: no JSON ({first}); export it again") from None
        for number, line in enumerate(lines, 1):
            try:
                yield json.loads(line)
            except (ValueError, RecursionError) as error:
                raise DataError(f"{path.name}: line {number}: no JSON ({error}); export it again") from None
