"""
Objectives as OpenSLO v1 (https://github.com/OpenSLO/OpenSLO), one YAML document each.

The indicator stands inline; queries keep their open window, as they are written in the params. What the format has no
field for rides along in annotations under ``sre-kit/``. An objective that it cannot express is left out and named.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import MISSING, fields, is_dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final
from zoneinfo import ZoneInfo

from sre_kit.compute.slo.objectives import SLO
from sre_kit.compute.slo.windows import period
from sre_kit.emit.params_lines import written
from sre_kit.emit.rule_groups import Number, yaml_text
from sre_kit.errors import ParameterError
from sre_kit.escape import plain
from sre_kit.units import target

METHODS: Final = {
    "occurrences": "Occurrences",
    "timeslices": "Timeslices",
    "ratio_timeslices": "RatioTimeslices",
}
ANNOTATION: Final = "sre-kit/"
_CALENDAR: Final = {"week": "1w", "month": "1M", "quarter": "1Q", "year": "1Y"}
_LONGEST: Final = 1050
_SHORTEST: Final = timedelta(minutes=1)
_NATIVE: Final = {
    "name", "target", "total", "good", "bad", "ratio", "gauge", "at_most", "at_least", "service", "budgeting",
    "calendar", "good_means", "target_source",
}  # fmt: skip
"""Fields with a place of their own in the format."""


def openslo_documents(slos: Sequence[SLO], as_of: datetime) -> str:
    """
    A multi-document YAML file: a Service for each service, then an SLO for each objective.

    A calendar window starts with the calendar period of `as_of`. What is left out stands in comments at the top.
    """
    lost, documents = [], []
    names = _distinct([slo.name for slo in slos])
    services = {slo.service: "" for slo in slos}
    services = dict(zip(services, _distinct(list(services)), strict=True))
    for slo, name in zip(slos, names, strict=True):
        try:
            documents.append(_slo(slo, name, services[slo.service], as_of))
        except ParameterError as error:
            lost.append(f"# left out: {plain(str(error))}\n")
    used = {one["spec"]["service"] for one in documents}
    named = [_service(name, known) for name, known in services.items() if known in used]
    return "".join(lost) + "".join(f"---\n{yaml_text(document)}" for document in [*named, *documents])


def openslo_name(name: str) -> str:
    """
    A name as OpenSLO allows it (RFC 1123): small letters, digits and "-", at most 63.

    >>> openslo_name("Checkout availability")
    'checkout-availability'
    """
    return re.sub(r"[^a-z0-9]+", "-", name.lower())[:63].strip("-") or "unnamed"


def openslo_duration(length: timedelta) -> str:
    """
    A length in OpenSLO's duration shorthand.

    >>> openslo_duration(timedelta(days=28)), openslo_duration(timedelta(minutes=90))
    ('28d', '90m')

    Raises
    ------
    ParameterError
        It is no whole number of minutes.
    """
    minutes, rest = divmod(length, _SHORTEST)
    if rest or not minutes:
        raise ParameterError(f"OpenSLO counts in whole minutes, not in {length.total_seconds():g} s")
    for unit, size in (("d", 1440), ("h", 60)):
        if minutes % size == 0:
            return f"{minutes // size}{unit}"
    return f"{minutes}m"


def _distinct(names: Sequence[str]) -> list[str]:
    """Names as OpenSLO allows them, each different: those that would be the same are numbered."""
    found: list[str] = []
    for name in names:
        known, number = openslo_name(name), 1
        one = known
        while one in found:
            number += 1
            one = f"{known[: 62 - len(str(number))]}-{number}"
        found.append(one)
    return found


def _service(name: str, known: str) -> dict[str, Any]:
    shown = {"displayName": name} if 0 < len(name) <= 63 else {}
    return {
        "apiVersion": "openslo/v1",
        "kind": "Service",
        "metadata": {"name": known, **shown},
        "spec": {"description": f"The service {name or known}."[:_LONGEST]},
    }


def _slo(slo: SLO, name: str, service: str, as_of: datetime) -> dict[str, Any]:
    if slo.target == 1:
        raise ParameterError(f"SLO {slo.name!r}: a target of 100 %; the format's targets lie below 1")
    objective: dict[str, Any] = {"displayName": f"{target(slo.target)} good", "target": _number(slo.target)}
    if slo.gauge:
        bound = slo.at_least if slo.at_most is None else slo.at_most
        objective = {"op": "gte" if slo.at_most is None else "lte", "value": bound, **objective}
    try:
        if slo.budgeting == "timeslices":
            objective["timeSliceTarget"] = _number(slo.target if slo.slice_target is None else slo.slice_target)
        if slo.budgeting != "occurrences":
            objective["timeSliceWindow"] = openslo_duration(slo.slice_length)
        window = _window(slo, as_of)
    except ParameterError as error:
        raise ParameterError(f"SLO {slo.name!r}: {error}") from None
    shown = {"displayName": slo.name} if 0 < len(slo.name) <= 63 else {}
    described = {"description": slo.good_means[:_LONGEST]} if slo.good_means else {}
    return {
        "apiVersion": "openslo/v1",
        "kind": "SLO",
        "metadata": {"name": name, **shown, "annotations": _annotations(slo, name, service)},
        "spec": {
            **described,
            "service": service,
            "indicator": {"metadata": {"name": f"{name[:59]}-sli"}, "spec": _indicator(slo)},
            "timeWindow": [window],
            "budgetingMethod": METHODS[slo.budgeting],
            "objectives": [objective],
        },
    }


def _indicator(slo: SLO) -> dict[str, Any]:
    if slo.gauge:
        return {"thresholdMetric": _metric(slo.gauge)}
    if slo.ratio:
        return {"ratioMetric": {"rawType": "failure", "raw": _metric(slo.ratio)}}
    part = "bad" if slo.bad else "good"
    return {"ratioMetric": {"counter": True, part: _metric(slo.bad or slo.good), "total": _metric(slo.total)}}


def _annotations(slo: SLO, name: str, service: str) -> dict[str, str]:
    """What the format has no field for, as a params file writes it; lists and maps stay behind."""
    told = {"target_source": slo.target_source}
    if slo.name != name:
        told["name"] = slo.name
    if slo.service != service:
        told["service"] = slo.service
    if len(slo.good_means) > _LONGEST:
        told["good_means"] = slo.good_means
    for one in fields(slo):
        value = getattr(slo, one.name)
        default = one.default_factory() if one.default_factory is not MISSING else one.default
        several = isinstance(value, list | dict | tuple) or is_dataclass(value)
        if one.name not in _NATIVE and value not in (default, None) and not several:
            told[one.name] = str(written(value))
    if not slo.calendar:
        told.pop("window", None)
    else:
        told.pop("zone", None)
    if slo.budgeting == "timeslices":
        told.pop("slice_target", None)
    if slo.budgeting != "occurrences":
        told.pop("slice_length", None)
    return {f"{ANNOTATION}{key.replace('_', '-')}": value for key, value in told.items()}


def _metric(query: str) -> dict[str, Any]:
    return {"metricSource": {"type": "Prometheus", "spec": {"query": query}}}


def _number(value: Fraction) -> Number:
    """Exact, as long as it has a decimal form; never with an exponent, which YAML takes for text."""
    digits = f"{Decimal(value.numerator) / Decimal(value.denominator):f}"
    return Number(digits if "." in digits else f"{digits}.0")


def _window(slo: SLO, as_of: datetime) -> dict[str, Any]:
    if not slo.calendar:
        return {"duration": openslo_duration(slo.window), "isRolling": True}
    first, _ = period(slo.calendar, (as_of - timedelta(microseconds=1)).astimezone(ZoneInfo(slo.zone)).date())
    begins = {"startTime": f"{first:%Y-%m-%d} 00:00:00", "timeZone": slo.zone}
    return {"duration": _CALENDAR[slo.calendar], "isRolling": False, "calendar": begins}
