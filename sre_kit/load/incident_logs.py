"""
Incident logs as tools export them: JSON lines, a JSON list or document, CSV.

A column is found by the names the field uses for it. What cannot be used is put aside in sight, never dropped; what
lies after the report time is left out and counted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, get_args

from sre_kit.compute.incidents import NO_IMPACT, ActionItem, Incident, IncidentLog, Quarantined
from sre_kit.compute.walltime import first_instant
from sre_kit.compute.walltime import zone as zone_of
from sre_kit.errors import ParameterError
from sre_kit.load.records import Row, header, records
from sre_kit.units import duration

MAX_BYTES: Final = 200_000_000
_ANY_START: Final = (
    "began", "started_at", "start", "start_time", "begin", "began_at", "occurred_at", "createdat", "created_at",
    "created_on", "opened_at", "created", "date", "seconds_since_epoch",
)  # fmt: skip
_ANY_END: Final = (
    "resolved", "resolved_at", "end", "end_time", "ended_at", "closed_at", "resolvedwhen", "closedat",
)  # fmt: skip
CLOCKS: Final[Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "began": (_ANY_START, _ANY_END),
    "announced": (_ANY_START, _ANY_END),
    "downtime": (
        ("downtime_start", "impact_start", "impact_started_at"),
        ("downtime_end", "impact_end", "impact_ended_at"),
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
    "stated": ("stated_ttr", "stated_duration", "stated_time_to_recovery"),
    "failed_share": ("failed_share", "error_share", "failed_ratio"),
    "detected_by": ("detected_by", "detection_source"),
    "responder": ("responder", "assignee", "assigned_to", "acknowledged_by"),
    "factors": ("factors", "contributing_factors", "tags"),
    "deploy": ("deploy", "deployment", "release"),
    "data_loss": ("data_loss",),
    "manual": ("manual_intervention",),
    "postmortem": ("postmortem", "postmortem_url", "post_mortem"),
    "actions": ("actions", "action_items"),
}
_AFTER_START: Final[Mapping[str, tuple[tuple[str, timedelta], ...]]] = {
    "acknowledged": (
        ("seconds_to_first_ack", timedelta(seconds=1)),
        ("report.acktime", timedelta(milliseconds=1)),
    ),
    "resolved": (
        ("seconds_to_resolve", timedelta(seconds=1)),
        ("report.closetime", timedelta(milliseconds=1)),
    ),
}
"""Exports that give a length since the beginning instead of a time, and its unit."""
_KINDS: Final = get_args(Incident.__dataclass_fields__["kind"].type) or (
    "incident", "maintenance", "drill", "near_miss", "notice",
)  # fmt: skip
_MILESTONES: Final = ("began", "detected", "acknowledged", "mitigated", "resolved")


class _Refused(Exception):
    """Why a row cannot be used."""


def incident_log(path: Path, *, as_of: datetime, clock: str = "began", zone: str = "") -> IncidentLog:
    """
    The incidents of a file up to `as_of`, on one clock.

    Parameters
    ----------
    path
        JSON lines, JSON (a list, or a document with a list in it) or CSV.
    clock
        "announced" or "began": the first times the record gives; "downtime": what users felt, where it says.
    zone
        IANA zone of times without one; empty: such rows are put aside.

    Notes
    -----
    A file that is missing or unreadable gives an empty log with `gap` set. Rows are put aside with a reason for: no
    or a naive beginning, milestones out of order, an id seen before, or text that is no record.
    """
    if clock not in CLOCKS:
        raise ParameterError(f"incidents.clock {clock!r}; allowed: {', '.join(CLOCKS)}")
    where = zone_of(zone) if zone else None
    source = path.name
    try:
        if path.stat().st_size > MAX_BYTES:
            return IncidentLog((), source=source, gap=f"{source} has more than {MAX_BYTES:,} bytes")
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        return IncidentLog((), source=source, gap=f"{source} cannot be read: {error.strerror}")
    except UnicodeDecodeError as error:
        return IncidentLog((), source=source, gap=f"{source} is not UTF-8 at byte {error.start}; save it as UTF-8")
    return _sorted_out(records(text, source), header(text, source), source, as_of, clock, where)


def _sorted_out(
    rows: Iterator[Row | Quarantined], columns: str, source: str, as_of: datetime, clock: str, where: Any
) -> IncidentLog:
    kinds: dict[str, list[Incident]] = {"incident": [], "maintenance": [], "others": []}
    aside: list[Quarantined] = []
    used: dict[str, str] = {}
    seen: set[str] = set()
    count = later = 0
    for row in rows:
        count += 1
        if isinstance(row, Quarantined):
            aside.append(row)
            continue
        name = str(row.get(*COLUMNS["id"]) or "")
        try:
            if name and name in seen:
                raise _Refused(f"the id {name} was seen before; the first record is kept")
            incident = _incident(row, clock, where, as_of, used)
        except _Refused as reason:
            aside.append(Quarantined(row.origin, name, str(reason)))
            continue
        seen.add(name)
        if incident is None:
            later += 1
        else:
            kinds[incident.kind if incident.kind in kinds else "others"].append(incident)
    if count and not any(kinds.values()) and len(aside) == count:
        gap = f"no row of {source} can be used; the first: {aside[0].reason}"
    else:
        gap = "" if count else f"{source} holds no rows{columns}"
    ordered = {kind: tuple(sorted(found, key=lambda i: (i.began, i.id))) for kind, found in kinds.items()}
    return IncidentLog(
        incidents=ordered["incident"],
        quarantine=tuple(aside),
        maintenance=ordered["maintenance"],
        clock=clock,
        source=source,
        gap=gap,
        later_than_as_of=later,
        others=ordered["others"],
        rows=count,
        columns=dict(sorted(used.items())),
    )


def _incident(row: Row, clock: str, where: Any, as_of: datetime, used: dict[str, str]) -> Incident | None:
    """The incident of a row; None where it begins after `as_of`."""
    times = _times(row, clock, where, used)
    began = times["began"]
    if began is None:
        raise _Refused(f"no beginning: none of {', '.join(CLOCKS[clock][0][:4])} is given")
    _check_order(times)
    if began > as_of:
        return None
    flags = [f"{name} lies after the report time" for name in _MILESTONES if (at := times[name]) and at > as_of]
    known = {name: at if at is None or at <= as_of else None for name, at in times.items()}
    if known["resolved"] == began:
        flags.append("zero length")
    text = {name: _text(row, name, used) for name in COLUMNS if name not in (*_MILESTONES, "services", "factors")}
    return Incident(
        id=text["id"] or row.origin,
        title=text["title"],
        began=began,
        resolved=known["resolved"],
        detected=known["detected"],
        acknowledged=known["acknowledged"],
        mitigated=known["mitigated"],
        impact=text["impact"],
        services=_names(row.get(*COLUMNS["services"])),
        cause=text["cause"],
        kind=_kind(text["kind"], text["impact"]),  # type: ignore[arg-type]
        stated=text["stated"],
        stated_minutes=stated_minutes(text["stated"]),
        failed_share=_share(row.get(*COLUMNS["failed_share"])),
        detected_by=text["detected_by"],
        responder=text["responder"],
        factors=_names(row.get(*COLUMNS["factors"])),
        deploy=text["deploy"],
        data_loss=_flag(row.get(*COLUMNS["data_loss"])),
        manual=_flag(row.get(*COLUMNS["manual"])),
        actions=_actions(text["id"], row.get(*COLUMNS["actions"])),
        postmortem=text["postmortem"],
        origin=row.origin,
        flags=tuple(flags),
    )


def _times(row: Row, clock: str, where: Any, used: dict[str, str]) -> dict[str, datetime | None]:
    columns = {
        "began": CLOCKS[clock][0],
        "resolved": CLOCKS[clock][1],
        **{name: COLUMNS[name] for name in ("detected", "acknowledged", "mitigated")},
    }
    found: dict[str, datetime | None] = {}
    for name in _MILESTONES:
        column = next((c for c in columns[name] if row.get(c) is not None), "")
        found[name] = _time(row.get(column), where, column) if column else None
        if column:
            used.setdefault(name, column)
    for name, lengths in _AFTER_START.items():
        for column, unit in lengths:
            value, began = row.get(column), found["began"]
            if found[name] is None and began is not None and isinstance(value, int | float | str):
                try:
                    found[name] = began + float(value) * unit
                except ValueError:
                    raise _Refused(f"{column} {value!r} is no number") from None
                used.setdefault(name, column)
    # the list object of a paging tool has no end, only the time of its last status
    if found["resolved"] is None and row.get("status") == "resolved" and row.get("last_status_change_at"):
        found["resolved"] = _time(row.get("last_status_change_at"), where, "last_status_change_at")
        used.setdefault("resolved", "last_status_change_at")
    return found


def _time(written: Any, where: Any, column: str) -> datetime:
    text = str(written).strip()
    if re.fullmatch(r"\d{10}(?:\.\d+)?|\d{13}", text):
        return datetime.fromtimestamp(float(text) / (1000 if len(text) == 13 else 1), UTC)
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise _Refused(f"{column} {text[:40]!r} is no ISO 8601 time") from None
    if found.tzinfo is not None:
        return found.astimezone(UTC)
    if where is None:
        raise _Refused(f"{column} {text[:40]!r} has no zone; set incidents.zone if all such times are in one")
    return first_instant(found, where)


def _check_order(times: Mapping[str, datetime | None]) -> None:
    given = [(name, at) for name in _MILESTONES if (at := times[name]) is not None]
    for (name, at), (after, later) in pairwise(given):
        if later < at:
            raise _Refused(f"{after} {later:%Y-%m-%d %H:%MZ} lies before {name} {at:%Y-%m-%d %H:%MZ}")


def stated_minutes(text: str) -> float | None:
    """
    Minutes that a written duration means; missing where it is not sure.

    >>> stated_minutes("about 45 minutes"), stated_minutes("6 h 50 min"), stated_minutes("N/A"), stated_minutes("15.26")
    (45.0, 410.0, None, None)
    """
    cleaned = re.sub(r"(?i)^(?:about|around|approx\w*\.?|circa|ca\.?|~|nearly|almost)\s*", "", text.strip())
    cleaned = re.sub(r"(?i)\s*(?:,|and)\s*", " ", cleaned)
    try:
        return duration(cleaned) / timedelta(minutes=1)
    except ParameterError:
        return None


def _kind(written: str, impact: str) -> str:
    word = written.casefold().replace("-", "_").replace(" ", "_")
    if word in _KINDS:
        return word
    if impact.casefold() == "maintenance" or "maintenance" in word:
        return "maintenance"
    return "notice" if impact.casefold() in NO_IMPACT else "incident"


def _text(row: Row, name: str, used: dict[str, str]) -> str:
    column = next((c for c in COLUMNS[name] if row.get(c) is not None), "")
    if not column:
        return ""
    used.setdefault(name, column)
    value = row.get(column)
    if isinstance(value, Mapping):
        value = value.get("summary") or value.get("name") or ""
    return str(value).strip() if not isinstance(value, list) else ""


def _names(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    parts = value if isinstance(value, list) else re.split(r"[;,]", str(value))
    names = (p.get("name") or p.get("title") or p.get("summary") or "" if isinstance(p, Mapping) else p for p in parts)
    return tuple(dict.fromkeys(text for name in names if (text := str(name).strip())))


def _share(value: Any) -> float | None:
    try:
        share = float(value)
    except (TypeError, ValueError):
        return None
    return share if 0 <= share <= 1 else None


def _flag(value: Any) -> bool | None:
    word = str(value).strip().casefold()
    return True if word in ("true", "yes", "1") else False if word in ("false", "no", "0") else None


def _actions(incident: str, value: Any) -> tuple[ActionItem, ...]:
    found = []
    for one in value if isinstance(value, list) else []:
        if not isinstance(one, Mapping) or not one.get("text"):
            continue
        due, done = _day(one.get("due")), _day(one.get("done"))
        kind = str(one.get("type") or "prevent")
        if due is not None and kind in ("prevent", "detect", "mitigate", "process"):
            owner, ticket = str(one.get("owner") or ""), str(one.get("ticket") or "")
            found.append(ActionItem(incident, str(one["text"]), owner, due, kind, done, ticket))  # type: ignore[arg-type]
    return tuple(found)


def _day(value: Any) -> date | None:
    try:
        return date.fromisoformat(str(value)[:10]) if value else None
    except ValueError:
        return None
