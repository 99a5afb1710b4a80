"""
Sloth: specifications (``prometheus/v1``), their Kubernetes form (``PrometheusServiceLevel``) and alert windows.

An objective is percent by its own specification. Plugins are programs of their own; what needs one is refused by name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from fractions import Fraction
from typing import Any, Final

from sre_kit.compute.queries import WINDOW, query_problem
from sre_kit.compute.slo.alerting import BurnRateAlert
from sre_kit.compute.slo.objectives import TAKEN_LABELS
from sre_kit.compute.slo.sloth import AlertMeta, SlothSLO
from sre_kit.errors import ParameterError
from sre_kit.load.slo_files.checking import objective
from sre_kit.load.slo_files.contents import Contents, Imported, Specification
from sre_kit.load.slo_files.fields import (
    Fields,
    Key,
    Shape,
    anything,
    boolean,
    checked,
    choice,
    list_of,
    mapping,
    nearest_word,
    number,
    text,
    texts,
)
from sre_kit.load.slo_files.values import Value
from sre_kit.units import duration as any_duration

SPECIFICATION: Final = "prometheus/v1"
KUBERNETES: Final = "sloth.slok.dev/v1"
_KINDS: Final = ("PrometheusServiceLevel", "AlertWindows")
_NAME: Final = re.compile(r"[A-Za-z0-9][-A-Za-z0-9_.]*[A-Za-z0-9]")
_LABEL: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_DURATION: Final = re.compile(r"(?:[0-9]+(?:ms|[smhdwy]))+")
_YEAR: Final = timedelta(days=365)

Names = Mapping[str, str]
"""Our name of a field -> the file's: snake case in a specification, camel case in Kubernetes."""
SNAKE: Final[Names] = {
    "error_query": "error_query",
    "total_query": "total_query",
    "error_ratio_query": "error_ratio_query",
    "page_alert": "page_alert",
    "ticket_alert": "ticket_alert",
    "slo_plugins": "slo_plugins",
    "info_labels": "infoLabels",
}
CAMEL: Final[Names] = {
    "error_query": "errorQuery",
    "total_query": "totalQuery",
    "error_ratio_query": "errorRatioQuery",
    "page_alert": "pageAlert",
    "ticket_alert": "ticketAlert",
    "slo_plugins": "sloPlugins",
    "info_labels": "infoLabels",
}


def read(documents: list[Value], contents: Contents) -> None:
    """Read specifications and alert windows, and put what they say into `contents`."""
    ids: dict[str, Value] = {}
    for document in documents:
        keys = document.mapping()
        kind = keys["kind"].text if "kind" in keys else ""
        if "version" in keys or "apiVersion" not in keys:
            found = mapping({"version": Key(choice(SPECIFICATION), True), **_spec(SNAKE)})(document)
            contents.objects.append(f"Sloth specification of {keys['service'].text if 'service' in keys else '?'}")
            _objectives(found, SNAKE, {}, ids, contents)
        elif kind == "AlertWindows":
            contents.objects.append("AlertWindows")
            _windows(document.renamed("AlertWindows "), contents)
        elif kind == "PrometheusServiceLevel":
            _kubernetes(document, ids, contents)
        else:
            keys.get("kind", document).wrong(f"{kind!r} is no kind{nearest_word(kind, _KINDS)}")


def _kubernetes(document: Value, ids: dict[str, Value], contents: Contents) -> None:
    shape = {
        "apiVersion": Key(choice(KUBERNETES), True),
        "kind": Key(text, True),
        "metadata": Key(_object_metadata, True),
        "spec": Key(mapping(_spec(CAMEL)), True),
        "status": Key(anything),
    }
    found = mapping(shape)(document)
    if found is None:
        return
    metadata = found["metadata"] or {}
    contents.objects.append(f"PrometheusServiceLevel {metadata.get('name', '')!r}")
    _objectives(found["spec"], CAMEL, metadata, ids, contents)


def _object_metadata(value: Value) -> dict[str, Any] | None:
    """The part of a Kubernetes object's metadata that its rules take over; the rest is the cluster's own."""
    keys = value.mapping()
    if "name" not in keys:
        value.wrong("name is needed and missing")
    readers = {"name": text, "namespace": text, "labels": texts, "annotations": texts}
    return {key: found for key, one in keys.items() if key in readers and (found := readers[key](one)) is not None}


