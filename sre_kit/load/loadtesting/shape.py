"""
What the readers share: a file's text or JSON or the reason why not, numbers that are numbers, runs made of samples.
"""

from __future__ import annotations

import json
import math
import re
from array import array
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from sre_kit.compute.performance.plan import LoadTest, Operation, Threshold
from sre_kit.errors import DataError

QUANTILES: Final = (0.5, 0.75, 0.9, 0.95, 0.99)
"""What is kept of a run whose samples are known."""
CLOSED: Final = "closed loop: each connection waits for its answer before it asks again"

_UNITS: Final = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_LENGTH: Final = re.compile(r"(\d+(?:\.\d+)?)\s*(ns|us|µs|μs|ms|s|m|h)")


def json_of(path: Path, again: str) -> Any:
    """
    The JSON of a file; `again` says how to write it anew.

    Raises
    ------
    DataError
        It is no JSON, or ends early.
    """
    try:
        return json.loads(path.read_bytes().decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path.name}: no JSON ({type(error).__name__}); {again}") from None


def text_of(path: Path) -> str:
    """The text of a file; bytes that are no UTF-8 become U+FFFD."""
    return path.read_text(encoding="utf-8-sig", errors="replace")


def number(value: object, factor: float = 1.0) -> float | None:
    """A finite number, also one written as text; missing for anything else: N/A, -, NaN, null."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    if not isinstance(value, int | float) or not math.isfinite(value):
        return None
    # 26 ms are 0.026 s and not 0.026000000000000002: only a division is rounded once
    return value / round(1 / factor) if factor < 1 else value * factor


def count(value: object) -> int | None:
    """A whole number; missing for anything else."""
    found = number(value)
    return None if found is None else round(found)


def part(content: object, name: str) -> Mapping[str, Any]:
    """The mapping under a name, empty where there is none."""
    found = content.get(name) if isinstance(content, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def seconds(written: str) -> float | None:
    """
    A length of time as tools write it, one unit or several.

    >>> seconds("1m2.5s"), seconds("635.91us"), seconds("1.2ms"), seconds("-nan")
    (62.5, 0.00063591, 0.0012, None)
    """
    text = written.strip()
    parts = list(_LENGTH.finditer(text))
    if not parts or "".join(one[0] for one in parts) != text:
        return None
    return round(sum(float(one[1]) * _UNITS[one[2]] for one in parts), 12)


def moment(written: object) -> datetime | None:
    """A time with its zone; missing for a naive one, which could be anywhere."""
    try:
        found = datetime.fromisoformat(str(written)[:19] + _zone(str(written)))
    except ValueError:
        return None
    return found.astimezone(UTC) if found.tzinfo else None


def _zone(written: str) -> str:
    """The fraction may have nine digits, of which Python reads six: only the zone behind it is kept."""
    found = re.search(r"(Z|[+-]\d\d:?\d\d)$", written)
    return found[1] if found else ""


def epoch(value: object, factor: float = 1.0) -> datetime | None:
    """A time counted in seconds (times `factor`) since 1970; missing where that is no date of this age."""
    found = number(value, factor)
    return datetime.fromtimestamp(found, UTC) if found is not None and 0 < found < 32_503_680_000 else None


@dataclass
class Samples:
    """Requests one by one: name, seconds, whether it failed, and its start in seconds of any clock."""

    names: list[str] = field(default_factory=list)
    spent: array[float] = field(default_factory=lambda: array("d"))
    failed: bytearray = field(default_factory=bytearray)
    starts: array[float] = field(default_factory=lambda: array("d"))

    def add(self, name: str, spent: float, failed: bool, start: float) -> None:
        """One request."""
        self.names.append(name)
        self.spent.append(spent)
        self.failed.append(failed)
        self.starts.append(start)

    def __len__(self) -> int:
        return len(self.spent)


def sampled(
    path: Path,
    tool: str,
    samples: Samples,
    *,
    name: str = "",
    load: float | None = None,
    model: Literal["open", "closed", "unknown"] = "closed",
    scenario: str = "",
    version: str = "",
    began: datetime | None = None,
    duration: float | None = None,
    errors: int | None = None,
    further: Sequence[Operation] = (),
    thresholds: Sequence[Threshold] = (),
    notes: Sequence[str] = (),
) -> LoadTest:
    """
    The run that samples make: exact quantiles, and each operation by its name.

    The duration is from the first start to the last end, unless it is told; without starts and told nothing, it and
    the rate are missing.
    """
    spent = np.frombuffer(samples.spent, dtype=np.float64)
    starts = np.frombuffer(samples.starts, dtype=np.float64)
    bad = np.frombuffer(samples.failed, dtype=np.uint8)
    if duration is None and np.isfinite(starts).all():
        duration = round(float((starts + spent).max() - starts.min()), 6) or None
    return LoadTest(
        name=name or path.stem,
        tool=tool,
        origin=path.name,
        requests=len(spent),
        errors=int(bad.sum()) if errors is None else errors,
        duration=duration,
        rate=len(spent) / duration if duration else None,
        quantiles=quantiles(spent),
        mean=float(spent.mean()),
        minimum=float(spent.min()),
        maximum=float(spent.max()),
        load=load,
        model=model,
        coordinated_omission=model == "closed",
        scenario=scenario,
        version=version,
        began=began,
        thresholds=tuple(thresholds),
        operations=(*_operations(samples.names, spent, bad), *further),
        notes=tuple(notes),
        samples=spent,
    )


def quantiles(spent: NDArray[np.float64]) -> dict[float, float]:
    """The quantiles that every sampled run shows."""
    return {q: float(np.quantile(spent, q)) for q in QUANTILES}


def _operations(names: Sequence[str], spent: NDArray[np.float64], bad: NDArray[np.uint8]) -> Iterator[Operation]:
    rows: dict[str, list[int]] = defaultdict(list)
    for row, name in enumerate(names):
        rows[name].append(row)
    for name, at in rows.items():
        own = spent[at]
        yield Operation(name, len(at), int(bad[at].sum()), float(own.mean()), quantiles(own))
