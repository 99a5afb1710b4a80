"""
Where the practices come from: a short list of published texts, each with what it says in our words.

`checked` is the day on which somebody held our words against the text; without it they are from memory, and the
document says so. Nothing is looked up when a document is made: ``sre-kit research`` does that, when asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

_NOV_29: Final = date(2026, 11, 29)


@dataclass(frozen=True, slots=True)
class Reference:
    """A published text that supports a practice of `document`."""

    document: str
    practice: str
    title: str
    address: str
    says: str
    checked: date | None = None


REFERENCES: Final = (
    Reference(
        "SLODefinitions",
        "A spent error budget stops risky changes",
        "Site Reliability Workbook, Example Error Budget Policy",
        "https://sre.google/workbook/error-budget-policy/",
        "What a target leaves over is a budget. Once it is spent, only urgent repairs go out until it is met.",
        _NOV_29,
    ),
    Reference(
        "SLODefinitions",
        "Alerts watch how fast a budget burns, over two windows",
        "Site Reliability Workbook, Alerting on SLOs",
        "https://sre.google/workbook/alerting-on-slos/",
        "Page on fast burn, open a ticket on slow burn; a second, shorter window ends the alert soon after.",
    ),
    Reference(
        "SLODefinitions",
        "Few alerts, on what users feel",
        "Prometheus, Alerting practices",
        "https://prometheus.io/docs/practices/alerting/",
        "Alert on symptoms high in the stack, leave slack for short blips, page for nothing that needs no action, and "
        "watch the monitoring itself.",
        _NOV_29,
    ),
    Reference(
        "IncidentResponse",
        "Numbers decide the severity; in doubt the higher one",
        "PagerDuty Incident Response, Severity Levels",
        "https://response.pagerduty.com/before/severity_levels/",
        "Tie levels to measurable shares of users. Unsure between two, take the more severe and review it afterwards.",
        _NOV_29,
    ),
    Reference(
        "IncidentResponse",
        "Every major incident gets a blameless post-mortem soon",
        "PagerDuty Incident Response, Postmortem Process",
        "https://response.pagerduty.com/after/post_mortem_process/",
        "One owner, a meeting within days, a timeline with its sources, causes without blame, actions with tickets.",
        _NOV_29,
    ),
    Reference(
        "PerformanceOptimization",
        "Each resource is asked three questions",
        "Brendan Gregg, The USE Method",
        "https://www.brendangregg.com/usemethod.html",
        "For every resource look at utilization, saturation and errors, so that none is overlooked.",
    ),
    Reference(
        "PerformanceOptimization",
        "Throughput bends by contention and coherency",
        "Neil Gunther, A General Theory of Computational Scalability Based on Rational Functions",
        "https://arxiv.org/abs/0808.1431",
        "Waiting for shared things flattens throughput, keeping copies in step makes it fall beyond a peak.",
    ),
    Reference(
        "CapacityPlanning",
        "Replicas follow the ratio of use to target",
        "Kubernetes, Horizontal Pod Autoscaling",
        "https://kubernetes.io/docs/concepts/workloads/autoscaling/horizontal-pod-autoscale/",
        "A control loop scales a workload's replicas by measured use over wanted use, between a minimum and a maximum.",
        _NOV_29,
    ),
    Reference(
        "OperationalPlaybook",
        "Toil is measured and bounded",
        "Site Reliability Engineering, Eliminating Toil",
        "https://sre.google/sre-book/eliminating-toil/",
        "Manual, repetitive work that grows with the service shall leave at least half of the time for engineering.",
    ),
    Reference(
        "OperationalPlaybook",
        "Recovery objectives come from the business and are tested",
        "NIST SP 800-34 Rev. 1, Contingency Planning Guide",
        "https://csrc.nist.gov/pubs/sp/800/34/r1/upd1/final",
        "An impact analysis sets how long a system may be away and how much may be lost; plans are exercised and kept "
        "current.",
    ),
    Reference(
        "OperationalPlaybook",
        "Delivery is judged by speed and by stability together",
        "DORA, Software delivery metrics",
        "https://dora.dev/guides/dora-metrics/",
        "Frequency, lead time, failed changes, recovery from them and rework describe delivery; none of them alone.",
        _NOV_29,
    ),
    Reference(
        "SREHandoff",
        "On-call is a duty with a primary and a backup",
        "PagerDuty Incident Response, Being On-Call",
        "https://response.pagerduty.com/oncall/being_oncall/",
        "Whoever carries the pager answers in time, escalates without shame, and hands over what is under way.",
        _NOV_29,
    ),
)


def references(document: str) -> tuple[Reference, ...]:
    """
    The references for a document, in the order of the list.

    >>> [one.title for one in references("CapacityPlanning")]
    ['Kubernetes, Horizontal Pod Autoscaling']
    """
    return tuple(one for one in REFERENCES if one.document == document)