def _spec(names: Names) -> Shape:
    sli = {
        "events": Key(
            checked(
                {names["error_query"]: Key(_query, True), names["total_query"]: Key(_query, True)},
                lambda events: _different(events, names),
            )
        ),
        "raw": Key(mapping({names["error_ratio_query"]: Key(_query, True)})),
        "plugin": Key(anything),
    }
    alert = mapping({"disable": Key(boolean), "labels": Key(_labels), "annotations": Key(_annotations)})
    alerting = {
        "name": Key(text),
        "labels": Key(_labels),
        "annotations": Key(_annotations),
        names["page_alert"]: Key(alert),
        names["ticket_alert"]: Key(alert),
    }
    slo = {
        "name": Key(_name, True),
        "description": Key(text),
        "objective": Key(_percent, True),
        "labels": Key(_labels),
        names["info_labels"]: Key(_labels),
        "sli": Key(checked(sli, lambda found: _one_sli(found)), True),
        "alerting": Key(mapping(alerting), True),
        "plugins": Key(_plugin_chain),
    }
    return {
        "service": Key(_name, True),
        "labels": Key(_labels),
        "slos": Key(list_of(mapping(slo), least=1), True),
        names["slo_plugins"]: Key(_plugin_chain),
    }


def _one_sli(found: Fields) -> None:
    if "plugin" in found:
        plugin = found.at("plugin")
        inner = plugin.mapping()
        called = inner["id"].text if "id" in inner else ""
        plugin.wrong(
            f"the plugin {called!r} is a program that is not run here; write its query as sli.raw or sli.events"
        )
        return
    found.exactly_one("events", "raw")


def _plugin_chain(value: Value) -> None:
    value.wrong("plugins are programs that are not run here; remove them, the rules are made without")


def _different(events: Fields, names: Names) -> None:
    error, total = events[names["error_query"]], events[names["total_query"]]
    if error is not None and error == total:
        events.at(names["error_query"]).wrong("error and total are the same query; every event would be an error")


def _query(value: Value) -> str | None:
    found = text(value)
    if found is None:
        return None
    if not WINDOW.search(found):
        value.wrong("has no open window; write {{.window}} where the window stands, such as rate(x[{{.window}}])")
        return None
    if "{{" in WINDOW.sub("", found):
        value.wrong("has a template other than {{.window}}")
        return None
    if problem := query_problem(found):
        value.wrong(f"is no PromQL: {' '.join(problem.split())}")
        return None
    return found


def _name(value: Value) -> str | None:
    found = text(value)
    if found is None or _NAME.fullmatch(found):
        return found
    value.wrong(f"{found!r} is no name: letters and digits at both ends, and - _ . between them")
    return None


def _percent(value: Value) -> Fraction | None:
    found = number(value)
    if found is None or 0 < found <= 100:
        return None if found is None else found / 100
    value.wrong(f"must be percent above 0 and at most 100, got {value.text}")
    return None


def _labels(value: Value) -> dict[str, str] | None:
    found = texts(value)
    for key, one in value.mapping().items():
        if not _LABEL.fullmatch(key) or key == "__name__":
            one.wrong(f"{key!r} is no name of a Prometheus label: letters, digits and _, no digit first")
    return found


def _annotations(value: Value) -> dict[str, str] | None:
    found = texts(value)
    for key, one in value.mapping().items():
        if not _LABEL.fullmatch(key):
            one.wrong(f"{key!r} is no name of an annotation: letters, digits and _, no digit first")
    return found


def _objectives(
    spec: Fields | None, names: Names, metadata: Mapping[str, Any], ids: dict[str, Value], contents: Contents
) -> None:
    if spec is None or spec["service"] is None:
        return
    read = []
    for one in spec["slos"] or []:
        if one["name"] is None:
            continue
        value = one.value.renamed(f"SLO {spec['service'] + '-' + one['name']!r}")
        own = SlothSLO(service=spec["service"], name=one["name"], target=one["objective"] or Fraction(1))
        if own.id in ids:
            first = ids[own.id]
            value.wrong(f"is there twice, first in {first.file}:{first.line}; rename or remove one")
        ids.setdefault(own.id, value)
        found = _objective(spec, one, names)
        if found is not None:
            read.append(found)
            _as_ours(found, value, contents)
    contents.specs.append(Specification(spec["service"], tuple(read), metadata))


