"""
Key decisions as steps: what was asked, what was chosen on which evidence, what was not, and when to think again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sre_kit.compute.incidents import Severity
from sre_kit.compute.oncall.escalation import escalation_problems, late_severities, worst_case
from sre_kit.compute.oncall.plan import OnCall
from sre_kit.compute.readiness.monitoring import MonitoringCoverage
from sre_kit.compute.slo.alerting import WORKBOOK_POLICY, BurnRateAlert
from sre_kit.compute.slo.objectives import SLO
from sre_kit.units import percent, span


@dataclass(frozen=True, slots=True)
class Decision:
    """One step; `against` is evidence that speaks for another choice."""

    question: str
    choice: str
    evidence: tuple[str, ...] = ()
    against: tuple[str, ...] = ()
    alternatives: tuple[str, ...] = ()
    """What was not chosen, each with the reason."""
    revision: str = ""
    """What must happen for the step to be taken again."""


def severity_decisions(severities: Sequence[Severity], oncall: OnCall) -> list[Decision]:
    """How severity and escalation were chosen; nothing is said about a ladder or a chain that does not exist."""
    found = []
    if severities:
        numbers = [f"{one.name}: {_limits(one)}" for one in severities if one.users is not None or one.burn_rate]
        without = [one.name for one in severities if one.users is None and not one.burn_rate]
        found.append(
            Decision(
                "What decides the severity?",
                "the worse of two measures: the share of users, and how fast an error budget burns"
                if numbers
                else "the written criteria of each level",
                tuple(numbers),
                (f"{', '.join(without)}: no number decides, so two people may disagree",) if without else (),
                (
                    "the impression of whoever answers: it differs by person and hour",
                    "one level for all: nobody would know whom to wake",
                ),
                "a level's criteria are disputed in a post-mortem, or a quarter's incidents all fall into one level",
            )
        )
    if oncall.escalation:
        found.append(_escalation(severities, oncall))
    return found


def monitoring_decisions(
    slos: Sequence[SLO], policy: Sequence[BurnRateAlert], coverage: MonitoringCoverage
) -> list[Decision]:
    """How the monitoring strategy was chosen, by the workbook where no policy is given; nothing without objectives."""
    found = []
    if slos:
        journeys = len({one.journey for one in slos if one.journey})
        speeds = [
            f"{one.severity}: {percent(one.budget_share)} of a budget in {span(one.long_window)}, "
            f"still burning over {span(one.short_window)}"
            for one in policy or WORKBOOK_POLICY
        ]
        found.append(
            Decision(
                "What wakes somebody?",
                "an error budget that burns too fast, whatever the cause",
                (f"{len(slos)} objectives for {journeys} user journeys", *speeds),
                (),
                (
                    "limits on causes such as CPU: they fire when no user notices, and are silent on a new cause",
                    "every error at once: a blip that ends by itself would page",
                ),
                "the test on the history misses an incident or pages without one",
            )
        )
    if coverage.cells:
        empty = sum(one.empty for one in coverage.cells)
        known = len(coverage.cells)
        found.append(
            Decision(
                "What is watched besides?",
                "four golden signals, logs, traces, a dashboard and an alert for each component",
                (f"{known - empty} of {known} cells are shown by something or do not apply",),
                (f"{empty} cells are empty",) if empty else (),
                ("only what has failed before: the next cause is rarely the last one",),
                "a component is added, or an incident was found by a user first",
            )
        )
    return found


def _escalation(severities: Sequence[Severity], oncall: OnCall) -> Decision:
    worst = worst_case(oncall.escalation) or timedelta(0)
    late = [one.name for one in late_severities(severities, worst)]
    evidence = [f"{one.who}: {one.repeats} x {span(one.wait)}" for one in oncall.escalation]
    against = [f"{', '.join(late)}: the acknowledge target is shorter than {span(worst)}"] if late else []
    return Decision(
        "Who is reached, and how late at worst?",
        f"{', then '.join(one.who for one in oncall.escalation)}; a human after at most {span(worst)}",
        tuple(evidence),
        (*against, *escalation_problems(oncall)),
        ("everybody at once: each would leave it to the others", "the primary alone: one flat battery ends it"),
        "a page passes the first step, or somebody in the chain leaves",
    )


def _limits(level: Severity) -> str:
    parts = [f"{percent(level.users)} of users"] if level.users is not None else []
    parts += [f"burn rate {level.burn_rate:g}"] if level.burn_rate else []
    return f"from {' or '.join(parts)}"
