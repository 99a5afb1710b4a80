"""
OpenSLO v1 (https://github.com/OpenSLO/OpenSLO): its objects, their references, and its objectives as ours.

What a file breaks of the specification is a problem. What is valid and ours cannot hold (composites, other sources than
Prometheus, alert policies) is left out by name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from fractions import Fraction
from typing import Any, Final

from sre_kit.compute.slo.objectives import SLO
from sre_kit.compute.slo.windows import period
from sre_kit.errors import ParameterError, nearest
from sre_kit.load.slo_files.checking import objective
from sre_kit.load.slo_files.contents import Contents, Imported, NotImported
from sre_kit.load.slo_files.fields import Fields, Key, choice, mapping, nearest_word, text
from sre_kit.load.slo_files.openslo_shapes import KINDS, METADATA
from sre_kit.load.slo_files.values import Value
from sre_kit.units import target

VERSION: Final = "openslo/v1"
ANNOTATION: Final = "sre-kit/"
"""Prefix of the annotations that carry what OpenSLO has no field for."""
METHODS: Final = {"Occurrences": "occurrences", "Timeslices": "timeslices", "RatioTimeslices": "ratio_timeslices"}
CALENDARS: Final = {"1w": "week", "1M": "month", "1Q": "quarter", "1Y": "year"}
DAYS: Final = {"w": 7, "M": 30, "Q": 90, "Y": 365}
BOUNDS: Final = {"lt": "at_most", "gt": "at_least"}
NATIVE: Final = {
    "target", "total", "good", "bad", "ratio", "gauge", "at_most", "at_least", "budgeting", "calendar", "sli",
    "dependencies", "agreements",
}  # fmt: skip
"""Fields of ours that no annotation may carry: the format has its own place for them, or they are lists."""
SOURCES: Final = ("prometheus", "mimir", "thanos", "cortex", "victoriametrics")
"""Metric sources that answer PromQL."""


@dataclass
class Objects:
    """Kind -> name -> the object of that name that came first."""

    found: dict[str, dict[str, Fields]] = field(default_factory=dict)
    troubled: set[int] = field(default_factory=set)
    """The nodes of objects that have problems: what is half understood becomes no objective."""

    def put(self, kind: str, found: Fields) -> None:
        """Keep an object; a name that its kind has already is reported."""
        known = self.found.setdefault(kind, {})
        called = str((found["metadata"] or {"name": ""})["name"] or "")
        if called in known:
            first = known[called].value
            found.at("metadata").wrong(
                f"{kind} {called!r} is there twice, first in {first.file}:{first.line}; rename or remove one"
            )
        elif called:
            known[called] = found

    def resolve(self, kind: str, reference: Value) -> Fields | None:
        """The object that a reference names; reported where there is none in these files."""
        known = self.found.get(kind, {})
        if reference.text in known:
            return known[reference.text]
        near = nearest(reference.text, known) if known else f"; there is no {kind} in it"
        reference.wrong(f"no {kind} {reference.text!r}{near}; give the file that has it too")
        return None


def read(documents: list[Value], contents: Contents) -> None:
    """Read the objects of some files together, and put what they say into `contents`."""
    objects = Objects()
    slos = []
    for document in documents:
        before = len(document.report.problems)
        kind, found = _object(document)
        if found is None:
            continue
        if len(document.report.problems) > before:
            objects.troubled.add(id(found.value.node))
        objects.put(kind, found)
        contents.objects.append(found.value.path.strip())
        if kind == "SLO":
            slos.append(found)
    for kind in ("AlertPolicy", "SLO"):
        for one in objects.found.get(kind, {}).values():
            _check_policies(kind, one["spec"], objects)
    for one in slos:
        _objectives(one, objects, contents)


def _object(document: Value) -> tuple[str, Fields | None]:
    keys = document.mapping()
    kind = keys["kind"].text if "kind" in keys else ""
    if kind not in KINDS:
        where = keys.get("kind", document)
        where.wrong(f"{kind!r} is no kind{nearest_word(kind, KINDS)}" if kind else "kind is needed and missing")
        return kind, None
    metadata = keys["metadata"].mapping() if "metadata" in keys else {}
    called = metadata["name"].text if "name" in metadata else ""
    shape = {
        "apiVersion": Key(choice(VERSION), True),
        "kind": Key(text, True),
        "metadata": Key(METADATA, True),
        "spec": Key(KINDS[kind], kind != "Service"),
    }
    return kind, mapping(shape)(document.renamed(f"{kind} {called!r} "))


def _check_policies(kind: str, spec: Fields | None, objects: Objects) -> None:
    """Resolve the references of an alert policy, or of the policies that an objective has inline."""
    if spec is None:
        return
    for policy in [spec] if kind == "AlertPolicy" else spec["alertPolicies"] or []:
        if "alertPolicyRef" in policy:
            objects.resolve("AlertPolicy", policy.at("alertPolicyRef"))
            continue
        inner = policy["spec"] if kind == "SLO" else policy
        if inner is None:
            continue
        for one in inner["conditions"] or []:
            if "conditionRef" in one:
                objects.resolve("AlertCondition", one.at("conditionRef"))
        for one in inner["notificationTargets"] or []:
            if "targetRef" in one:
                objects.resolve("AlertNotificationTarget", one.at("targetRef"))


def _objectives(found: Fields, objects: Objects, contents: Contents) -> None:
    """One of ours for each objective; none while the object has problems."""
    spec, metadata = found["spec"], found["metadata"]
    if spec is None:
        return
    several: list[Fields] = spec["objectives"] or []
    indicators = [_indicator(one if _composite(one) else spec, objects) for one in several]
    if metadata is None or id(found.value.node) in objects.troubled:
        return
    called = str(metadata["name"])
    lost = list(_left_out(spec, objects))
    for number, (one, own) in enumerate(zip(several, indicators, strict=True)):
        name = called if len(several) == 1 else f"{called}-{_distinct(several, number)}"
        why, events, notes = _events(own, one, objects) if own else ("its indicator is not known", {}, [])
        if _composite(one):
            why = "a composite of several indicators; give each an SLO of its own"
        aim = _aim(one)
        why = why or _unfit(spec, aim)
        if why:
            contents.not_imported.append(NotImported(name, one.value.file, one.value.line, why))
            continue
        carried = _carried(metadata, alone=len(several) == 1)
        if "histogram" in carried:  # its queries follow from it
            events = {}
        written = {
            "name": name,
            "service": str(spec["service"]),
            "good_means": str(spec["description"] or ""),
            "target_source": "OpenSLO file",
            **carried,
            "target": aim,
            **events,
            **_window(spec),
            **_budgeting(spec, one),
        }
        try:
            slo = objective(written)
        except ParameterError as error:
            one.value.wrong(str(error))
            continue
        contents.slos.append(Imported(slo, one.value.file, one.value.line, (*lost, *notes)))


def _composite(one: Fields) -> bool:
    return "indicator" in one or "indicatorRef" in one


def _indicator(holder: Fields, objects: Objects) -> Fields | None:
    """The specification of the indicator that a spec or an objective has inline or refers to."""
    if "indicatorRef" in holder:
        found = objects.resolve("SLI", holder.at("indicatorRef"))
        known = found is not None and id(found.value.node) not in objects.troubled
        return found["spec"] if found and known else None
    inline: Fields | None = holder["indicator"]
    return inline["spec"] if inline else None


def _events(indicator: Fields, one: Fields, objects: Objects) -> tuple[str, dict[str, Any], list[str]]:
    """Why an indicator cannot be counted (empty when it can), its queries, and what of it is left out."""
    if "thresholdMetric" in indicator:
        return _gauge(indicator["thresholdMetric"], one, objects)
    ratio = indicator["ratioMetric"]
    if ratio is None:
        return "its indicator is not known", {}, []
    parts = [part for part in ("good", "bad", "total", "raw") if part in ratio]
    why, queries = _queries({part: ratio[part] for part in parts}, objects)
    if why:
        return why, {}, []
    notes = [f"{key}: it goes with a threshold, not with a ratio" for key in ("op", "value") if key in one]
    if "raw" in queries:
        bad = queries["raw"] if ratio["rawType"] == "failure" else f"1 - ({queries['raw']})"
        return "", {"ratio": bad}, notes
    if "counter" not in ratio:
        notes.append("counter is not said; taken as true")
    if ratio["counter"] is False and not all("{{" in query for query in queries.values()):
        return "counter is false: ours counts the increments of counters; write queries over {{.window}}", {}, []
    return "", queries, notes


def _gauge(metric: Fields, one: Fields, objects: Objects) -> tuple[str, dict[str, Any], list[str]]:
    """A threshold as a gauge with its bound."""
    for key in ("op", "value"):
        if key not in one:
            one.value.wrong(f"{key} is needed with a thresholdMetric and missing")
            return f"its threshold has no {key}", {}, []
    why, queries = _queries({"threshold": metric}, objects)
    if why:
        return why, {}, []
    operator = str(one["op"])
    notes = [f"op {operator}: read as {operator}e, the bound itself is good"] if len(operator) == 2 else []
    return "", {"gauge": queries["threshold"], BOUNDS[operator[:2]]: float(one["value"])}, notes


def _queries(metrics: Mapping[str, Fields], objects: Objects) -> tuple[str, dict[str, str]]:
    """Part -> its query; or why a part has none that could be asked."""
    found: dict[str, str] = {}
    for part, metric in metrics.items():
        source = metric["metricSource"]
        kind = _source(source, objects)
        if kind and kind.lower() not in SOURCES:
            return f"its {part} comes from {kind}; read are {', '.join(SOURCES)}", {}
        query = (source["spec"] or {}).get("query")
        if query is None or query.kind != "text" or not query.text.strip():
            return f"its {part} has no metricSource.spec.query", {}
        found[part] = query.text.strip()
    return "", found


def _source(source: Fields, objects: Objects) -> str:
    """Kind of the metric source: as it is said, or that of the DataSource it names; empty where neither is known."""
    if "type" in source:
        return str(source["type"] or "")
    if "metricSourceRef" not in source:
        return ""
    named = objects.found.get("DataSource", {}).get(source.at("metricSourceRef").text)
    return str(named["spec"]["type"] or "") if named and named["spec"] else ""


def _carried(metadata: Fields, *, alone: bool) -> dict[str, str]:
    """Fields of ours that our own annotations carry; a name is no name where several objectives share it."""
    known = {one.name for one in fields(SLO)} - NATIVE - (set() if alone else {"name"})
    found = {}
    for key, value in (metadata["annotations"] or {}).items():
        own = key.removeprefix(ANNOTATION).replace("-", "_")
        if key.startswith(ANNOTATION) and own in known:
            found[own] = value
        elif key.startswith(ANNOTATION):
            metadata.at("annotations").note(f"the annotation {key} is not read")
    return found


def _aim(one: Fields) -> Fraction:
    share: Fraction = one["targetPercent"] / 100 if "targetPercent" in one else one["target"]
    return share


def _distinct(several: list[Fields], number: int) -> str:
    """What tells an objective from its siblings: its target in percent, else its number."""
    shares = [target(_aim(one)).removesuffix(" %") for one in several]
    return shares[number] if len(set(shares)) == len(shares) else str(number)


def _unfit(spec: Fields, aim: Fraction) -> str:
    """Why ours has no such objective, whatever its indicator; empty where it has."""
    if not aim:
        return "a target of 0 promises nothing"
    for window in spec["timeWindow"] or []:
        if not window["isRolling"] and window["duration"] not in CALENDARS:
            return f"a calendar window of {window['duration']}; ours are {', '.join(CALENDARS)}"
    return ""


def _window(spec: Fields) -> dict[str, str]:
    windows = spec["timeWindow"] or []
    if not windows:
        return {}
    written = str(windows[0]["duration"])
    if windows[0]["isRolling"]:
        return {"window": rolling(written)}
    zone = str(windows[0]["calendar"]["timeZone"])
    return {"calendar": CALENDARS[written], "zone": zone}


def rolling(written: str) -> str:
    """A duration shorthand as ours: a month is 30 days, a quarter 90, a year 365, as its library reads it."""
    days = DAYS.get(written[-1])
    return f"{int(written[:-1]) * days}d" if days else written


def _budgeting(spec: Fields, one: Fields) -> dict[str, Any]:
    found: dict[str, Any] = {"budgeting": METHODS[str(spec["budgetingMethod"])]}
    if spec["budgetingMethod"] != "Occurrences":
        found["slice_length"] = rolling(str(one["timeSliceWindow"]))
    if spec["budgetingMethod"] == "Timeslices":
        found["slice_target"] = one["timeSliceTarget"]
    return found


def _left_out(spec: Fields, objects: Objects) -> Iterator[str]:
    """What is valid about an objective and ours has no place for."""
    if "timeWindow" not in spec:
        yield "it has no timeWindow; taken as 30 rolling days"
    for window in spec["timeWindow"] or []:
        if not window["isRolling"] and window["duration"] in CALENDARS:
            yield from _begins(CALENDARS[window["duration"]], window["calendar"]["startTime"])
    for policy in spec["alertPolicies"] or []:
        called = (
            policy["alertPolicyRef"] if "alertPolicyRef" in policy else (policy["metadata"] or {"name": ""})["name"]
        )
        yield f"alert policy {called!r}: ours has two windows; decide in alerting"
    if "indicator" in spec and spec["indicator"] and spec["indicator"]["spec"]["description"]:
        yield "the description of its indicator"


def _begins(calendar: str, written: str) -> Iterator[str]:
    day, clock = written.split()
    first, _ = period(calendar, date.fromisoformat(day))
    if clock != "00:00:00" or first.isoformat() != day:
        yield f"startTime {written}: ours begins a {calendar} at {first} 00:00:00"