def _objective(spec: Fields, one: Fields, names: Names) -> SlothSLO | None:
    """The objective as it is; missing where a part of it could not be read."""
    sli, alerting = one["sli"], one["alerting"]
    if one["objective"] is None or sli is None or alerting is None:
        return None
    events, raw = sli["events"], sli["raw"]
    queries: dict[str, Any] = {
        "error": events[names["error_query"]] if events else "",
        "total": events[names["total_query"]] if events else "",
        "error_ratio": raw[names["error_ratio_query"]] if raw else "",
    }
    alerts = {}
    for severity in ("page", "ticket"):
        alert = alerting[names[f"{severity}_alert"]]
        if not (alert and alert["disable"]):
            alerts[severity] = AlertMeta(
                name=alerting["name"] or "",
                labels={**(alerting["labels"] or {}), **((alert and alert["labels"]) or {})},
                annotations={**(alerting["annotations"] or {}), **((alert and alert["annotations"]) or {})},
            )
    if alerts and not alerting["name"]:
        alerting.value.wrong("name is needed and missing; without it disable both alerts")
    if None in queries.values() or not any(queries.values()):
        return None
    return SlothSLO(
        service=spec["service"],
        name=one["name"],
        target=one["objective"],
        description=one["description"] or "",
        labels={**(spec["labels"] or {}), **(one["labels"] or {})},
        info_labels=one[names["info_labels"]] or {},
        spec=SPECIFICATION if names is SNAKE else KUBERNETES,
        page=alerts.get("page"),
        ticket=alerts.get("ticket"),
        **queries,
    )


def _as_ours(one: SlothSLO, value: Value, contents: Contents) -> None:
    queries = {"ratio": one.error_ratio} if one.error_ratio else {"bad": one.error, "total": one.total}
    written = {
        "name": one.id,
        "service": one.service,
        "target": one.target,
        **{key: query.strip() for key, query in queries.items()},
        "good_means": one.description,
        "target_source": "Sloth file",
        "labels": _plain(one.labels),
        **{
            severity: {"labels": _plain(meta.labels), "annotations": dict(meta.annotations)}
            for severity, meta in (("page", one.page), ("ticket", one.ticket))
            if meta is not None
        },
    }
    try:
        slo = objective(written)
    except ParameterError as error:
        value.wrong(str(error))
        return
    contents.slos.append(Imported(slo, value.file, value.line, tuple(_left_out(one))))


def _plain(labels: Mapping[str, str]) -> dict[str, str]:
    """Labels that ours may have too: not those that the rules set themselves."""
    return {key: text for key, text in labels.items() if key not in TAKEN_LABELS}


def _left_out(one: SlothSLO) -> list[str]:
    taken = {key: value for key, value in one.labels.items() if key in TAKEN_LABELS}
    found = [f"label {key}: {value}" for key, value in {**taken, **one.info_labels}.items()]
    for severity, alert in (("page", one.page), ("ticket", one.ticket)):
        if alert is None:
            found.append(f"that its {severity} is disabled")
            continue
        found += [
            f"label {key}: {value} of its {severity}" for key, value in alert.labels.items() if key in TAKEN_LABELS
        ]
        if alert.name:
            found.append(f"the name {alert.name!r} of its {severity} alert; ours follows from the objective's")
    return found


def _windows(document: Value, contents: Contents) -> None:
    before = len(document.report.problems)
    pair = mapping(
        {
            "errorBudgetPercent": Key(_percent, True),
            "shortWindow": Key(_duration, True),
            "longWindow": Key(_duration, True),
        }
    )
    severity = Key(mapping({"quick": Key(pair, True), "slow": Key(pair, True)}), True)
    spec = mapping({"sloPeriod": Key(_duration, True), "page": severity, "ticket": severity})
    found = mapping({"apiVersion": Key(choice(KUBERNETES), True), "kind": Key(text, True), "spec": Key(spec, True)})(
        document
    )
    if found is None or len(document.report.problems) > before:
        return
    given, pairs = found["spec"], []
    for name in ("page", "ticket"):
        for speed in ("quick", "slow"):
            one = given[name][speed]
            try:
                pairs.append(BurnRateAlert(name, one["errorBudgetPercent"], one["longWindow"], one["shortWindow"]))
            except ParameterError as error:
                one.value.wrong(str(error))
    if given["sloPeriod"] in contents.windows:
        given.at("sloPeriod").wrong(f"windows for the period {given.at('sloPeriod').text} are given twice; keep one")
    contents.windows.setdefault(given["sloPeriod"], tuple(pairs))


def _duration(value: Value) -> timedelta | None:
    """A duration as Prometheus writes it."""
    if value.kind == "text" and _DURATION.fullmatch(value.text):
        years = sum(int(found) for found in re.findall(r"(\d+)y", value.text))
        rest = re.sub(r"\d+y", "", value.text)
        length = years * _YEAR + (any_duration(rest) if rest else timedelta(0))
        if length > timedelta(0):
            return length
    value.wrong(f"must be a duration such as 5m, 36h or 28d, got {value.shown()}")
    return None
