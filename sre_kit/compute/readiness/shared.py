"""Numbers that more than one document states, computed once more so that the hand-over can be held against them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sre_kit.compute.incidents import IncidentLog
from sre_kit.compute.oncall.escalation import worst_case
from sre_kit.compute.oncall.plan import OnCall
from sre_kit.compute.operations.automation import Opportunity
from sre_kit.compute.operations.change import Patch
from sre_kit.compute.operations.recovery import Ending
from sre_kit.compute.operations.runbooks import RunbookCheck
from sre_kit.compute.operations.tasks import Toil
from sre_kit.compute.readiness.monitoring import MonitoringCoverage
from sre_kit.compute.readiness.plan import OpenItem


def shared_numbers(
    *,
    work: Toil,
    seven: Sequence[Opportunity],
    coverage: MonitoringCoverage,
    patches: Sequence[Patch],
    endings: Sequence[Ending],
    runbooks: RunbookCheck,
    items: Sequence[OpenItem],
    log: IncidentLog,
    oncall: OnCall,
) -> dict[str, float]:
    """
    Name of the record in the other document -> the same number from this document's own inputs.

    What is not known is left out: without an incident log nothing is said of incidents and their actions.
    """
    worst = worst_case(oncall.escalation)
    minutes = [one.by_hand.minutes for one in seven if one.by_hand.minutes is not None]
    found: dict[str, float | None] = {
        "operations.toil_minutes_a_month": round(work.minutes),
        "operations.toil_share": work.share,
        "operations.overdue_expiries": sum(one.state == "overdue" for one in endings),
        "automation.implemented": sum(one.state == "implemented" for one in seven),
        "automation.minutes_a_month": round(sum(minutes)) if minutes else None,
        "security.findings": len(patches),
        "security.overdue": sum(one.state == "overdue" for one in patches),
        "coverage.cells": len(coverage.cells),
        "coverage.gaps": sum(one.empty for one in coverage.cells),
        "coverage.share": coverage.share,
        "incidents.open": None if log.gap else sum(one.kind == "incident" for one in items),
        "actions.overdue": None if log.gap else sum(one.kind == "action" and one.overdue for one in items),
        "runbooks.without": len(runbooks.without),
        "oncall.escalation_worst_minutes": worst / timedelta(minutes=1) if worst else None,
    }
    return {name: value for name, value in found.items() if value is not None}
