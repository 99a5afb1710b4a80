"""
Objectives as OpenSLO v1 (https://github.com/OpenSLO/OpenSLO), one YAML document each, and what is wrong with a file.

The indicator stands inline; queries keep their open window, as they are written in the params.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sre_kit.compute.slo import SLO
from sre_kit.compute.windows import period
from sre_kit.units import target

METHODS: Final = {
    "occurrences": "Occurrences",
    "timeslices": "Timeslices",
    "ratio_timeslices": "RatioTimeslices",
}
_CALENDAR: Final = {"week": "1w", "month": "1M", "quarter": "1Q", "year": "1Y"}
_DURATION: Final = re.compile(r"[1-9][0-9]*(?:m|h|d|w|M|Q|Y)")
_NAME: Final = re.compile(r"[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?")
_BUDGETING: Final = tuple(METHODS.values())


def openslo_documents(slos: Sequence[SLO], as_of: datetime) -> str:
    """
    A multi-document YAML file: a Service for each service, then an SLO for each objective.

    A calendar window starts with the calendar period of `as_of`.
    """
    from sre_kit.emit.prometheus import yaml_text

    services = dict.fromkeys(slo.service for slo in slos)
    documents = [_service(name) for name in services] + [_slo(slo, as_of) for slo in slos]
    return "".join(f"---\n{yaml_text(document)}" for document in documents)


def openslo_name(name: str) -> str:
    """
    A name as OpenSLO allows it (RFC 1123): small letters, digits, "-" and ".".

    >>> openslo_name("Checkout availability")
    'checkout-availability'
    """
    return re.sub(r"[^a-z0-9.]+", "-", name.lower()).strip("-.")[:253] or "unnamed"


def _service(name: str) -> dict[str, Any]:
    return {
        "apiVersion": "openslo/v1",
        "kind": "Service",
        "metadata": {"name": openslo_name(name), "displayName": name},
        "spec": {"description": f"The service {name}."},
    }


def _slo(slo: SLO, as_of: datetime) -> dict[str, Any]:
    ratio: dict[str, Any] = {"counter": True}
    ratio["bad" if slo.bad else "good"] = _metric(slo.bad or slo.good)
    ratio["total"] = _metric(slo.total)
    objective: dict[str, Any] = {"displayName": f"{target(slo.target)} good", "target": float(slo.target)}
    if slo.budgeting != "occurrences":
        if slo.budgeting == "timeslices":
            objective["timeSliceTarget"] = float(slo.target if slo.slice_target is None else slo.slice_target)
        objective["timeSliceWindow"] = openslo_duration(slo.slice_length)
    name = openslo_name(slo.name)
    return {
        "apiVersion": "openslo/v1",
        "kind": "SLO",
        "metadata": {"name": name, "displayName": slo.name, "annotations": _annotations(slo)},
        "spec": {
            "description": slo.good_means or f"{slo.kind} of {slo.service}",
            "service": openslo_name(slo.service),
            "indicator": {"metadata": {"name": f"{name}-sli"[:253]}, "spec": {"ratioMetric": ratio}},
            "timeWindow": [_window(slo, as_of)],
            "budgetingMethod": METHODS[slo.budgeting],
            "objectives": [objective],
        },
    }


def _annotations(slo: SLO) -> dict[str, str]:
    told = {"owner": slo.owner, "journey": slo.journey, "target-source": slo.target_source}
    return {key: value for key, value in told.items() if value}


def _metric(query: str) -> dict[str, Any]:
    return {"metricSource": {"type": "Prometheus", "spec": {"query": query}}}


def _window(slo: SLO, as_of: datetime) -> dict[str, Any]:
    if not slo.calendar:
        return {"duration": openslo_duration(slo.window), "isRolling": True}
    from zoneinfo import ZoneInfo

    first, _ = period(slo.calendar, (as_of - timedelta(microseconds=1)).astimezone(ZoneInfo(slo.zone)).date())
    begins = {"startTime": f"{first:%Y-%m-%d} 00:00:00", "timeZone": slo.zone}
    return {"duration": _CALENDAR[slo.calendar], "isRolling": False, "calendar": begins}


def openslo_duration(length: timedelta) -> str:
    """
    A length in OpenSLO's duration shorthand, whole minutes.

    >>> openslo_duration(timedelta(days=28)), openslo_duration(timedelta(minutes=90))
    ('28d', '90m')
    """
    minutes = max(1, length // timedelta(minutes=1))
    for unit, size in (("d", 1440), ("h", 60)):
        if minutes % size == 0:
            return f"{minutes // size}{unit}"
    return f"{minutes}m"


def openslo_problems(text: str) -> list[str]:
    """
    What breaks OpenSLO v1 in a file, for the kinds that are written here: required keys, names, durations, choices.

    Empty when nothing does. It is our reading of the specification, not the project's own validator.
    """
    import yaml

    try:
        documents = list(yaml.safe_load_all(text))
    except yaml.YAMLError as error:
        return [f"not YAML: {error}"]
    found = []
    for number, document in enumerate(documents, 1):
        if not isinstance(document, dict):
            found.append(f"document {number} is no mapping")
            continue
        found.extend(f"document {number}: {problem}" for problem in _problems(document))
    return found


def _problems(document: dict[str, Any]) -> list[str]:
    found = []
    if document.get("apiVersion") != "openslo/v1":
        found.append(f"apiVersion must be openslo/v1, got {document.get('apiVersion')!r}")
    name = (document.get("metadata") or {}).get("name", "")
    if not _NAME.fullmatch(str(name)):
        found.append(f"metadata.name {name!r} is no RFC 1123 name")
    spec = document.get("spec")
    if not isinstance(spec, dict):
        return [*found, "spec is missing"]
    kind = document.get("kind")
    if kind == "SLO":
        found.extend(_slo_problems(spec))
    elif kind != "Service":
        found.append(f"kind {kind!r} is not checked")
    return found


def _slo_problems(spec: dict[str, Any]) -> list[str]:
    found = [f"spec.{key} is missing" for key in ("service", "budgetingMethod", "objectives") if not spec.get(key)]
    method = spec.get("budgetingMethod")
    if method not in _BUDGETING:
        found.append(f"budgetingMethod {method!r}, allowed: {', '.join(_BUDGETING)}")
    if bool(spec.get("indicator")) == bool(spec.get("indicatorRef")):
        found.append("give exactly one of indicator and indicatorRef")
    for window in spec.get("timeWindow") or [{}]:
        if not _DURATION.fullmatch(str(window.get("duration", ""))):
            found.append(f"timeWindow.duration {window.get('duration')!r} is no duration")
        if not window.get("isRolling") and not window.get("calendar"):
            found.append("a window that does not roll needs a calendar")
    for objective in spec.get("objectives") or []:
        aim = objective.get("target")
        if not isinstance(aim, float | int) or not 0 <= aim <= 1:
            found.append(f"objective target {aim!r} does not lie in 0..1")
        if method == "Timeslices" and "timeSliceTarget" not in objective:
            found.append("Timeslices needs timeSliceTarget")
        if method in ("Timeslices", "RatioTimeslices") and not _DURATION.fullmatch(
            str(objective.get("timeSliceWindow", ""))
        ):
            found.append(f"{method} needs timeSliceWindow")
    return found
