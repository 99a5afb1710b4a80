"""What the cell of a table says: numbers, lengths of time, dates, names, read back from what a person sees."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Final

EMPTY: Final = {"", "–", "-"}
_LENGTH: Final = re.compile(r"(\d[\d,]*(?:\.\d+)?)\s*(ms|min|months|s|h|d)\b")
_UNITS: Final = {"ms": 1 / 60000, "s": 1 / 60, "min": 1.0, "h": 60.0, "d": 1440.0, "months": 43200.0}
_NUMBER: Final = re.compile(r"[-+]?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?")
_FACTORS: Final = {"%": 0.01, "ms": 0.001, "min": 60.0, "h": 3600.0}


class UnreadableError(ValueError):
    """A cell does not say what its column promises."""


def plain(cell: str) -> str:
    """
    The words of a cell without marks, links and escapes.

    >>> plain("**[BusinessModel:41](../BusinessModel.md#L41)**<br>99.9 \\\\% kept")
    'BusinessModel:41; 99.9 % kept'
    """
    text = re.sub(r"\[((?:[^\[\]\\]|\\.)*)\]\([^()\s]+\)", r"\1", cell)
    text = text.replace("**", "").replace("<br>", "; ")
    return re.sub(r"\\(?=[^\w\s])", "", text).strip()


def names(cell: str) -> list[str]:
    """The names that a cell lists, divided by commas or line breaks; none where it is empty."""
    return [one for one in re.split(r"; |, ", plain(cell)) if one and one not in EMPTY]


def amount(cell: str) -> float | None:
    """The first number of a cell; None when there is none."""
    found = _NUMBER.search(plain(cell))
    return float(found[0].replace(",", "")) if found else None


def number(cell: str) -> float:
    """
    The first number of a cell.

    Raises
    ------
    UnreadableError
        There is none.
    """
    found = amount(cell)
    if found is None:
        raise UnreadableError(f"{plain(cell)!r} is no number")
    return found


def quantity(cell: str) -> float:
    """
    The first number of a cell in its base unit: shares in 0..1, times in seconds.

    >>> quantity("at most 300 ms"), quantity("0.060 %"), quantity("148 /s")
    (0.3, 0.0006, 148.0)

    Raises
    ------
    UnreadableError
        There is none.
    """
    found = re.search(_NUMBER.pattern + r"\s*(%|ms\b|min\b|h\b)?", plain(cell))
    if not found:
        raise UnreadableError(f"{plain(cell)!r} is no quantity")
    return number(found[0]) * _FACTORS.get(found[1] or "", 1.0)


def length(cell: str) -> float | None:
    """
    A length of time in minutes; None when the cell gives none.

    >>> length("1 d 3 h"), length("0 s"), length("not known")
    (1620.0, 0.0, None)
    """
    parts = _LENGTH.findall(plain(cell))
    return sum(float(n.replace(",", "")) * _UNITS[unit] for n, unit in parts) if parts else None


def minutes(cell: str) -> float:
    """
    A length of time in minutes.

    Raises
    ------
    UnreadableError
        The cell gives none.
    """
    found = length(cell)
    if found is None:
        raise UnreadableError(f"{plain(cell)!r} is no length of time")
    return found


def moments(text: str) -> list[datetime]:
    """Every instant of a text, in UTC, as documents write them: ``2026-10-26 08:30Z``."""
    return [
        datetime.strptime(one, "%Y-%m-%d %H:%M").replace(tzinfo=UTC)
        for one in re.findall(r"(\d{4}-\d\d-\d\d \d\d:\d\d)Z", text)
    ]


def moment(text: str) -> datetime:
    """
    The first instant of a text.

    Raises
    ------
    UnreadableError
        There is none.
    """
    found = moments(text)
    if not found:
        raise UnreadableError(f"{plain(text)!r} holds no time in UTC")
    return found[0]


def days(text: str) -> list[date]:
    """Every date of a text."""
    return [date.fromisoformat(one) for one in re.findall(r"\d{4}-(?:0\d|1[0-2])-(?:[0-2]\d|3[01])", text)]


def day(text: str) -> date:
    """
    The first date of a text.

    Raises
    ------
    UnreadableError
        There is none.
    """
    found = days(text)
    if not found:
        raise UnreadableError(f"{plain(text)!r} holds no date")
    return found[0]


def local(instant: datetime, zone: str) -> datetime:
    """
    `instant` on the clock of an IANA zone.

    Raises
    ------
    UnreadableError
        No such zone is in the database.
    """
    from zoneinfo import ZoneInfo

    try:
        return instant.astimezone(ZoneInfo(zone))
    except (KeyError, ValueError):
        raise UnreadableError(f"{zone!r} is no IANA time zone") from None


def near(one: float, other: float, share: float = 0.0, least: float = 0.0) -> bool:
    """Equal to the rounding of what is printed: within `share` of the larger, or within `least`."""
    return abs(one - other) <= max(least, share * max(abs(one), abs(other))) + 1e-9


def blank(rows: Iterable[Mapping[str, str]], *columns: str) -> str:
    """The first row in which one of `columns` is empty, in words; empty when there is none."""
    for row in rows:
        for column in columns:
            if row.get(column, "") in EMPTY:
                return f"{column} is empty for {plain(next(iter(row.values()), ''))!r}"
    return ""


def codes(cell: str) -> list[str]:
    """What stands between back-ticks, with the table's escapes undone."""
    return [one.replace(r"\|", "|").strip() for one in re.findall(r"`+ ?(.+?) ?`+", cell)]


def after(start: date, length_in_days: float) -> date:
    """`start` and so many days."""
    return start + timedelta(days=length_in_days)
