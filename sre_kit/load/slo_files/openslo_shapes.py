"""
The shapes of OpenSLO v1's seven kinds: their fields, and the rules between them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from sre_kit.compute.slo.windows import zone
from sre_kit.errors import ParameterError
from sre_kit.load.slo_files.fields import (
    Fields,
    Key,
    Reader,
    anything,
    boolean,
    checked,
    choice,
    list_of,
    mapping,
    moment,
    name,
    number,
    short_text,
    some_mapping,
    text,
    texts,
)
from sre_kit.load.slo_files.values import Value

_DURATION: Final = re.compile(r"[1-9][0-9]*[mhdwMQY]")
_LABEL_KEY: Final = re.compile(r"[A-Za-z0-9](?:[-._A-Za-z0-9]{0,61}[A-Za-z0-9])?")
_DNS: Final = r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?"
_ANNOTATION_KEY: Final = re.compile(rf"(?:{_DNS}(?:\.{_DNS})*/)?{_LABEL_KEY.pattern}")
_OPERATORS: Final = ("lte", "gte", "lt", "gt")


def duration(value: Value) -> str | None:
    """A duration shorthand, such as 30d."""
    if value.kind == "text" and _DURATION.fullmatch(value.text):
        return value.text
    value.wrong(f"must be a whole number and one of m h d w M Q Y, such as 5m, 28d or 1M, got {value.shown()}")
    return None


def _slice(value: Value) -> str | None:
    """A duration shorthand; a bare number means minutes."""
    if value.kind == "number" and re.fullmatch(r"[1-9][0-9]*", value.text):
        return f"{value.text}m"
    return duration(value)


def _labels(value: Value) -> dict[str, Any] | None:
    if value.kind != "mapping":
        value.wrong(f"must be a mapping, got {value.shown()}")
        return None
    found = value.mapping()
    for key, one in found.items():
        if not _LABEL_KEY.fullmatch(key):
            one.wrong("is no key of a label: letters, digits and - _ . between them, at most 63")
        if one.kind == "list":
            list_of(text)(one)
        else:
            text(one)
    return found


def _annotations(value: Value) -> dict[str, str] | None:
    found = texts(value)
    for key, one in value.mapping().items():
        if not _ANNOTATION_KEY.fullmatch(key):
            one.wrong(
                "is no key of an annotation: a name of at most 63 characters, with a domain and / before it or not"
            )
    return found


METADATA: Final = mapping(
    {
        "name": Key(name, True),
        "displayName": Key(text),
        "labels": Key(_labels),
        "annotations": Key(_annotations),
    }
)
_DESCRIPTION: Final = Key(short_text(1050))


def _one_indicator(spec: Fields) -> None:
    spec.exactly_one("thresholdMetric", "ratioMetric")


def _ratio(metric: Fields) -> None:
    way = metric.exactly_one("total", "raw")
    if way == "total":
        metric.exactly_one("good", "bad")
        if "rawType" in metric:
            metric.at("rawType").wrong("goes with raw alone; remove it")
    elif way == "raw":
        for key in ("good", "bad"):
            if key in metric:
                metric.at(key).wrong("does not go with raw; remove one of them")
        if "rawType" not in metric:
            metric.value.wrong("rawType is needed with raw and missing; write success or failure")


_METRIC: Final = mapping(
    {
        "metricSource": Key(
            mapping({"metricSourceRef": Key(text), "type": Key(text), "spec": Key(some_mapping, True)}), True
        )
    }
)
_RATIO_METRIC: Final = checked(
    {
        "counter": Key(boolean),
        "good": Key(_METRIC),
        "bad": Key(_METRIC),
        "total": Key(_METRIC),
        "rawType": Key(choice("success", "failure")),
        "raw": Key(_METRIC),
    },
    _ratio,
)
_SLI: Final = checked(
    {"description": _DESCRIPTION, "thresholdMetric": Key(_METRIC), "ratioMetric": Key(_RATIO_METRIC)}, _one_indicator
)
_INLINE_SLI: Final = mapping({"metadata": Key(METADATA), "spec": Key(_SLI, True)})


def _rolls_or_not(window: Fields) -> None:
    rolling = window["isRolling"]
    if rolling and "calendar" in window:
        window.at("calendar").wrong("a rolling window has no calendar; remove it, or write isRolling: false")
    if not rolling and "calendar" not in window:
        window.value.wrong("a window that does not roll needs a calendar; write isRolling: true, or the calendar")


def time_zone(value: Value) -> str | None:
    """An IANA name of a time zone."""
    found = text(value)
    if found is None:
        return None
    try:
        zone(found)
    except ParameterError as error:
        value.wrong(str(error))
        return None
    return found


_WINDOW: Final = checked(
    {
        "duration": Key(duration, True),
        "isRolling": Key(boolean),
        "calendar": Key(mapping({"startTime": Key(moment, True), "timeZone": Key(time_zone, True)})),
    },
    _rolls_or_not,
)


def _windows(value: Value) -> list[Fields] | None:
    found: list[Fields] | None = list_of(_WINDOW, least=1)(value)
    if len(value.items()) > 1:
        value.items()[1].wrong(f"an objective has one time window, got {len(value.items())}; write an SLO for each")
    return found


def _target(objective: Fields) -> None:
    key = objective.exactly_one("target", "targetPercent")
    found, full = objective[key], 100 if key == "targetPercent" else 1
    if found is not None and not 0 <= found < full:
        written = objective.at(key).text
        hint = f"; for {written} % write target: {float(found / 100):g} or targetPercent: {written}"
        objective.at(key).wrong(
            f"must be at least 0 and below {full}, got {written}" + (hint if full == 1 and 1 < found < 100 else "")
        )
    share = objective["timeSliceTarget"]
    if share is not None and not 0 < share <= 1:
        objective.at("timeSliceTarget").wrong(
            f"must be above 0 and at most 1, got {objective.at('timeSliceTarget').text}"
        )
    weight = objective["compositeWeight"]
    if weight is not None and weight <= 0:
        objective.at("compositeWeight").wrong("must be above 0")


_OBJECTIVE: Final = checked(
    {
        "displayName": Key(text),
        "op": Key(choice(*_OPERATORS)),
        "value": Key(number),
        "target": Key(number),
        "targetPercent": Key(number),
        "timeSliceTarget": Key(number),
        "timeSliceWindow": Key(_slice),
        "indicator": Key(_INLINE_SLI),
        "indicatorRef": Key(text),
        "compositeWeight": Key(number),
    },
    _target,
)


def _slices(spec: Fields) -> None:
    needed: Mapping[str, tuple[str, ...]] = {
        "Timeslices": ("timeSliceTarget", "timeSliceWindow"),
        "RatioTimeslices": ("timeSliceWindow",),
    }
    for objective in spec["objectives"] or []:
        for key in needed.get(str(spec["budgetingMethod"]), ()):
            if key not in objective:
                objective.value.wrong(f"{key} is needed with budgetingMethod {spec['budgetingMethod']} and missing")


def _indicators(spec: Fields) -> None:
    composite = [one for one in spec["objectives"] or [] if "indicator" in one or "indicatorRef" in one]
    if not composite:
        spec.exactly_one("indicator", "indicatorRef")
    elif "indicator" in spec or "indicatorRef" in spec:
        composite[0].value.wrong("an indicator stands in the spec or in the objectives, not in both")
    else:
        for one in spec["objectives"] or []:
            one.exactly_one("indicator", "indicatorRef")


_CONDITION: Final = mapping(
    {
        "kind": Key(choice("burnrate")),
        "op": Key(choice(*_OPERATORS)),
        "threshold": Key(number, True),
        "lookbackWindow": Key(duration, True),
        "alertAfter": Key(duration),
    }
)
_ALERT_CONDITION: Final = mapping(
    {"description": _DESCRIPTION, "severity": Key(text, True), "condition": Key(_CONDITION, True)}
)
_NOTIFICATION: Final = mapping({"description": _DESCRIPTION, "target": Key(text, True)})


def _referred(ref: str, kind: str, spec: Reader) -> Reader:
    """A reader of an object that stands inline or is referred to by name."""

    def either(found: Fields) -> None:
        if ref in found:
            for key in ("kind", "metadata", "spec"):
                if key in found:
                    found.at(key).wrong(f"does not go with {ref}; remove one of them")
        else:
            for key in ("kind", "spec"):
                if key not in found:
                    found.value.wrong(f"give {ref}, or {kind} inline: {key} is missing")

    return checked({ref: Key(text), "kind": Key(choice(kind)), "metadata": Key(METADATA), "spec": Key(spec)}, either)


def _one_condition(policy: Fields) -> None:
    if len(policy["conditions"] or []) > 1:
        policy.at("conditions").wrong("a policy has one condition; write a policy for each")


_ALERT_POLICY: Final = checked(
    {
        "description": _DESCRIPTION,
        "alertWhenNoData": Key(boolean),
        "alertWhenBreaching": Key(boolean),
        "alertWhenResolved": Key(boolean),
        "conditions": Key(list_of(_referred("conditionRef", "AlertCondition", _ALERT_CONDITION), least=1), True),
        "notificationTargets": Key(
            list_of(_referred("targetRef", "AlertNotificationTarget", _NOTIFICATION), least=1), True
        ),
    },
    _one_condition,
)
_SLO: Final = checked(
    {
        "description": _DESCRIPTION,
        "service": Key(text, True),
        "indicator": Key(_INLINE_SLI),
        "indicatorRef": Key(text),
        "timeWindow": Key(_windows),
        "budgetingMethod": Key(choice("Occurrences", "Timeslices", "RatioTimeslices"), True),
        "objectives": Key(list_of(_OBJECTIVE, least=1), True),
        "alertPolicies": Key(list_of(_referred("alertPolicyRef", "AlertPolicy", _ALERT_POLICY))),
    },
    _slices,
    _indicators,
)
KINDS: Final[Mapping[str, Reader]] = {
    "Service": mapping({"description": _DESCRIPTION}),
    "SLO": _SLO,
    "SLI": _SLI,
    "DataSource": mapping(
        {"description": _DESCRIPTION, "type": Key(text, True), "connectionDetails": Key(anything, True)}
    ),
    "AlertPolicy": _ALERT_POLICY,
    "AlertCondition": _ALERT_CONDITION,
    "AlertNotificationTarget": _NOTIFICATION,
}
