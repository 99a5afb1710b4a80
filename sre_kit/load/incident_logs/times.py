"""Times and lengths as exports and people write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from sre_kit.compute.walltime import first_instant
from sre_kit.errors import ParameterError
from sre_kit.units import duration

_UTC: Final = re.compile(r"\s*(?:UTC|GMT|Z)$", re.IGNORECASE)
_SPACED_OFFSET: Final = re.compile(r"\s+([+-]\d{2}:?\d{2})$")
_ABOUT: Final = re.compile(r"(?i)^(?:about|around|approx\w*\.?|circa|ca\.?|~|nearly|almost)\s*")
_AND: Final = re.compile(r"(?i)\s*(?:,|and)\s*")


class Refused(Exception):
    """Why a row cannot be used."""


def time(written: Any, where: ZoneInfo | None, column: str) -> datetime:
    """
    An instant in UTC from ISO 8601 or epoch seconds or milliseconds; a time without a zone is read in `where`.

    Raises
    ------
    Refused
        It is no time, or it has no zone and `where` is missing.
    """
    text = written if isinstance(written, str) else str(written)
    text = text.strip()
    if text[4:5] != "-" and text.replace(".", "", 1).isdigit() and len(text.split(".")[0]) in (10, 13):
        number = float(text)
        return datetime.fromtimestamp(number / 1000 if number >= 1e11 else number, UTC)
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        try:
            found = datetime.fromisoformat(_SPACED_OFFSET.sub(r"\1", _UTC.sub("+00:00", text)))
        except ValueError:
            raise Refused(f"{column} {text[:40]!r} is no ISO 8601 time") from None
    try:
        if found.tzinfo is not None:
            return found.astimezone(UTC)
        if where is not None:
            return first_instant(found, where)
    except OverflowError:
        raise Refused(f"{column} {text[:40]!r} lies outside of the calendar") from None
    raise Refused(f"{column} {text[:40]!r} has no zone; set incidents.zone if all such times are in one")


def stated_minutes(text: str) -> float | None:
    """
    Minutes that a written duration means; missing where it is not sure.

    >>> stated_minutes("about 45 minutes"), stated_minutes("6 h 50 min"), stated_minutes("N/A"), stated_minutes("15.26")
    (45.0, 410.0, None, None)
    """
    if not text:
        return None
    cleaned = _AND.sub(" ", _ABOUT.sub("", text.strip()))
    try:
        return duration(cleaned) / timedelta(minutes=1)
    except ParameterError:
        return None
