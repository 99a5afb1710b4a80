"""Scaling rules in tables: bounds by columns or rows, triggers, and rows of "when this, then scale"."""

from __future__ import annotations

import re
from typing import Final

from sre_kit.compute.vocabulary import Fact
from sre_kit.load.facts.claims import Claim, header_index
from sre_kit.load.facts.quantities import Quantity, quantities
from sre_kit.load.facts.reading import Row, Table
from sre_kit.load.facts.scaling_rules import METRIC, SCALING, direction, rule, trigger

_TRIGGER_COLUMN: Final = re.compile(
    r"\b(?:scale[- ]?(?:out|up|in|down)(?: when| trigger| threshold| at| policy)?|"
    r"scaling (?:trigger|threshold|policy|metric|rule)|trigger|auto-?scaling)\b",
    re.IGNORECASE,
)
_MIN_COLUMN: Final = re.compile(r"^min(?:imum)?\.?(?: ?\w+)?$", re.IGNORECASE)
_MAX_COLUMN: Final = re.compile(r"^max(?:imum)?\.?(?: ?\w+)?$", re.IGNORECASE)


_ACTION: Final = re.compile(
    r"(?i)\b(?:auto-?scale|scale|add|increase|remove)\b[^|]{0,40}\b(?:instances?|replicas?|"
    r"workers?|nodes?|pods?|primary|tasks?|vertical\w*|out|up|in|down)\b"
)


_SYMPTOM_COLUMN: Final = re.compile(r"(?i)\b(?:symptom|cause|problem|issue|bottleneck|diagnosis|finding)s?\b")
"""What a person does when something is wrong is no rule of the scaler."""


def _acting(table: Table, document: str) -> list[Fact]:
    """Rows of "when this, then scale": `| CPU > 70% for 5 minutes | add 2 instances |`."""
    found = []
    if any(_SYMPTOM_COLUMN.search(name) for name in table.header):
        return []
    place = " ".join((table.lead, *table.heading[-2:]))
    leveled = header_index(table.header, re.compile(r"(?i)^(?:scaling )?actions?$")) if SCALING.search(place) else None
    for row in table.rows:
        action = next((cell for cell in row.cells[1:] if _ACTION.search(cell)), "")
        level = next((cell for cell in row.cells[1:] if re.match(r"[<>≥≤]\s?\d", cell)), "")
        if level and leveled and METRIC.search(row.cells[0]) and len(row.cells) > leveled:
            condition = f"{row.cells[0]} {level}"
            action = row.cells[leveled]
            around = tuple(text for text in (table.lead, *reversed(table.heading)) if text)
            claim = Claim(condition, "", "", around, table.heading, row.line, row.source, "cell")
            details = trigger(condition) or {"metric": row.cells[0].lower(), "threshold": level}
            found.append(rule(claim, details | {"action": action} | direction(action), "", document))
        elif action and re.search(r"[<>≥≤]", row.cells[0]) and (metric := METRIC.search(row.cells[0])):
            around = tuple(text for text in (table.lead, *reversed(table.heading)) if text)
            claim = Claim(row.cells[0], "", "", around, table.heading, row.line, row.source, "cell")
            details = trigger(row.cells[0]) or {"metric": metric[1].lower()}
            found.append(rule(claim, details | {"action": action} | direction(action), "", document))
    return found


def _parameters(table: Table, document: str) -> list[Fact]:
    """Rows of a table of settings under a heading on scaling: `| SCALE_UP_SESSIONS | 350 |`."""
    if (
        len(table.header) < 2
        or not _SETTING_COLUMN.match(table.header[0])
        or not SCALING.search(" ".join((table.lead, *table.heading[-1:])))
    ):
        return []
    found = []
    for row in table.rows:
        number = re.match(r"[<>≥≤~]?\s?\d[\d.,]*\s?%?$", row.cells[1] if len(row.cells) > 1 else "")
        name = re.sub(r"[_-]", " ", row.cells[0]).lower()
        if number and re.search(r"\bscale (?:up|down|in|out)\b|\b(?:target|threshold)\b", name):
            around = tuple(text for text in (table.lead, *reversed(table.heading)) if text)
            claim = Claim(
                f"{row.cells[0]}: {row.cells[1]}", "", "", around, table.heading, row.line, row.source, "cell"
            )
            details = {"metric": re.sub(r"\bscale (?:up|down|in|out)\b|\bthreshold\b", "", name).strip() or name}
            found.append(rule(claim, details | {"threshold": number[0]} | direction(name), "", document))
    return found


