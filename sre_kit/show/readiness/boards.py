"""Dashboards: what they show, who sees them, which objective and which alert leads to which, what nobody sees."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sre_kit.compute.operations.runbooks import Alert
from sre_kit.compute.readiness.monitoring import MonitoringCoverage
from sre_kit.compute.readiness.plan import Dashboard, HandoverPlan
from sre_kit.compute.slo.objectives import SLO
from sre_kit.compute.vocabulary import About, Gap
from sre_kit.show.document import cited
from sre_kit.show.readiness.coverage import NO_COMPONENTS
from sre_kit.show.shown import Note, Record, Shown, Stack, Steps
from sre_kit.show.table import Table
from sre_kit.show.text import Inline, Lines, Link, Span, Strong
from sre_kit.units import MISSING, number, percent

_ASK: Final = "DevOps Engineer"


def dashboards(plan: HandoverPlan) -> Table:
    """Each dashboard: purpose, audience, address, owner, and by name who can see it."""
    rows: list[Sequence[Inline]] = []
    gaps = []
    for one in plan.dashboards:
        address: Inline = Link("open", one.url) if one.url else Strong("NOT SET")
        rows.append(
            (
                one.name,
                one.purpose,
                one.audience or MISSING,
                address,
                one.owner or MISSING,
                ", ".join(one.who_can_see) or Strong("nobody named"),
                cited(one.source or "params"),
            )
        )
        if not one.url:
            gaps.append(
                Gap(f"the address of the dashboard {one.name}", one.owner or _ASK, "params: handover.dashboards.url")
            )
        if not one.who_can_see:
            gaps.append(
                Gap(
                    f"who can see the dashboard {one.name}",
                    one.owner or _ASK,
                    "params: handover.dashboards.who_can_see",
                )
            )
    if not rows:
        gaps.append(Gap("which dashboards there are and who can see them", _ASK, "MonitoringAlerts.md, Dashboards"))
    return Table(("Dashboard", "Purpose", "Audience", "Address", "Owner", "Who can see it", "Source"), rows, gaps=gaps)


def dashboard_matrix(
    slos: Sequence[SLO],
    boards: Sequence[Dashboard],
    coverage: MonitoringCoverage,
    generated: tuple[str, str] = ("", "{}"),
) -> Table:
    """
    Each objective with the dashboards that cover it, the alerts that watch its service, and what was generated for it.

    `generated` is the name of a Grafana dashboard file of ours and its content, in which panels are counted.
    """
    watching = {cell.component: cell.shown_by for cell in coverage.cells if cell.signal == "alert"}
    file, content = generated
    panels = _panels(json.loads(content).get("panels", []))
    rows: list[Sequence[Inline]] = []
    gaps = []
    for slo in slos:
        seen = [b.name for b in boards if slo.name in b.covers or slo.service in b.covers]
        named = list(watching.get(slo.service, ()))
        count = next((n for title, n in panels.items() if title.startswith(f"{slo.name}: ")), 0)
        rows.append(
            (
                slo.name,
                Lines(seen) if seen else Strong("none"),
                Span([f"{number(count)} in ", Link(file, f"artifacts/{file}")]) if count else Strong("none"),
                Lines(named) if named else Strong("none"),
                Link("burn-rate alerts", "SLODefinitions.md#alerting-thresholds"),
            )
        )
        if not seen:
            where = "params: handover.dashboards.covers"
            gaps.append(Gap(f"a dashboard for {slo.name}", slo.owner or _ASK, where))
    if not rows:
        gaps.append(Gap("which objectives the dashboards must show", "Product Owner", "params: slos"))
    columns = ("Objective", "Dashboards", "Panels generated", "Alerts of the service today", "Alerts generated")
    return Table(columns, rows, gaps=gaps)


def _panels(panels: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Title of a row -> the panels under it."""
    found: dict[str, int] = {}
    row = ""
    for panel in panels:
        if panel.get("type") == "row":
            row = str(panel.get("title", ""))
        found[row] = found.get(row, -1) + 1
    return found


def _named(shown_by: Sequence[str]) -> set[str]:
    """The names in a cell; people write several into one."""
    return {name.strip() for text in shown_by for name in text.split(",")}


def alert_dashboards(alerts: Sequence[Alert], boards: Sequence[Dashboard], coverage: MonitoringCoverage) -> Table:
    """Each alert of the documents, what it watches and which dashboards show that; one without is asked for."""
    rows: list[Sequence[Inline]] = []
    unseen = []
    for alert in alerts:
        watched = [c.component for c in coverage.cells if c.signal == "alert" and alert.name in _named(c.shown_by)]
        shown = [board.name for board in boards if set(watched) & set(board.covers)]
        rows.append(
            (
                alert.name,
                Lines(watched) if watched else Strong("no component is named"),
                Lines(shown) if shown else Strong("none"),
            )
        )
        if not shown:
            unseen.append(alert.name)
    gaps = [Gap(f"a dashboard for the alerts {', '.join(unseen)}", _ASK, "params: handover.dashboards.covers")]
    return Table(
        ("Alert", "Watches", "Dashboards"),
        rows,
        note=f"{len(rows) - len(unseen)} of {len(rows)} alerts lead to a dashboard." if rows else "",
        gaps=gaps if unseen else (),
        empty="The documents name no alert.",
        records=(Record("handover.alerts_without_dashboard", len(unseen), "alerts"),),
    )


def blind_spots(plan: HandoverPlan, coverage: MonitoringCoverage, about: About) -> Stack:
    """Where measurements come from and what they do not see."""
    empty = [cell for cell in coverage.cells if cell.empty]
    parts: list[Shown] = [
        Note(f"Measurements come from {about.source}{', synthetic data' if about.synthetic else ''}.")
        if about.source
        else Note.gap(Gap("where measurements come from", _ASK, "params: source", "no source is configured"))
    ]
    if coverage.share is not None:
        filled: list[Inline] = [
            f"{percent(coverage.share, 0)} of the monitoring cells that apply are filled, ",
            f"{len(empty)} are gaps, each with its owner, in ",
            Link("OperationalPlaybook: Monitoring coverage", "OperationalPlaybook.md#monitoring-coverage"),
            ".",
        ]
        parts.append(Note(filled))
    else:
        parts.append(Note.gap(NO_COMPONENTS))
    if plan.blind_spots:
        parts.append(Steps(plan.blind_spots, ordered=False))
    return Stack(*parts)
