"""
The one record shape: a row, in the field's words or in ours, as an incident, or the reason why it cannot be one.

Rows of a known tool come here in our words, put there by its source; the columns of a table are found by the names that
the field uses for them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final, get_args
from zoneinfo import ZoneInfo

from sre_kit.compute.incidents import NO_IMPACT, ActionItem, Happening, Incident
from sre_kit.compute.walltime import zone as zone_of
from sre_kit.errors import ParameterError
from sre_kit.load.incident_logs.opening import Row
from sre_kit.load.incident_logs.times import Refused, stated_minutes, time

_ANY_START: Final = (
    "began", "started_at", "start", "start_time", "begin", "began_at", "occurred_at", "createdat", "created_at",
    "created_on", "opened_at", "created", "date", "seconds_since_epoch",
)  # fmt: skip
_ANY_END: Final = (
    "resolved", "resolved_at", "resolved_on", "end", "end_time", "ended_at", "closed_at", "resolvedwhen", "closedat",
)  # fmt: skip
CLOCKS: Final[Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "began": (_ANY_START, _ANY_END),
    "announced": (_ANY_START, _ANY_END),
    "downtime": (
        ("downtime_start", "impact_start", "impact_started_at", "impactstartdate"),
        ("downtime_end", "impact_end", "impact_ended_at", "impactenddate"),
    ),
}
"""Clock -> columns of the beginning and of the end, the first that exists is taken."""
COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "id": ("id", "incident_id", "incident_number", "number", "key", "tinyid"),
    "title": ("title", "name", "summary", "description", "message", "external_desc"),
    "detected": ("detected_at", "detected", "detection_time", "alerted_at"),
    "acknowledged": ("ack_at", "acknowledged_at", "acknowledged", "first_ack_at", "acknowledge_time"),
    "mitigated": ("mitigated_at", "mitigated", "monitoring_at", "fixed_at", "mitigation_time"),
    "impact": ("severity", "impact", "priority", "sev", "urgency", "status_impact"),
    "services": ("services", "service", "components", "affected_products", "affected", "component"),
    "cause": ("cause", "root_cause"),
    "kind": ("kind", "type", "record_type"),
    "stated": ("stated", "stated_ttr", "stated_duration", "stated_time_to_recovery"),
    "failed_share": ("failed_share", "error_share", "failed_ratio"),
    "detected_by": ("detected_by", "detection_source"),
    "responder": ("responder", "assignee", "assigned_to", "acknowledged_by"),
    "factors": ("factors", "contributing_factors", "tags"),
    "deploy": ("deploy", "deployment", "release"),
    "data_loss": ("data_loss",),
    "manual": ("manual_intervention",),
    "postmortem": ("postmortem", "postmortem_url", "post_mortem"),
    "actions": ("actions", "action_items"),
    "timeline": ("timeline", "updates", "incident_updates"),
}
LENGTHS: Final[Mapping[str, tuple[str, str, timedelta]]] = {
    "seconds_to_first_ack": ("acknowledged", "seconds", timedelta(seconds=1)),
    "seconds_to_resolve": ("resolved", "seconds", timedelta(seconds=1)),
    "report.acktime": ("acknowledged", "milliseconds", timedelta(milliseconds=1)),
    "report.closetime": ("resolved", "milliseconds", timedelta(milliseconds=1)),
}
"""Columns that give a length since the beginning instead of a time, the milestone they mean, and their unit."""
ZONE: Final = "our.zone"
"""Cell of a source that knows the zone of its naive times."""
FLAGS: Final = "our.flags"
"""Cell with what is odd about a row, in words."""
ASIDE: Final = "our.aside"
"""Cell with the reason why a source does not count a row."""
ENDED: Final = "our.ended"
"""Cell that is true where the source says that it is over, whether or not it says when."""
_KINDS: Final = get_args(Incident.__dataclass_fields__["kind"].type) or (
    "incident", "maintenance", "drill", "near_miss", "notice",
)  # fmt: skip
MILESTONES: Final = ("began", "detected", "acknowledged", "mitigated", "resolved")


@lru_cache(maxsize=8)
def _aliases(clock: str) -> Mapping[str, tuple[str, int]]:
    """Column -> our word and its rank among the columns of that word, the lowest wins."""
    named = {**COLUMNS, "began": CLOCKS[clock][0], "resolved": CLOCKS[clock][1]}
    return {column: (word, rank) for word, columns in named.items() for rank, column in enumerate(columns)}


@dataclass(frozen=True, slots=True)
class Reading:
    """Which column of a row is read for each of our words, and which columns give a length instead of a time."""

    columns: Mapping[str, str]
    lengths: Mapping[str, str]
    """Milestone -> column of `LENGTHS`."""


def reading(row: Row, clock: str) -> Reading:
    """How a row is read: for each of our words the first filled one of its columns."""
    filled = tuple(c for c, value in row.cells.items() if value is not None and value != "" and value != [])
    return _reading(filled, clock)


@lru_cache(maxsize=1024)
def _reading(filled: tuple[str, ...], clock: str) -> Reading:
    known, best = _aliases(clock), dict[str, tuple[int, str]]()
    for column in filled:
        if column in known:
            word, rank = known[column]
            best[word] = min(best.get(word, (rank, column)), (rank, column))
    lengths = {LENGTHS[column][0]: column for column in filled if column in LENGTHS}
    return Reading({word: column for word, (_, column) in best.items()}, lengths)


def incident(row: Row, how: Reading, clock: str, where: ZoneInfo | None, as_of: datetime) -> Incident:
    """
    The incident of a row; milestones after `as_of` are not known yet.

    Raises
    ------
    Refused
        It has no beginning, a naive time and no zone, milestones out of order, or its source puts it aside.
    """
    if reason := row.cells.get(ASIDE):
        raise Refused(str(reason))
    own = row.cells.get(ZONE)
    zone = _zone(own) if own else where
    times, assumed = _times(row, how, zone)
    columns = how.columns
    began = times["began"]
    if began is None:
        raise Refused(f"no beginning: none of {', '.join(CLOCKS[clock][0][:4])} is given")
    if row.cells.get(ENDED) and times["resolved"] is None:
        raise Refused("it is over, but the record does not say since when")
    _check_order(times)
    flags = [*row.cells.get(FLAGS, ()), *assumed]
    known = times
    if later := [name for name in MILESTONES if (at := times[name]) is not None and at > as_of]:
        flags += [f"{name} lies after the report time" for name in later]
        known = {name: None if name in later else at for name, at in times.items()}
    if known["resolved"] == began:
        flags.append("zero length")

    # only what the row has is converted: most words of ours are in no one export
    given = {word: convert(row.cells[columns[word]]) for word, convert in _CONVERT.items() if word in columns}
    id_, impact = given.pop("id", ""), given.get("impact", "")
    return Incident(
        id=id_ or row.origin,
        began=began,
        resolved=known["resolved"],
        detected=known["detected"],
        acknowledged=known["acknowledged"],
        mitigated=known["mitigated"],
        kind=_kind(given.pop("kind", ""), impact),  # type: ignore[arg-type]
        stated_minutes=stated_minutes(given["stated"]) if "stated" in given else None,
        actions=_actions(id_, row.cells[columns["actions"]]) if "actions" in columns else (),
        timeline=_timeline(row.cells[columns["timeline"]], zone, as_of) if "timeline" in columns else (),
        origin=row.origin,
        flags=tuple(flags),
        **{"title": "", **given},
    )


def _times(row: Row, how: Reading, zone: ZoneInfo | None) -> tuple[dict[str, datetime | None], tuple[str, ...]]:
    """The milestones, and a flag where the zone of a time was assumed."""
    assumed = False
    found: dict[str, datetime | None] = {}
    for name in MILESTONES:
        column = how.columns.get(name)
        if column is None:
            found[name] = None
            continue
        written = row.cells[column]
        found[name] = time(written, zone, column)
        assumed = assumed or (zone is not None and _naive(written))
    for name, column in how.lengths.items():
        value, began = row.cells[column], found["began"]
        if found[name] is None and began is not None:
            try:
                found[name] = began + float(value) * LENGTHS[column][2]
            except (TypeError, ValueError, OverflowError):
                raise Refused(f"{column} {value!r} is no number of {LENGTHS[column][1]}") from None
    # the list object of a paging tool has no end, only the time of its last status
    if found["resolved"] is None and row.cells.get("status") == "resolved" and row.cells.get("last_status_change_at"):
        found["resolved"] = time(row.cells["last_status_change_at"], zone, "last_status_change_at")
    return found, (f"times without a zone are read in {zone}",) if assumed else ()


def _naive(written: Any) -> bool:
    text = str(written).strip()
    return not (text.replace(".", "", 1).isdigit() or re.search(r"(?:[Zz]|UTC|GMT|[+-]\d{2}:?\d{2})$", text))


@lru_cache(maxsize=256)
def _zone(name: str) -> ZoneInfo:
    try:
        return zone_of(name)
    except ParameterError as error:
        raise Refused(str(error)) from None


def _check_order(times: Mapping[str, datetime | None]) -> None:
    given = [(name, at) for name in MILESTONES if (at := times[name]) is not None]
    for (name, at), (after, later) in pairwise(given):
        if later < at:
            raise Refused(f"{after} {later:%Y-%m-%d %H:%MZ} lies before {name} {at:%Y-%m-%d %H:%MZ}")


@lru_cache(maxsize=1024)
def _kind(written: str, impact: str) -> str:
    word = written.casefold().replace("-", "_").replace(" ", "_")
    if word in _KINDS:
        return word
    if impact.casefold() == "maintenance" or "maintenance" in word:
        return "maintenance"
    return "notice" if impact.casefold() in NO_IMPACT else "incident"


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, dict):
        value = value.get("summary") or value.get("name") or ""
    return "" if isinstance(value, list) else str(value).strip()


def _names(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], str):
        return (text,) if (text := value[0].strip()) else ()
    parts = value if isinstance(value, list) else re.split(r"[;,]", _text(value))
    names = (p.get("name") or p.get("title") or p.get("summary") or "" if isinstance(p, dict) else p for p in parts)
    return tuple(dict.fromkeys(text for name in names if (text := str(name).strip())))


def _share(value: Any) -> float | None:
    if value is None:  # the usual case, and an exception costs as much as the rest of the row
        return None
    try:
        share = float(value)
    except (TypeError, ValueError):
        return None
    return share if 0 <= share <= 1 else None


def _flag(value: Any) -> bool | None:
    if value is None:
        return None
    word = str(value).strip().casefold()
    return True if word in ("true", "yes", "1") else False if word in ("false", "no", "0") else None


def _actions(incident: str, value: Any) -> tuple[ActionItem, ...]:
    """Action items with a text; a due date or a type that is not one is missing."""
    found = []
    for one in value if isinstance(value, list) else []:
        if not isinstance(one, dict) or not one.get("text"):
            continue
        kind = str(one.get("type") or "").strip().casefold()
        found.append(
            ActionItem(
                incident,
                str(one["text"]),
                str(one.get("owner") or ""),
                day(one.get("due")),
                kind if kind in ("prevent", "detect", "mitigate", "process") else "",  # type: ignore[arg-type]
                day(one.get("done")),
                str(one.get("ticket") or ""),
                str(one.get("priority") or ""),
                bool(_flag(one.get("closed"))),
            )
        )
    return tuple(found)


def _timeline(value: Any, where: ZoneInfo | None, as_of: datetime) -> tuple[Happening, ...]:
    """What the record says happened when, in order; rows whose time cannot be read are left out."""
    found = []
    for one in value if isinstance(value, list) else []:
        if not isinstance(one, dict):
            continue
        written = next((one[k] for k in ("at", "when", "display_at", "created_at", "created") if one.get(k)), None)
        text = str(one.get("text") or one.get("body") or one.get("message") or "").strip()
        kind = str(one.get("type") or one.get("status") or "").strip()
        if written is None or not (text or kind):
            continue
        try:
            at = time(written, where, "timeline")
        except Refused:
            continue
        if at <= as_of:
            found.append(Happening(at, text or kind, kind if text else ""))
    return tuple(sorted(found, key=lambda one: one.at))


def day(value: Any) -> date | None:
    """A date written as ISO 8601; missing for anything else."""
    try:
        return date.fromisoformat(str(value)[:10]) if value else None
    except ValueError:
        return None


def epoch(seconds: float) -> str:
    """An instant, given as seconds since 1970, as a source hands it on."""
    return datetime.fromtimestamp(seconds, UTC).isoformat()


_CONVERT: Final[Mapping[str, Callable[[Any], Any]]] = {
    "id": _text,
    "title": _text,
    "impact": _text,
    "services": _names,
    "cause": _text,
    "kind": _text,
    "stated": _text,
    "failed_share": _share,
    "detected_by": _text,
    "responder": _text,
    "factors": _names,
    "deploy": _text,
    "data_loss": _flag,
    "manual": _flag,
    "postmortem": _text,
}
"""Our word -> what makes a value of its cell."""
