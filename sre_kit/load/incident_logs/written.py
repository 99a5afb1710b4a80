"""How people write fields, times and tables into a post-mortem."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

FIELDS: Final = {
    "began": ("start", "started", "start time", "began", "incident start", "incident began", "impact start",
              "impact began", "started at", "outage start", "incident started"),
    "detected": ("detected", "first detected", "detected at", "detection time", "alerted", "time detected"),
    "acknowledged": ("acknowledged", "acked", "acknowledged at"),
    "mitigated": ("mitigated", "repaired", "mitigated at", "impact mitigated"),
    "resolved": ("resolved", "end", "ended", "end time", "incident end", "resolved at", "recovered", "impact end",
                 "incident resolved", "outage end", "ended at"),
    "stated": ("duration", "time to resolve", "time to recovery", "time to resolution", "time to repair", "ttr",
               "impact duration", "outage duration", "total duration", "time to restore"),
    "severity": ("severity", "sev", "priority", "incident severity"),
    "services": ("services", "service", "affected services", "services affected", "components", "systems affected",
                 "affected systems", "affected"),
    "id": ("incident id", "id", "incident number", "incident"),
    "title": ("title", "incident title"),
    "cause": ("root cause", "cause"),
    "detected_by": ("detected by", "identified", "how detected"),
    "factors": ("contributing factors", "factors", "tags"),
    "deploy": ("deploy", "release"),
    "failed_share": ("failed share", "error rate"),
    "data_loss": ("data loss",),
    "kind": ("kind", "type"),
    "date": ("date", "date of incident", "incident date"),
}  # fmt: skip
"""Our word -> labels by which people write it, without what stands in brackets."""
_LABELS: Final = {label: word for word, labels in FIELDS.items() for label in labels}
_LINE: Final = re.compile(
    r"^\s*(?:[-*+]\s+)?(?:\*\*|__|`)?([A-Za-z][\w /&()-]{1,40}?)(?:\*\*|__|`)?"
    r"(?:\s*:(?:\*\*|__)?\s+|\s+(?=\d{4}-\d\d-\d\d))(.+)$"
)
_BRACKETS: Final = re.compile(r"\s*\([^)]*\)")
_DATED: Final = re.compile(
    r"(\d{4}-\d{2}-\d{2})(?:[ T,]+(?:at\s+)?(\d{1,2})[:.h](\d{2})(?::(\d{2})(?:\.\d+)?)?\s*([AaPp][Mm])?"
    r"\s*(Z\b|[+-]\d{2}:?\d{2}|[A-Z]{2,5}\b)?)?"
)
_CLOCK: Final = re.compile(
    r"^[^\d]{0,12}(\d{1,2})[:.h](\d{2})(?::(\d{2}))?\s*([AaPp][Mm])?\s*(Z\b|[+-]\d{2}:?\d{2}|[A-Z]{2,5}\b)?"
)
_ZONE: Final = re.compile(r"(?i)\btimes?\b[^.\n|]{0,30}\b(?:in|are|\()\s*(UTC|GMT|[A-Z]\w+/\w+)")
_ZONE_BRACKET: Final = re.compile(r"\(\s*(?:all\s+)?(?:times?\s+)?(?:in\s+)?(UTC|GMT|[A-Z]\w+/\w+)\s*\)", re.IGNORECASE)
_RULE: Final = re.compile(r"^\s*\|?\s*:?-{2,}")


@dataclass(frozen=True)
class Table:
    """A pipe table: the heading above it in small letters, its columns, its rows."""

    section: str
    heads: list[str]
    rows: list[list[str]]


def label_of(written: str) -> str:
    """
    Our word for a label; empty where it is none of ours.

    >>> label_of("**Start time (UTC)**"), label_of("Mood")
    ('began', '')
    """
    return _LABELS.get(_BRACKETS.sub("", written).strip(" *_`:").casefold(), "")


def value_of(line: str) -> tuple[str, str] | None:
    """
    Our word and the value of a line such as ``- **Start:** 2026-01-01 10:00 UTC``; None for any other line.

    >>> value_of("- **Time to repair**: 6h 24m")
    ('stated', '6h 24m')
    """
    found = _LINE.match(line)
    if not found or not (word := label_of(found[1])):
        return None
    value = found[2].strip(" *_`")
    if "(UTC)" in found[1] and re.search(r"\d{2}$", value):
        value += " UTC"
    return word, value


def written_time(text: str, day: str) -> str:
    """
    ISO 8601 of a written time, with its offset if one is written; empty where no time stands there.

    A time of day takes the page's `day`. "15.26" means 15:26. A zone that is an abbreviation other than UTC stays
    beside the time, so that reading it fails with a reason instead of being hours off.

    >>> written_time("Repaired 2023-11-16 15.26", ""), written_time("9:05 PM UTC", "2026-01-02")
    ('2023-11-16T15:26:00', '2026-01-02T21:05:00+00:00')
    """
    dated = _DATED.search(text)
    if dated and dated[2]:
        date, hour, minute, second, half, zone = dated.groups()
    elif (clock := _CLOCK.match(text)) and day:
        date, (hour, minute, second, half, zone) = day, clock.groups()
    else:
        return ""
    hours = int(hour) % 12 + (12 if half.casefold() == "pm" else 0) if half else int(hour)
    if hours > 23 or int(minute) > 59:
        return ""
    local = f"{date}T{hours:02d}:{minute}:{second or '00'}"
    if zone in ("Z", "UTC", "GMT"):
        return f"{local}+00:00"
    if zone and zone[0] in "+-":
        return local + zone
    return f"{local} {zone}" if zone else local


def zone_said(text: str) -> str:
    """
    The zone in which a page says that its times are; empty where it does not.

    >>> zone_said("## Timeline (UTC)"), zone_said("All times are in Europe/London."), zone_said("at noon")
    ('UTC', 'Europe/London', '')
    """
    found = _ZONE_BRACKET.search(text) or _ZONE.search(text)
    if not found:
        return ""
    return "UTC" if found[1].upper() in ("UTC", "GMT") else found[1]


def tables(text: str) -> Iterator[Table]:
    """The pipe tables of a page."""
    section, block = "", list[str]()
    for line in [*text.split("\n"), ""]:
        if line.lstrip().startswith("|"):
            block.append(line)
            continue
        if len(block) > 2 and _RULE.match(block[1]):
            yield Table(section, _cells(block[0]), [_cells(row) for row in block[2:]])
        block = []
        if line.startswith("#"):
            section = line.lstrip("# ").casefold()


def _cells(line: str) -> list[str]:
    inner = re.sub(r"(?<!\\)\|\s*$", "", line.strip()).removeprefix("|")
    return [cell.strip().replace("\\|", "|").strip("*` ") for cell in re.split(r"(?<!\\)\|", inner)]
