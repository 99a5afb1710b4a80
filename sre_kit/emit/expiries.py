"""What expires, for calendars and for Prometheus: the day to act and the last day of each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final, cast

from sre_kit.compute.operations.recovery import Ending
from sre_kit.emit.calendar import PRODUCT, slug
from sre_kit.emit.rule_groups import yaml_text
from sre_kit.escape import plain

HEADER: Final = """\
# Alerts on {count} thing(s) that expire. Generated from the dates in the params; do not edit.
# Check: promtool check rules FILE. Load: rule_files in prometheus.yml.
"""
RUNBOOK: Final = "OperationalPlaybook.md#when-something-is-about-to-expire"


def expiry_calendar(endings: Sequence[Ending], stamp: datetime, project: str) -> str:
    """An iCalendar with two days for each: when its lead time begins, and its last; `stamp` is every DTSTAMP."""
    from icalendar import Calendar, Event

    whole = Calendar()
    whole.add("prodid", PRODUCT.replace("on-call rota", "expiries"))
    whole.add("version", "2.0")
    whole.add("calscale", "GREGORIAN")
    whole.add("x-wr-calname", plain(f"{project} expiries"))
    for one in endings:
        for what, day in (("act", one.ends - one.lead), ("ends", one.ends)):
            event = Event()
            # the name, not the date: a renewed certificate moves its event instead of adding one
            event.add("uid", f"{what}-{slug(one.kind)}-{slug(one.name)}@{slug(project)}.sre-kit")
            event.add("dtstamp", stamp.astimezone(UTC))
            event.add("dtstart", day)
            event.add("dtend", day + timedelta(days=1))
            word = "renew" if what == "act" else "ends"
            event.add("summary", plain(f"{one.kind} {one.name}: {word}"))
            event.add("description", plain(f"Ends {one.ends}. Owner: {one.owner or 'not known'}."))
            event.add("transp", "TRANSPARENT")
            whole.add_component(event)
    return cast(bytes, whole.to_ical()).decode("utf-8")


def expiry_rules(endings: Sequence[Ending]) -> str:
    """A rule file, YAML: an alert for each from the day its lead time begins; empty for nothing."""
    if not endings:
        return ""
    rules = [_rule(one) for one in endings]
    return HEADER.format(count=len(rules)) + yaml_text({"groups": [{"name": "expiries", "rules": rules}]})


def _rule(one: Ending) -> dict[str, Any]:
    days = one.lead // timedelta(days=1)
    return {
        "alert": "ExpiryNear",
        "expr": f"vector({_epoch(one.ends)}) - time() < {one.lead // timedelta(seconds=1)}",
        "labels": {"name": _text(one.name), "kind": one.kind, "severity": "ticket"},
        "annotations": {
            "summary": _text(f"{one.kind} {one.name} ends on {one.ends}"),
            "description": _text(f"Its lead time of {days} days has begun. Owner: {one.owner or 'not known'}."),
            "runbook": RUNBOOK,
        },
    }


def _text(text: str) -> str:
    """On one line, and no template of Prometheus."""
    return plain(text).replace("{{", "{ {")


def _epoch(day: date) -> int:
    return int(datetime.combine(day, time(), UTC).timestamp())