_BOUND_ROW: Final = re.compile(
    r"(?i)(min|max)(?:imum)?\.?[ _-]?(?:number of )?(?:replicas?|instances?|pods?|nodes?|tasks?|capacity|workers?|"
    r"containers?|size|count)"
)


def _bound_rows(table: Table, document: str) -> list[Fact]:
    """`| Min replicas | 3 |` over `| Max replicas | 20 |` under a heading on scaling: one rule, at the first row."""
    if not SCALING.search(" ".join((table.lead, *table.heading[-2:]))):
        return []
    ends: dict[str, tuple[str, Row]] = {}
    for row in table.rows:
        number = re.match(r"\d{1,4}\b(?!\s?[%.])", row.cells[1] if len(row.cells) > 1 else "")
        if number and (named := _BOUND_ROW.fullmatch(row.cells[0])):
            ends.setdefault(named[1].lower(), (number[0], row))
    if len(ends) < 2:
        return []
    (least, row), (most, _) = ends["min"], ends["max"]
    around = tuple(text for text in (table.lead, *reversed(table.heading)) if text)
    claim = Claim(f"{least}-{most}", "", "", around, table.heading, row.line, row.source, "cell")
    return [rule(claim, {"min": least, "max": most}, "", document)]


_SETTING_COLUMN: Final = re.compile(
    r"(?i)(?:parameter|setting|variable|key|option|config(?:uration)?|property|"
    r"name)s?$"
)


def scaling_table(table: Table, document: str) -> list[Fact] | None:
    """The rules of a table with bounds or triggers, or None where it has neither."""
    if acting := _acting(table, document) or _bound_rows(table, document) or _parameters(table, document):
        return acting
    least, most = header_index(table.header, _MIN_COLUMN), header_index(table.header, _MAX_COLUMN)
    triggers = [index for index, name in enumerate(table.header) if index and _TRIGGER_COLUMN.search(name)]
    place = " ".join((table.lead, *table.heading[-2:], *table.header))
    bounded = least is not None and most is not None
    if not SCALING.search(place) or not (bounded or triggers):
        return None
    if re.search(r"\b(?:p50|p95|latency|alert|runbook|severity)\b", " ".join(table.header), re.IGNORECASE):
        return None
    found = []
    for row in table.rows:
        cells = row.cells
        details: dict[str, str] = {}
        if bounded:
            for key, index in (
                ("min", least),
                ("max", most),
                ("desired", header_index(table.header, re.compile(r"^desired", re.IGNORECASE))),
            ):
                if index is not None and index < len(cells) and (number := re.match(r"\d{1,4}", cells[index])):
                    details[key] = number[0]
        made = False
        around = tuple(text for text in (table.lead, *reversed(table.heading)) if text)
        for index in triggers:
            if index < len(cells) and (
                pair := trigger(cells[index]) or _of_row(cells[0], cells[index], table.header[index])
            ):
                column = table.header[index]
                claim = Claim(cells[index], cells[0], column, around, table.heading, row.line, row.source, "cell")
                found.append(rule(claim, details | pair | direction(f"{column} {cells[index]}"), cells[0], document))
                made = True
        if not made and len(details) >= 2:
            claim = Claim(" ".join(cells), cells[0], "", around, table.heading, row.line, row.source, "cell")
            found.append(rule(claim, details | _metric_cells(table, cells), cells[0], document))
    return found or None


_AT: Final = re.compile(r"(?i)scal(?:e|ing)[- ]?(?:up|out|down|in) (?:at|when|threshold|trigger)")


def _of_row(label: str, cell: str, column: str) -> dict[str, str] | None:
    """`| CPU utilization | > 70 % for 5 min |`: the metric stands at the head of the row."""
    if _AT.fullmatch(column) and METRIC.search(label) and re.fullmatch(r"\d[\d.,]*\s?%?", cell):
        metric = METRIC.search(label)
        return {"metric": metric[1].lower() if metric else label, "threshold": cell}
    return trigger(f"{label} {cell}") if re.match(r"\s*[<>≥≤]", cell) and METRIC.search(label) else None


def _metric_cells(table: Table, cells: tuple[str, ...]) -> dict[str, str]:
    for name, cell in zip(table.header, cells, strict=False):
        if re.search(r"\b(?:cpu|memory|target|metric|threshold)\b", name, re.IGNORECASE) and (
            spotted := _percent(cell)
        ):
            metric = METRIC.search(cell) or METRIC.search(name)
            return {"metric": metric[1].lower() if metric else "", "threshold": f"{spotted.written}"}
    return {}


def _percent(text: str) -> Quantity | None:
    return next((quantity for quantity in quantities(text) if quantity.unit == "ratio"), None)
