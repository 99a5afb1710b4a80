"""
Alertmanager: webhook notifications (version 4, one a line or a document) and the alerts of its API v2.

The same alert is in many notifications. A firing one ends in the year 1. An alert that stops and fires again
within `MERGE` is one incident, or each flap would count.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from sre_kit.compute.incidents import BEGAN_WITH_ALERT, Quarantined
from sre_kit.load.incident_logs.opening import Row
from sre_kit.load.incident_logs.shape import ASIDE, FLAGS
from sre_kit.load.incident_logs.times import Refused, time

NAME: Final = "Alertmanager"
COLUMNS: Final[Mapping[str, str]] = {
    "id": "alertname, startsAt, fingerprint",
    "title": "annotations.summary, or alertname",
    "began": "startsAt",
    "detected": "startsAt",
    "resolved": "endsAt",
    "impact": "labels.severity",
    "services": "labels.service, job or namespace",
}
MERGE: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class _Spell:
    """One firing of one alert; no end while it fires."""

    origin: str
    labels: Mapping[str, str]
    summary: str
    began: datetime
    ended: datetime | None
    firings: int = 1


def fits(row: Row) -> bool:
    """A notification with alerts, or an alert of the API."""
    return {"alerts", "groupkey"} <= row.cells.keys() or {"startsat", "fingerprint"} <= row.cells.keys()


def rows(found: Iterable[Row | Quarantined], as_of: datetime) -> Iterator[Row | Quarantined]:
    """One firing of an alert a row, whatever the number of notifications."""
    known: dict[str, dict[datetime, _Spell]] = {}
    for row in found:
        if isinstance(row, Quarantined):
            yield row
            continue
        cut = row.get("truncatedalerts")
        if cut and cut != "0":
            yield Quarantined(row.origin, "", f"{cut} alerts of this notification were cut off by the sender")
        for alert in row.listed("alerts") if "alerts" in row.cells else [row.cells]:
            try:
                key, spell = _spell(row.origin, {str(k).casefold(): v for k, v in alert.items()})
            except (Refused, AttributeError, KeyError, TypeError) as error:
                yield Quarantined(row.origin, "", f"an alert cannot be read: {error}")
                continue
            before = known.setdefault(key, {}).get(spell.began)
            # notifications come in any order; the one that knows the end is the later
            if before is None or before.ended is None:
                known[key][spell.began] = spell
    for key, spells in known.items():
        yield from _incidents(key, sorted(spells.values(), key=lambda s: s.began))


def _spell(origin: str, alert: Mapping[str, Any]) -> tuple[str, _Spell]:
    labels = {str(k): str(v) for k, v in (alert.get("labels") or {}).items()}
    state = alert["status"].get("state", "") if isinstance(alert.get("status"), Mapping) else alert.get("status")
    began = time(alert["startsat"], None, "startsAt")
    ended = None
    if state == "resolved":
        ended = time(alert["endsat"], None, "endsAt")
    summary = (alert.get("annotations") or {}).get("summary") or labels.get("alertname", "")
    key = str(alert.get("fingerprint") or sorted(labels.items()))
    return key, _Spell(origin, labels, str(summary), began, ended)


def _incidents(key: str, spells: list[_Spell]) -> Iterator[Row]:
    merged: list[_Spell] = []
    for spell in spells:
        last = merged[-1] if merged else None
        if last and last.ended and spell.began - last.ended <= MERGE:
            merged[-1] = replace(last, ended=spell.ended, firings=last.firings + 1)
        else:
            merged.append(spell)
    for number, spell in enumerate(merged):
        name = spell.labels.get("alertname", "alert")
        cells: dict[str, Any] = {
            "id": f"{name}-{spell.began:%Y%m%dT%H%M%SZ}-{key[:6]}",
            "title": spell.summary,
            "began": spell.began.isoformat(),
            "detected": spell.began.isoformat(),
            "resolved": spell.ended.isoformat() if spell.ended else None,
            "severity": spell.labels.get("severity"),
            "services": next((spell.labels[k] for k in ("service", "job", "namespace") if spell.labels.get(k)), None),
            "detected_by": f"alert {name}",
            FLAGS: (BEGAN_WITH_ALERT, *_flapped(spell)),
        }
        if spell.ended is None and number + 1 < len(merged):
            again = f"{merged[number + 1].began:%Y-%m-%d %H:%MZ}"
            cells[ASIDE] = f"no message says when it ended, and it fired again at {again}"
        yield Row(spell.origin, cells)


def _flapped(spell: _Spell) -> tuple[str, ...]:
    minutes = MERGE / timedelta(minutes=1)
    return (f"{spell.firings} firings at most {minutes:g} min apart are one",) if spell.firings > 1 else ()
