"""
Cron to systemd: the OnCalendar expressions of a five-field cron expression.

Both name the same local times. They differ where a clock jumps: cron runs a skipped time after the jump, systemd leaves
it out (systemd issue 5595). Where cron has day of month or day of week, systemd needs two expressions.
"""

from __future__ import annotations

import re
from typing import Final

from sre_kit.errors import ParameterError

_WEEKDAYS: Final = ("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat")
_MONTHS: Final = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_NTH: Final = re.compile(r"([0-7]|[A-Z]{3})#([1-5])")
_LAST: Final = re.compile(r"([0-7])L")


def on_calendar(cron: str, zone: str) -> tuple[str, ...]:
    """
    What a systemd timer says for `cron` in `zone`; as many lines of ``OnCalendar=`` as there are.

    >>> on_calendar("30 2 * * SUN", "Europe/Amsterdam")
    ('Sun *-*-* 02:30:00 Europe/Amsterdam',)
    >>> on_calendar("0 10 * * TUE#2", "UTC"), on_calendar("0 9 1 * MON", "UTC")
    (('Tue *-*-08..14 10:00:00 UTC',), ('*-*-01 09:00:00 UTC', 'Mon *-*-* 09:00:00 UTC'))

    Raises
    ------
    ParameterError
        systemd cannot say it: the last weekday of a month, or an unreadable field.
    """
    fields = cron.upper().split()
    if len(fields) != 5:
        raise ParameterError(f"cron {cron!r}: five fields are needed")
    minute, hour, day, month, weekday = fields
    clock = f"{_numbers(hour, 0, 23)}:{_numbers(minute, 0, 59)}:00 {zone}"
    months = _numbers(month, 1, 12, _MONTHS)
    dates, days = _dates(day, cron), _days(weekday)
    # as Debian's cron: a field that begins with a star restricts, two others are alternatives
    if not (day.startswith("*") or weekday.startswith("*")):
        pairs = [("", dates), *days]
    elif dates == "-*":
        pairs = days
    elif all(nth == "-*" for _, nth in days):
        pairs = [(days[0][0], dates)]
    else:
        raise ParameterError(f"cron {cron!r}: systemd cannot say a day of the month and the nth weekday at once")
    return tuple(f"{f'{name} ' if name else ''}*-{months}{date} {clock}" for name, date in pairs)


def _dates(field: str, cron: str) -> str:
    if field == "L":
        return "~01"
    if field == "LW":
        raise ParameterError(f"cron {cron!r}: systemd has no word for the last weekday of a month")
    return f"-{_numbers(field, 1, 31)}"


def _days(field: str) -> list[tuple[str, str]]:
    """Weekdays with their dates: plain ones share an expression, the nth and the last of a month have one each."""
    plain: list[str] = []
    found = []
    for term in field.split(","):
        if nth := _NTH.fullmatch(term):
            last = int(nth[2]) * 7
            found.append((_weekday(nth[1]), f"-{last - 6:02}..{min(last, 31):02}"))
        elif ending := _LAST.fullmatch(term):
            found.append((_weekday(ending[1]), "~07/1"))
        else:
            plain.append(term)
    if plain and plain != ["*"]:
        numbers = sorted({number % 7 for term in plain for number in _expanded(term, 0, 7, _upper(_WEEKDAYS))})
        found.insert(0, (",".join(_WEEKDAYS[number] for number in numbers), "-*"))
    return found or [("", "-*")]


def _weekday(written: str) -> str:
    names = _upper(_WEEKDAYS)
    return _WEEKDAYS[int(written) % 7 if written.isdigit() else names.index(written)]


def _upper(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name.upper() for name in names)


def _numbers(field: str, low: int, high: int, names: tuple[str, ...] = ()) -> str:
    if field == "*":
        return "*"
    found = sorted({number for term in field.split(",") for number in _expanded(term, low, high, names)})
    return ",".join(f"{number:02}" for number in found)


def _expanded(term: str, low: int, high: int, names: tuple[str, ...]) -> range:
    """The numbers that one term names, as in ``1-5``, ``*/15`` or ``MON``."""
    part, _, step = term.partition("/")
    first, dash, last = part.partition("-")
    try:
        if part == "*":
            start, end = low, high
        else:
            start = _number(first, low, names)
            end = _number(last, low, names) if dash else (high if step else start)
        found = range(start, end + 1, int(step or 1))
    except ValueError:
        raise ParameterError(f"cron: {term!r} cannot be read") from None
    if not found or start < low or end > high:
        raise ParameterError(f"cron: {term!r} lies outside {low} to {high}")
    return found


def _number(word: str, low: int, names: tuple[str, ...]) -> int:
    return names.index(word) + low if word in names else int(word)
