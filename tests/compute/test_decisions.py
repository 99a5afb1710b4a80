"""Key decisions as steps: nothing is said about what does not exist, and evidence against a choice is told apart."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction

from sre_kit.compute.incidents import Severity
from sre_kit.compute.oncall.plan import EscalationStep, OnCall
from sre_kit.compute.readiness.decisions import monitoring_decisions, severity_decisions
from sre_kit.compute.readiness.monitoring import MonitoringCoverage
from sre_kit.compute.references import REFERENCES
from sre_kit.compute.slo.objectives import SLO
from sre_kit.show.derivations import derivation, references

MINUTES = timedelta(minutes=1)
LADDER = [
    Severity("SEV1", "all is down", "page", 5 * MINUTES, 30 * MINUTES, users=Fraction(1, 4), burn_rate=14.4),
    Severity("SEV2", "something is slow", "ticket", 60 * MINUTES, 60 * MINUTES, pages=False),
]
CHAIN = OnCall(
    escalation=[EscalationStep("primary", 5 * MINUTES, 2), EscalationStep("boss", 10 * MINUTES, 1)],
    always_reachable="boss",
)
NOTHING = MonitoringCoverage((), {})


def test_nothing_decided_is_no_step() -> None:
    assert severity_decisions([], OnCall()) == []
    assert monitoring_decisions([], [], NOTHING) == []
    assert "Nothing has been decided" in derivation([]).markdown()


def test_severity_and_escalation_are_steps_with_evidence_for_and_against() -> None:
    severity, escalation = severity_decisions(LADDER, CHAIN)
    assert severity.evidence == ("SEV1: from 25.00 % of users or burn rate 14.4",)
    assert severity.against == ("SEV2: no number decides, so two people may disagree",)
    assert escalation.choice == "primary, then boss; a human after at most 20 min"  # 2 x 5 min + 1 x 10 min
    assert "SEV1: the acknowledge target is shorter than 20 min" in escalation.against
    assert all(one.alternatives and one.revision for one in (severity, escalation))


def test_without_a_policy_the_monitoring_strategy_is_the_workbooks() -> None:
    slo = SLO(name="checkout", service="shop", target=Fraction(999, 1000), total="t", good="g", journey="buy")
    (step,) = monitoring_decisions([slo], [], NOTHING)
    assert step.evidence[0] == "1 objectives for 1 user journeys"
    assert "page: 2.00 % of a budget in 1 h, still burning over 5 min" in step.evidence


def test_evidence_against_is_in_bold() -> None:
    text = derivation(severity_decisions(LADDER, CHAIN)).markdown()
    assert "**SEV2: no number decides, so two people may disagree**" in text


def test_every_document_has_references_and_says_which_were_checked() -> None:
    documents = {
        *("SLODefinitions", "IncidentResponse", "PerformanceOptimization", "CapacityPlanning"),
        *("OperationalPlaybook", "SREHandoff"),
    }
    assert {one.document for one in REFERENCES} == documents
    assert all(one.address.startswith("https://") for one in REFERENCES)
    for document in documents:
        rows = references(document).rows
        assert [row[3] for row in rows] == [
            f"{one.checked:%Y-%m-%d}" if one.checked else "not yet, from memory"
            for one in REFERENCES
            if one.document == document
        ]
