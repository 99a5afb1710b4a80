"""
Decisions as lines of a params file, so that a setting that was explored can be kept by pasting it.

A dataclass of ``compute`` is written as people write it (``units``): what is at its default is left out, the rest
reads back as the same value. Where a setting is no decision of a params file, that is said instead.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from sre_kit.escape import plain
from sre_kit.units import target

_UNITS: Final = (("d", 86_400_000_000), ("h", 3_600_000_000), ("min", 60_000_000), ("s", 1_000_000), ("ms", 1000))
_SIZES: Final = (("TiB", 2**40), ("GiB", 2**30), ("MiB", 2**20), ("GB", 10**9), ("MB", 10**6))


@dataclass(frozen=True, slots=True)
class Kept:
    """`params` as a params file has them, and in words what of the setting no params file can keep."""

    params: Mapping[str, Any]
    unkept: Sequence[str] = ()
    was: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """What a changed key was, by the key."""

    def __str__(self) -> str:
        lines = [_remembered(line, self.was) for line in _dumped(self.params)] if self.params else []
        return "\n".join([*lines, *(f"# not kept: {plain(one)}" for one in self.unkept)])


def _dumped(params: Mapping[str, Any]) -> list[str]:
    import yaml

    class Dumper(yaml.SafeDumper):
        """Text of several lines stays on one, so that a line is a key."""

    Dumper.add_representer(
        str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, '"' if "\n" in text else None)
    )
    text = yaml.dump(dict(params), Dumper=Dumper, sort_keys=False, allow_unicode=True, width=10**6)
    return str(text).split("\n")[:-1]


def _remembered(line: str, was: Mapping[str, str]) -> str:
    key = line.strip(" -").partition(":")[0]
    return f"{line}  # was {plain(was[key])}" if key in was else line


def written(value: Any, *, leave: Collection[str] = (), always: Collection[str] = ()) -> Any:
    """
    A decision as YAML's own types; defaults are left out, except of `always`, and so are the fields of `leave`.

    >>> written(timedelta(hours=36)), written(Fraction("0.999")), written([Decimal("1.50")])
    ('1d 12h', '99.9 %', ['1.50'])
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            one.name: _field(one, getattr(value, one.name))
            for one in dataclasses.fields(value)
            if one.name not in leave and (one.name in always or getattr(value, one.name) != _default(one))
        }
    if isinstance(value, Mapping):
        return {key: written(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [written(one) for one in value]
    if isinstance(value, Fraction):
        return target(value)
    if isinstance(value, timedelta):
        return length(value)
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return str(value) if isinstance(value, Decimal) else value


def _field(one: dataclasses.Field[Any], value: Any) -> Any:
    # the type is text: every module of compute has its annotations postponed
    return amount(value) if isinstance(value, int) and str(one.type).startswith("Size") else written(value)


def _default(one: dataclasses.Field[Any]) -> Any:
    if one.default_factory is not dataclasses.MISSING:
        return one.default_factory()
    return one.default


def length(value: timedelta) -> str:
    """
    A length of time as a params file has it, exact.

    >>> length(timedelta(days=28)), length(timedelta(minutes=90)), length(timedelta(0))
    ('28d', '1h 30min', '0s')
    """
    rest, parts = value // timedelta(microseconds=1), []
    for unit, size in _UNITS:
        count, rest = divmod(rest, size)
        parts += [f"{count}{unit}"] if count else []
    return " ".join([*parts, *([f"{rest / 1000:g}ms"] if rest else [])]) or "0s"


def amount(value: int) -> str | int:
    """
    Bytes as a params file has them, exact.

    >>> amount(28 * 2**30), amount(60_000_000), amount(2**30 + 1)
    ('28 GiB', '60 MB', 1073741825)
    """
    return next((f"{value // size} {unit}" for unit, size in _SIZES if value and value % size == 0), value)
