"""Alerts in code: records with a name and a threshold, in Terraform, TypeScript, JSON, YAML or a command line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from sre_kit.compute.vocabulary import Fact
from sre_kit.load.facts import roles
from sre_kit.load.facts.alerts import alert_rule
from sre_kit.load.facts.reading import Fence

_LARGEST: Final = 60_000
_ALERTS: Final = re.compile(r"(?i)alert|alarm|告警|报警|アラート|알림|алерт")
_PLACE: Final = re.compile(r"(?i)alert|alarm|monitor|observab|告警|报警|监控|アラート|알림|алерт|cost|budget")
_KEYED: Final = re.compile(
    r"""^\s*(?:-\s+|--)?["']?(?P<key>[A-Za-z][\w.-]{1,40})["']?(?:\s*[:=]\s*|\s+)(?P<value>\S.*?)[,;\\]*\s*$"""
)
_OPENED: Final = re.compile(r"""^(?P<indent>\s*)["']?(?P<key>[A-Za-z][\w -]{2,50})["']?\s*[:=]\s*[{]?\s*$""")
_RESOURCE: Final = re.compile(
    r'resource\s+"(?:aws_cloudwatch_metric_alarm|datadog_monitor|google_monitoring_alert_policy|'
    r'azurerm_monitor_metric_alert|newrelic_nrql_alert_condition|grafana_rule_group)"\s+"(?P<name>[\w-]+)"'
)
_NAMES: Final = ("name", "alarmname", "alertname", "title", "displayname", "alert", "alarmdescription", "rulename")
_CONDITIONS: Final = ("condition", "threshold", "expr", "expression", "query", "trigger", "when", "rule")
_DETAILS: Final = {"severity": "severity", "priority": "severity", "level": "severity", "for": "for", "duration": "for"}
_MEASURED: Final = ("metric", "metricname", "metricquery")
_COMPARED: Final = ("operator", "comparison", "comparisonoperator")
_FIGURE: Final = re.compile(r"\d")
_TYPES: Final = re.compile(r"(?i)(?:string|number|float\d*|boolean|int\d*|any|interface|null|none)\W*")
_REQUEST: Final = re.compile(r"(?m)^\s*(?:POST|PUT|GET|PATCH)\s+/|\bcurl\b|\bdef |\bfunction\b|\bclass ")
_HOW_TO: Final = re.compile(r"(?i)\b(?:api|endpoints?|how to|custom|adding|create|usage|schema|template|format)\b")


@dataclass
class _Record:
    """What one alert says of itself, each key with its value, and the line of its name."""

    name: str
    line: int
    keys: dict[str, str] = field(default_factory=dict)


def alert_code(fence: Fence, document: str) -> Iterator[Fact]:
    """The alerts of a block of code whose records have a name and a threshold or condition."""
    near = (fence.lead, *fence.heading[-2:])
    called = any(_ALERTS.search(text) for text in near)
    monitored = _ALERTS.search(fence.text) and any(_PLACE.search(text) for text in near)
    if len(fence.text) > _LARGEST or not (called or monitored):
        return
    if _REQUEST.search(fence.text) or any(_HOW_TO.search(text) for text in near[:1] + near[-1:]):
        return
    if roles.fence_refusal(fence):
        return
    for record in _records(fence.text.split("\n")):
        if fact := _alert(record, fence, document):
            yield fact


def _records(lines: Sequence[str]) -> Iterator[_Record]:
    record: _Record | None = None
    for number, text in enumerate(lines):
        if found := _RESOURCE.search(text):
            if record:
                yield record
            record = _Record(found["name"], number)
            continue
        if opened := _OPENED.match(text):
            told = re.sub(r"[\s_-]", "", opened["key"]).lower()
            if told in ("labels", "annotations", "notify", "notification", "notifications", "channels", "dimensions"):
                continue
            if record:
                yield record
            record = _Record(opened["key"], number)
            continue
        keyed = _KEYED.match(text)
        if not keyed:
            continue
        key = re.sub(r"[\s_.-]", "", keyed["key"]).lower()
        value = keyed["value"].strip().strip("\"'`,")
        if key in _NAMES and not _TYPES.fullmatch(value):
            if record and not (record.keys.keys() & set(_CONDITIONS)) and key in ("name", "alarmname", "title"):
                record = _Record(value, number)
            elif record and key == "alarmdescription":
                continue
            else:
                if record:
                    yield record
                record = _Record(value, number)
        elif record:
            record.keys.setdefault(key, value)
    if record:
        yield record


def _alert(record: _Record, fence: Fence, document: str) -> Fact | None:
    condition = next((record.keys[key] for key in ("condition", "expr", "expression", "query", "trigger", "when")
                      if _FIGURE.search(record.keys.get(key, ""))), "")  # fmt: skip
    threshold = record.keys.get("threshold", "")
    if not condition and _FIGURE.search(threshold):
        measured = next((record.keys[key] for key in _MEASURED if key in record.keys), record.name)
        compared = next((record.keys[key] for key in (*_COMPARED, "condition") if key in record.keys), "")
        condition = " ".join(part for part in (measured, compared, threshold.split(" //")[0].rstrip(",")) if part)
    if not condition or "${" in record.name or _TYPES.fullmatch(threshold or condition):
        return None
    details = {"condition": condition}
    details |= {_DETAILS[key]: value for key, value in record.keys.items() if key in _DETAILS and len(value) < 40}
    around = tuple(text for text in (fence.lead, *reversed(fence.heading)) if text)
    quote = fence.text.split("\n")[record.line].strip()
    return alert_rule(record.name, condition, details, fence.line + record.line, quote, fence.heading, document, around)
