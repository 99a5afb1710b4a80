"""
Objectives that already stand in OpenSLO or Sloth files, as ours.

OpenSLO v1: an SLO with a ratio indicator, inline or by name in the same file. Sloth v1 (``prometheus/v1``): event SLIs;
its objectives are percent by its own specification, its period is 30 days. What has no good (or bad) and total events
cannot be counted here and is refused with its name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import yaml

from sre_kit.compute.slo import SLO
from sre_kit.errors import ParameterError
from sre_kit.units import duration, ratio

MAX_BYTES: Final = 1_000_000
_METHODS: Final = {"Occurrences": "occurrences", "Timeslices": "timeslices", "RatioTimeslices": "ratio_timeslices"}
_CALENDARS: Final = {"1w": "week", "1M": "month", "1Q": "quarter", "1Y": "year"}
_DAYS: Final = {"w": 7, "M": 30, "Q": 90, "Y": 365}


def slo_files(paths: Iterable[Path]) -> list[SLO]:
    """
    The objectives of some files, in their order.

    Raises
    ------
    ParameterError
        A file cannot be read, or an objective cannot be counted; names the file and the objective.
    """
    found: list[SLO] = []
    for path in paths:
        documents = _documents(path)
        try:
            found.extend(_sloth(documents) if any("slos" in one for one in documents) else _openslo(documents))
        except ParameterError as error:
            raise ParameterError(f"{path.name}: {error}") from None
    return found


def _documents(path: Path) -> list[Mapping[str, Any]]:
    try:
        content = path.read_bytes()
        if len(content) > MAX_BYTES:
            raise ParameterError(f"{path.name}: {len(content):,} bytes, at most {MAX_BYTES:,} are read")
        if any(isinstance(token, yaml.AliasToken) for token in yaml.scan(content.decode("utf-8-sig"))):
            raise ParameterError(f"{path.name}: YAML aliases are not read; write the value out")
        documents = list(yaml.safe_load_all(content.decode("utf-8-sig")))
    except OSError as error:
        raise ParameterError(
            f"{path.name}: cannot be read ({error.strerror}); correct slo_files in the params"
        ) from None
    except (UnicodeDecodeError, RecursionError, yaml.YAMLError) as error:
        raise ParameterError(f"{path.name} is no YAML: {str(error).splitlines()[0]}") from None
    return [one for one in documents if isinstance(one, Mapping)]


def _openslo(documents: list[Mapping[str, Any]]) -> Iterator[SLO]:
    indicators = {_get(one, "metadata", "name"): one for one in documents if one.get("kind") == "SLI"}
    slos = [one for one in documents if one.get("kind") == "SLO"]
    if not slos:
        raise ParameterError("neither OpenSLO (kind: SLO) nor Sloth (slos:) objectives are in it")
    for one in slos:
        name = str(_get(one, "metadata", "name"))
        if one.get("apiVersion") != "openslo/v1":
            raise ParameterError(f"SLO {name!r}: apiVersion {one.get('apiVersion')!r}, openslo/v1 is read")
        spec = one.get("spec") or {}
        inline = spec.get("indicator") or indicators.get(spec.get("indicatorRef")) or {}
        metric = _get(inline, "spec", "ratioMetric")
        if not isinstance(metric, Mapping) or "total" not in metric:
            raise ParameterError(f"SLO {name!r}: its indicator is no ratio of good or bad to total events")
        objectives = spec.get("objectives") or [{}]
        if len(objectives) != 1:
            raise ParameterError(f"SLO {name!r}: {len(objectives)} objectives; write one SLO for each")
        yield _from_openslo(name, spec, metric, objectives[0])


def _from_openslo(name: str, spec: Mapping[str, Any], metric: Mapping[str, Any], objective: Mapping[str, Any]) -> SLO:
    method = str(spec.get("budgetingMethod", "Occurrences"))
    if method not in _METHODS:
        raise ParameterError(f"SLO {name!r}: budgetingMethod {method!r}, allowed: {', '.join(_METHODS)}")
    slices: dict[str, Any] = {}
    if "timeSliceTarget" in objective:
        slices["slice_target"] = ratio(objective["timeSliceTarget"])
    if "timeSliceWindow" in objective:
        slices["slice_length"] = duration(objective["timeSliceWindow"])
    return SLO(
        name=name,
        target=_percent(objective["targetPercent"]) if "targetPercent" in objective else ratio(objective.get("target")),
        total=_query(name, metric, "total"),
        service=str(spec.get("service", "")),
        good=_query(name, metric, "good") if "good" in metric else "",
        bad=_query(name, metric, "bad") if "bad" in metric else "",
        budgeting=_METHODS[method],  # type: ignore[arg-type]
        good_means=str(spec.get("description", "")),
        target_source="OpenSLO file",
        **_window(name, spec.get("timeWindow") or []),
        **slices,
    )


def _window(name: str, windows: list[Mapping[str, Any]]) -> dict[str, Any]:
    if not windows:
        return {}
    written = str(windows[0].get("duration", ""))
    if windows[0].get("isRolling", False):
        days = _DAYS.get(written[-1:]) if written[:-1].isdigit() else None
        return {"window": timedelta(days=days * int(written[:-1])) if days else duration(written)}
    if written not in _CALENDARS:
        raise ParameterError(f"SLO {name!r}: calendar window {written!r}, allowed: {', '.join(_CALENDARS)}")
    zone = _get(windows[0], "calendar", "timeZone") or "UTC"
    return {"calendar": _CALENDARS[written], "zone": str(zone)}


def _query(name: str, metric: Mapping[str, Any], part: str) -> str:
    query = _get(metric, part, "metricSource", "spec", "query")
    if not query:
        raise ParameterError(f"SLO {name!r}: {part} has no metricSource.spec.query")
    return str(query).strip()


def _sloth(documents: list[Mapping[str, Any]]) -> Iterator[SLO]:
    for document in documents:
        service = str(document.get("service", ""))
        for one in document.get("slos") or []:
            name = f"{service}-{one.get('name')}"
            events = _get(one, "sli", "events")
            if not isinstance(events, Mapping) or not {"error_query", "total_query"} <= set(events):
                raise ParameterError(f"SLO {name!r}: only sli.events with error_query and total_query can be counted")
            yield SLO(
                name=name,
                target=_percent(one.get("objective")),
                total=str(events["total_query"]).strip(),
                bad=str(events["error_query"]).strip(),
                service=service,
                good_means=str(one.get("description", "")),
                target_source="Sloth file",
            )


def _percent(written: object) -> Fraction:
    try:
        return ratio(Fraction(Decimal(str(written))) / 100)
    except InvalidOperation:
        raise ParameterError(f"an objective in percent was expected, got {written!r}") from None


def _get(mapping: object, *keys: str) -> Any:
    for key in keys:
        mapping = mapping.get(key) if isinstance(mapping, Mapping) else None
    return mapping
