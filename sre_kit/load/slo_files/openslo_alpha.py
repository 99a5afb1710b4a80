"""
OpenSLO v1alpha, the format's first version: a Service, and an SLO whose queries stand in its objectives.
"""

from __future__ import annotations

from typing import Any, Final

from sre_kit.errors import ParameterError, nearest
from sre_kit.load.slo_files.checking import objective
from sre_kit.load.slo_files.contents import Contents, Imported, NotImported
from sre_kit.load.slo_files.fields import (
    Fields,
    Key,
    boolean,
    checked,
    choice,
    list_of,
    mapping,
    moment,
    name,
    nearest_word,
    number,
    short_text,
    text,
)
from sre_kit.load.slo_files.openslo import BOUNDS, METHODS, SOURCES
from sre_kit.load.slo_files.openslo_shapes import time_zone
from sre_kit.load.slo_files.values import Value

VERSION: Final = "openslo/v1alpha"
_DAY: Final = 86_400
_UNITS: Final = {
    "second": 1, "minute": 60, "hour": 3600, "day": _DAY, "week": 7 * _DAY, "month": 30 * _DAY, "quarter": 90 * _DAY,
    "year": 365 * _DAY,
}  # fmt: skip
_CALENDARS: Final = ("week", "month", "quarter", "year")


def read(documents: list[Value], contents: Contents) -> None:
    """Read the objects of some files, and put what they say into `contents`."""
    names: dict[tuple[str, str], Value] = {}
    for document in documents:
        before = len(document.report.problems)
        found = _object(document)
        if found is None:
            continue
        value = found.value
        key = (str(found["kind"]), str((found["metadata"] or {"name": ""})["name"]))
        if key in names:
            first = names[key]
            value.wrong(f"{key[0]} {key[1]!r} is there twice, first in {first.file}:{first.line}; rename or remove one")
        names.setdefault(key, value)
        contents.objects.append(value.path.strip())
        if key[0] == "SLO" and len(value.report.problems) == before:
            _objectives(found, contents)


def _object(document: Value) -> Fields | None:
    keys = document.mapping()
    kind = keys["kind"].text if "kind" in keys else ""
    if kind not in _KINDS:
        where = keys.get("kind", document)
        where.wrong(
            f"{kind!r} is no kind of v1alpha{nearest_word(kind, _KINDS)}" if kind else "kind is needed and missing"
        )
        return None
    metadata = keys["metadata"].mapping() if "metadata" in keys else {}
    called = metadata["name"].text if "name" in metadata else ""
    return mapping(
        {
            "apiVersion": Key(choice(VERSION), True),
            "kind": Key(text, True),
            "metadata": Key(mapping({"name": Key(name, True), "displayName": Key(text)}), True),
            "spec": Key(_KINDS[kind], kind == "SLO"),
        }
    )(document.renamed(f"{kind} {called!r} "))


def _unit(value: Value) -> str | None:
    found = text(value)
    if found is None or found.lower() in _UNITS:
        return found and found.lower()
    value.wrong(f"{found!r} is no unit{nearest(found.lower(), _UNITS)}")
    return None


def _count(value: Value) -> int | None:
    found = number(value)
    if found is None or (found > 0 and found.denominator == 1):
        return None if found is None else int(found)
    value.wrong(f"must be a whole number above 0, got {value.text}")
    return None


def _rolls_or_not(window: Fields) -> None:
    if window["isRolling"] and "calendar" in window:
        window.at("calendar").wrong("a rolling window has no calendar; remove it, or write isRolling: false")
    if not window["isRolling"] and "calendar" not in window:
        window.value.wrong("a window that does not roll needs a calendar; write isRolling: true, or the calendar")


def _windows(value: Value) -> list[Fields] | None:
    found: list[Fields] | None = list_of(_WINDOW, least=1)(value)
    if len(value.items()) > 1:
        value.items()[1].wrong(f"an objective has one time window, got {len(value.items())}; write an SLO for each")
    return found


def _target(one: Fields) -> None:
    for key, below in (("target", True), ("timeSliceTarget", False)):
        share = one[key]
        if share is not None and not (0 <= share < 1 if below else 0 <= share <= 1):
            limit = "below 1" if below else "at most 1"
            hint = f"; for {one.at(key).text} % write {float(share / 100):g}" if 1 < share < 100 else ""
            one.at(key).wrong(f"must be at least 0 and {limit}, got {one.at(key).text}{hint}")


def _whole(spec: Fields) -> None:
    several = spec["objectives"] or []
    with_ratio = [one for one in several if "ratioMetrics" in one]
    if with_ratio and "indicator" in spec:
        spec.at("indicator").wrong("queries stand in the indicator or in ratioMetrics of the objectives, not in both")
    elif not with_ratio and "indicator" not in spec:
        spec.value.wrong("an indicator, or ratioMetrics in the objectives, is needed and missing")
    for one in several:
        for key in ("op", "value") if "ratioMetrics" not in one else ():
            if key not in one:
                one.value.wrong(f"{key} is needed with a thresholdMetric and missing")
        if spec["budgetingMethod"] == "Timeslices" and "timeSliceTarget" not in one:
            one.value.wrong("timeSliceTarget is needed with budgetingMethod Timeslices and missing")


