"""
Written quantities to exact ones, and back: the only place that knows percent signs.

Inside, ratios lie in 0..1 as ``Fraction``, durations are ``timedelta``, times are UTC and zone-aware.
Parsing is strict: what could mean two things is refused with the way out. The aliases `Ratio`,
`Duration` and `Instant` let a dataclass field say how it is written in a params file.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from sre_kit.errors import ParameterError

MISSING: Final = "–"
"""How a missing number is printed."""

_SECONDS: Final[dict[str, int | Fraction]] = {
    "ms": Fraction(1, 1000), "s": 1, "sec": 1, "second": 1, "seconds": 1,
    "m": 60, "min": 60, "mins": 60, "minute": 60, "minutes": 60,
    "h": 3600, "hr": 3600, "hrs": 3600, "hour": 3600, "hours": 3600,
    "d": 86400, "day": 86400, "days": 86400, "w": 604800, "week": 604800, "weeks": 604800,
}  # fmt: skip
_BYTES: Final = {
    "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12,
    "kib": 2**10, "mib": 2**20, "gib": 2**30, "tib": 2**40,
    "ki": 2**10, "mi": 2**20, "gi": 2**30, "ti": 2**40,
}  # fmt: skip
LARGEST_EXPONENT: Final = 30
_NUMBER = r"[0-9]+(?:\.[0-9]+)?"
_PERCENT = re.compile(rf"\s*({_NUMBER})\s*%\s*")
_DURATION_PART = re.compile(rf"\s*({_NUMBER})\s*([a-zA-Z]+)")
_SIZE = re.compile(rf"\s*({_NUMBER})\s*([a-zA-Z]+)\s*")


def ratio(written: object) -> Fraction:
    """
    A share in 0..1, exact.

    >>> ratio("99.9 %"), ratio(0.999), ratio("0.95")
    (Fraction(999, 1000), Fraction(999, 1000), Fraction(19, 20))

    Raises
    ------
    ParameterError
        A bare number above 1 (is 99.9 percent, or a mistake?), or something that is no number.
    """
    if isinstance(written, str) and (found := _PERCENT.fullmatch(written)):
        value = Fraction(found[1]) / 100
    else:
        try:
            value = written if isinstance(written, Fraction) else _exact(Decimal(str(written).strip()))
        except (InvalidOperation, ValueError, OverflowError):
            raise ParameterError(f'a ratio was expected, got {written!r}; write 0.999 or "99.9 %"') from None
    if isinstance(written, bool) or not 0 <= value <= 1:
        raise ParameterError(
            f"a ratio lies in 0..1, got {written!r}; "
            + (
                f'for {written} % write {float(value / 100):g} or "{written} %"'
                if 1 < value <= 100
                else 'write 0.999 or "99.9 %"'
            )
        )
    return value


def _exact(number: Decimal) -> Fraction:
    # the exact form of 1e99999999 would take minutes and the memory to hold its digits
    if number and abs(number.adjusted()) > LARGEST_EXPONENT:
        raise ValueError(number)
    return Fraction(number) if number else Fraction(0)


def duration(written: object) -> timedelta:
    """
    A length of time; always with its unit.

    >>> duration("30d"), duration("1h 30min"), duration("250 ms")
    (datetime.timedelta(days=30), datetime.timedelta(seconds=5400), datetime.timedelta(microseconds=250000))

    Raises
    ------
    ParameterError
        A bare number, an unknown unit, or anything left over.
    """
    if isinstance(written, timedelta):
        return written
    text, position, total, seen = str(written), 0, Fraction(0), False
    while found := _DURATION_PART.match(text, position):
        unit = found[2] if found[2] in _SECONDS else found[2].lower()
        if unit not in _SECONDS or found[2] == "M":
            break
        total += Fraction(found[1]) * _SECONDS[unit]
        position, seen = found.end(), True
    if not seen or text[position:].strip():
        raise ParameterError(
            f'a duration with its unit was expected, got {written!r}; write "30d", "6h", "5min", "90s" or "250ms"'
        )
    return timedelta(microseconds=round(total * 1_000_000))


def instant(written: object) -> datetime:
    """
    A point in time, in UTC; a bare date means its first instant in UTC.

    >>> [instant(text).isoformat() for text in ("2026-03-01", "2026-03-01T12:00:00+02:00")]
    ['2026-03-01T00:00:00+00:00', '2026-03-01T10:00:00+00:00']

    Raises
    ------
    ParameterError
        No ISO 8601 time, or a time without its zone.
    """
    if isinstance(written, datetime):
        found = written
    elif isinstance(written, date):
        return datetime(written.year, written.month, written.day, tzinfo=UTC)
    else:
        text = str(written).strip()
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            text += "T00:00:00Z"
        try:
            found = datetime.fromisoformat(text)
        except ValueError:
            raise ParameterError(f'a time was expected, got {written!r}; write "2026-03-01T12:00:00Z"') from None
    if found.tzinfo is None:
        raise ParameterError(
            f"the time {written!s} has no zone; write {found.isoformat()}Z for UTC "
            f"or {found.isoformat()}+01:00 for another offset"
        )
    return found.astimezone(UTC)


def size(written: object) -> int:
    """
    Bytes.

    >>> size("3 GiB"), size("10MB"), size(512)
    (3221225472, 10000000, 512)
    """
    if isinstance(written, int) and not isinstance(written, bool) and written >= 0:
        return written
    found = _SIZE.fullmatch(str(written))
    if not found or found[2].lower() not in _BYTES:
        raise ParameterError(f'a size was expected, got {written!r}; write "3 GiB" or "500 MB"')
    return int(Fraction(found[1]) * _BYTES[found[2].lower()])


def zone(written: object) -> str:
    """
    The name of an IANA time zone.

    >>> zone("Europe/Amsterdam")
    'Europe/Amsterdam'

    Raises
    ------
    ParameterError
        There is none of that name; abbreviations and offsets (EST, GMT+1) know no clock changes and are refused.
    """
    name = str(written)
    if name != "UTC" and "/" not in name:
        raise ParameterError(f'the zone {name!r} is no place; write an IANA name such as "Europe/London" or "UTC"')
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        close = difflib.get_close_matches(name, available_timezones(), n=1)
        hint = f"did you mean {close[0]!r}?" if close else 'write an IANA name such as "Europe/London"'
        raise ParameterError(f"there is no time zone {name!r}; {hint}") from None
    return name


class Written:
    """Tells pydantic how a field is written in a params file, without importing pydantic here."""

    def __init__(self, parse: Callable[[object], Any], example: str) -> None:
        self.parse, self.example = parse, example

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        from pydantic_core import core_schema

        return core_schema.no_info_plain_validator_function(self.parse)

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> dict[str, Any]:
        return {"type": ["string", "number"], "examples": [self.example]}


Ratio = Annotated[Fraction, Written(ratio, "99.9 %")]
Duration = Annotated[timedelta, Written(duration, "30d")]
Instant = Annotated[datetime, Written(instant, "2026-03-01T12:00:00Z")]
Size = Annotated[int, Written(size, "3 GiB")]
Zone = Annotated[str, Written(zone, "Europe/Amsterdam")]


def percent(value: float | Fraction | None, digits: int = 2) -> str:
    """
    A ratio as people read it; never rounded up to a full 100 % or down to a clean 0 %.

    >>> percent(0.9995), percent(Fraction(99999999, 10**8)), percent(None), percent(0.00000001)
    ('99.95 %', '> 99.99 %', '–', '< 0.01 %')
    """
    if value is None or math.isnan(value):
        return MISSING
    shown = f"{float(value) * 100:.{digits}f}"
    limit = 10**-digits
    if value < 1 and float(shown) >= 100:
        return f"> {100 - limit:.{digits}f} %"
    if value > 0 and float(shown) == 0:
        return f"< {limit:.{digits}f} %"
    return f"{shown} %"


def target(value: Fraction) -> str:
    """
    A target without rounding.

    >>> target(Fraction(999, 1000)), target(Fraction(99995, 100000)), target(Fraction(1))
    ('99.9 %', '99.995 %', '100 %')
    """
    return f"{Decimal((value * 100).numerator) / Decimal((value * 100).denominator):f} %"


def promised(value: Fraction) -> str:
    """
    A target for people: one that has no end, as "43 minutes a month" has none, is marked as rounded.

    >>> promised(Fraction(99995, 100000)), promised(1 - Fraction(43, 30 * 24 * 60))
    ('99.995 %', '≈ 99.9005 %')
    >>> promised(1 - Fraction(1, 3 * 10**9)), promised(Fraction("0.9990046296296296296296296296"))
    ('> 99.9999 %', '≈ 99.9005 %')
    """
    if value * 10**8 == int(value * 10**8):
        return target(value)
    shown = percent(value, 4)
    return shown if shown[0] in "<>" else f"≈ {shown}"


def span(value: timedelta | float | None) -> str:
    """
    A length of time (a number means seconds), two units at most, rounded to the smaller one.

    >>> span(timedelta(minutes=43, seconds=12)), span(0.148), span(timedelta(days=30)), span(None), span(-90)
    ('43 min 12 s', '148 ms', '30 d', '–', '-1 min 30 s')
    >>> span(timedelta(minutes=86.9)), span(timedelta(hours=47, minutes=59))
    ('1 h 27 min', '2 d')
    """
    if value is None:
        return MISSING
    seconds = value.total_seconds() if isinstance(value, timedelta) else float(value)
    if not math.isfinite(seconds):
        return MISSING
    if seconds < 0:
        return f"-{span(-seconds)}"
    if seconds < 1:
        return f"{seconds * 1000:.3g} ms" if seconds else "0 s"
    if seconds < 60:
        return f"{seconds:.3g} s"
    rest, parts = round(seconds), []
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        count, rest = divmod(rest, length)
        if count:
            parts.append((unit, count))
        if len(parts) == 2:
            if 2 * rest >= length:
                return span(round(seconds) - rest + length)
            break
    return " ".join(f"{count} {unit}" for unit, count in parts)


def promql_duration(value: timedelta) -> str:
    """
    A window as PromQL writes it, in its largest whole unit.

    >>> promql_duration(timedelta(days=3)), promql_duration(timedelta(minutes=30))
    ('3d', '30m')
    """
    milliseconds = value // timedelta(milliseconds=1)
    for unit, length in (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000)):
        if milliseconds and milliseconds % length == 0:
            return f"{milliseconds // length}{unit}"
    return f"{milliseconds}ms"


def utc(value: datetime | None, seconds: bool = False) -> str:
    """
    A time in UTC, for people.

    >>> utc(datetime(2026, 3, 1, 12, 5, tzinfo=UTC)), utc(None)
    ('2026-03-01 12:05Z', '–')
    """
    if value is None or value != value:  # NaT is not equal to itself
        return MISSING
    return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ" if seconds else "%Y-%m-%d %H:%MZ")


def number(value: float | Fraction | Decimal | None, digits: int = 3) -> str:
    """
    A count in full with thin separators, anything else to `digits` significant digits, the whole part always in full.

    >>> number(1234567), number(0.12345), number(None), number(1234.5), number(182.3, 2)
    ('1,234,567', '0.123', '–', '1,234', '182')
    """
    if value is None or (not isinstance(value, int) and math.isnan(value)):
        return MISSING
    if isinstance(value, int):
        return f"{value:,}"
    amount = float(value)
    if not math.isfinite(amount):
        return "∞" if amount > 0 else "-∞"
    if abs(amount) < 10**15 and (amount.is_integer() or abs(amount) >= min(1000, 10**digits)):
        return f"{round(amount):,}"
    return f"{amount:.{digits}g}"


def count(value: Fraction) -> str:
    """
    A number of events in full: whole, or with one decimal.

    >>> count(Fraction(1381)), count(Fraction(2763, 2))
    ('1,381', '1,381.5')
    """
    return f"{int(value):,}" if value.denominator == 1 else f"{float(value):,.1f}"


def money(value: float | Decimal | None, currency: str = "USD") -> str:
    """
    An amount with its currency, no cents from 100 on.

    >>> money(1234.5), money(9.5, "EUR"), money(None)
    ('1,234 USD', '9.50 EUR', '–')
    """
    if value is None or math.isnan(value):
        return MISSING
    amount = Decimal(value) if isinstance(value, float) else value
    return f"{amount:,.0f} {currency}" if abs(amount) >= 100 else f"{amount:,.2f} {currency}"