_SOURCE: Final = mapping({"source": Key(text, True), "queryType": Key(text, True), "query": Key(text, True)})
_WINDOW: Final = checked(
    {
        "unit": Key(_unit, True),
        "count": Key(_count, True),
        "isRolling": Key(boolean),
        "calendar": Key(mapping({"startTime": Key(moment, True), "timeZone": Key(time_zone, True)})),
    },
    _rolls_or_not,
)
_OBJECTIVE: Final = checked(
    {
        "displayName": Key(text),
        "value": Key(number),
        "op": Key(choice("lte", "gte", "lt", "gt")),
        "target": Key(number, True),
        "timeSliceTarget": Key(number),
        "ratioMetrics": Key(
            mapping(
                {
                    "incremental": Key(boolean),
                    "counter": Key(boolean),
                    "good": Key(_SOURCE, True),
                    "total": Key(_SOURCE, True),
                }
            )
        ),
    },
    _target,
)
_KINDS: Final = {
    "Service": mapping({"description": Key(short_text(1050))}),
    "SLO": checked(
        {
            "description": Key(short_text(1050)),
            "service": Key(text, True),
            "indicator": Key(mapping({"thresholdMetric": Key(_SOURCE, True)})),
            "timeWindows": Key(_windows),
            "budgetingMethod": Key(choice("Occurrences", "Timeslices"), True),
            "objectives": Key(list_of(_OBJECTIVE, least=1), True),
        },
        _whole,
    ),
}


def _objectives(found: Fields, contents: Contents) -> None:
    spec = found["spec"]
    called, several = str(found["metadata"]["name"]), spec["objectives"]
    for index, one in enumerate(several):
        own = called if len(several) == 1 else f"{called}-{index}"
        why = _unfit(spec, one)
        if why:
            contents.not_imported.append(NotImported(own, one.value.file, one.value.line, why))
            continue
        written: dict[str, Any] = {
            "name": own,
            "service": str(spec["service"]),
            "target": one["target"],
            **_queries(spec, one),
            "good_means": str(spec["description"] or ""),
            "target_source": "OpenSLO file",
            "budgeting": METHODS[str(spec["budgetingMethod"])],
            **_window(spec),
        }
        if "timeSliceTarget" in one:
            written["slice_target"] = one["timeSliceTarget"]
        try:
            slo = objective(written)
        except ParameterError as error:
            one.value.wrong(str(error))
            continue
        contents.slos.append(Imported(slo, one.value.file, one.value.line, _left_out(spec)))


def _unfit(spec: Fields, one: Fields) -> str:
    """Why ours has no such objective; empty where it has."""
    for part, metric in _metrics(spec, one).items():
        source, kind = str(metric["source"]), str(metric["queryType"])
        if source.lower() not in (*SOURCES, "sloth") or kind.lower() != "promql":
            return f"its {part} is {kind} of {source}; read is promql of {', '.join(SOURCES)}"
    if not one["target"]:
        return "a target of 0 promises nothing"
    for window in spec["timeWindows"] or []:
        if not window["isRolling"] and (window["count"] != 1 or window["unit"] not in _CALENDARS):
            return f"a calendar window of {window['count']} {window['unit']}; ours are 1 of {', '.join(_CALENDARS)}"
    return ""


def _metrics(spec: Fields, one: Fields) -> dict[str, Fields]:
    ratio = one["ratioMetrics"]
    if ratio is not None:
        return {part: ratio[part] for part in ("good", "total")}
    return {"threshold": spec["indicator"]["thresholdMetric"]}


def _queries(spec: Fields, one: Fields) -> dict[str, Any]:
    """The indicator of an objective, as ours: events, or a gauge with its bound."""
    found = {part: metric["query"].strip() for part, metric in _metrics(spec, one).items()}
    if "threshold" not in found:
        return found
    return {"gauge": found["threshold"], BOUNDS[str(one["op"])[:2]]: float(one["value"])}


def _window(spec: Fields) -> dict[str, str]:
    for window in spec["timeWindows"] or []:
        if window["isRolling"]:
            return {"window": f"{window['count'] * _UNITS[window['unit']]}s"}
        return {"calendar": window["unit"], "zone": str(window["calendar"]["timeZone"])}
    return {}


def _left_out(spec: Fields) -> tuple[str, ...]:
    said = [] if "timeWindows" in spec else ["it has no timeWindows; taken as 30 rolling days"]
    if spec["budgetingMethod"] == "Timeslices":
        said.append("the length of a slice, which this version of the format does not say; taken as 5 minutes")
    return tuple(said)
