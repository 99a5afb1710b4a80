"""Every rule fails on the damage that it guards against: a rule that cannot fail proves nothing."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from sre_kit.check import Bundle, evaluate
from sre_kit.check.points import registered
from tests.check.damage import Damage, alter, artifact, both, cell, drop, file, lose, record, say, swap

S, IR, P, C = "SLODefinitions", "IncidentResponse", "PerformanceOptimization", "CapacityPlanning"
OP, H, B = "OperationalPlaybook", "SREHandoff", "build-plan"
BOARD = "artifacts/service-levels.dashboard.json"
UNLOGGED = """| Objective | What | Was | Is | Reason in the log |
| :-- | :-- | :-- | :-- | :-- |
| checkout | target | 99.9 % | 99 % | **not in the log** |"""
ROTA, SEVERITY, RUNBOOKS = "On-call rotation", "Incident severity", "Runbook documentation"
POSTMORTEM, ESCALATION, TALK, ROOM = "Post-mortem process", "Escalation procedures", "Communication", "War room"


def disagreement(judged: Bundle) -> Bundle:
    """A number that two documents state differently."""
    one = {"record": "incidents.count", "document": S, "value": 1, "against": {"document": IR, "value": 2}}
    return replace(judged, manifest=replace(judged.manifest, disagreements=(one,)))


def without_file(path: str) -> Damage:
    """A generated file is gone."""
    return lambda judged: replace(judged, files={n: c for n, c in judged.files.items() if n != path})


def published_as_of(judged: Bundle) -> Bundle:
    """One document of the set is of another day."""
    documents = dict(judged.manifest.documents)
    documents[C] = replace(documents[C], as_of="2026-10-01T00:00:00+00:00")
    return replace(judged, manifest=replace(judged.manifest, documents=documents))


def failing(document: str) -> Damage:
    """A document whose checks failed."""

    def run(judged: Bundle) -> Bundle:
        checks = {**judged.manifest.checks, document: {"passed": 1, "failed": 2, "not known": 0, "failures": []}}
        return replace(judged, manifest=replace(judged.manifest, checks=checks))

    return run


def copied_runbook(judged: Bundle) -> Bundle:
    """The text of one runbook under the name of another."""
    text = judged.documents[IR]
    one = re.search(r"^### CheckoutSlow\n([\s\S]*?)(?=^### )", text, re.MULTILINE)
    other = re.search(r"^### QueueBacklog\n([\s\S]*?)(?=^### )", text, re.MULTILINE)
    assert one
    assert other
    copied = text.replace(other[1], one[1].replace("CheckoutSlow", "QueueBacklog"))
    return replace(judged, documents={**judged.documents, IR: copied}, pages={})


EVERY: list[tuple[str, str, Damage]] = [
    ("*", "headings", say(S, "## Error budget calculations", "## Error budgets")),
    ("*", "headings", alter(S, r"(^## Alerting thresholds\n)[\s\S]*?(?=^## )", r"\1\n")),
    ("*", "metadata", say(S, "- **Version:**", "- **Edition:**")),
    ("*", "links", say(S, "(artifacts/slo.rules.yaml)", "(artifacts/slo.rulez.yaml)")),
    ("*", "links", alter(S, r"\]\(#sources\)", "](#sauces)")),
    ("*", "images", alter(S, r"!\[[^\]]+\]", "![png]")),
    ("*", "images", alter(S, r"(!\[[^\n]+\n\n)(?:\|[^\n]*\n)+", r"\1")),
    ("*", "placeholders", say(S, "Both windows must burn", "TBD Both windows must burn")),
    ("*", "provenance", alter(S, r"PRD\.md#L22\)", "PRD.md#L2222)")),
    ("*", "provenance", alter(S, r"\[PRD:22\]", "[PRD:23]")),
    ("*", "agreement", disagreement),
]

SERVICE_LEVELS: list[tuple[str, str, Damage]] = [
    (S, "1", cell(S, "Critical user journeys", "Order for", "Why not", "–")),
    (S, "2", cell(S, "Service Level Indicators", 0, "Good events", "good<br>`sum(rate(x[5m])`", "Kind")),
    (S, "2", cell(S, "Service Level Indicators", 0, "Kind", "–")),
    (S, "3", cell(S, "Considered and not chosen", 1, "Reason", "")),
    (S, "4", cell(S, "Sources", 0, "Coverage", "0.00 %", "Query")),
    (S, "5", cell(S, "Service Level Objectives", 0, "Window", "–", "Budget counts")),
    (S, "6", cell(S, "Against the contract", 1, "Target", "99.9 %", "Contract")),
    (S, "7", drop(S, "Against the history", "Objective", "Measured")),
    (S, "8", drop(S, "Against the dependencies", "Objective", "Product")),
    (S, "9", cell(S, "What the documents promise", 1, "Quote", "–", "Promise")),
    (S, "10", cell(S, "Error budget calculations", 0, "Remaining", "100", "Spent")),
    (S, "11", cell(S, "Where the budget went", 1, "Bad", "1,974", "Cause")),
    (S, "12", drop(S, "When it runs out", "Objective", "Positive again")),
    (S, "13", alter(S, r"^!\[.*\n", "", count=0)),
    (S, "14", cell(S, "Error budget calculations", 0, "Counted", "0 events", "Spent")),
    (S, "14", cell(S, "Error budget calculations", 2, "Coverage", "–", "Spent")),
    (S, "15", drop(S, "Error budget policy", "State", "Permits", "Now")),
    (S, "16", drop(S, "Measurement methodologies", "Objective", "Ratio of events")),
    (S, "17", alter(S, r"^\| *Retention *\|.*\n", "", count=0)),
    (S, "18", cell(S, "Alerting thresholds", 3, "Reachable", "", "Factor")),
    (S, "19", drop(S, "Tested on the history", "Objective", "Precision")),
    (S, "20", artifact("slo.rules-test.yaml", problem="1 test failed")),
    (S, "21", artifact("slo.openslo.yaml", problem="no kind")),
    (S, "22", cell(S, "Against the alerts that exist", 2, "Becomes", "–")),
    (S, "23", alter(S, r"(?i)low traffic|binomial", "much traffic", count=0)),
    (S, "24", cell(S, "Stakeholder agreements", 0, "State", "", "Agrees to")),
    (S, "25", alter(S, r"^\| 20\d\d-\d\d-\d\d.*\n", "", count=0)),
    (S, "25", say(S, "No version was published before, so there is nothing to compare the objectives with.", UNLOGGED)),
    (S, "26", alter(S, r"(?i)first version|since version|changed since", "some version", count=0)),
]

INCIDENTS: list[tuple[str, str, Damage]] = [
    (IR, "1", cell(IR, SEVERITY, "SEV2", "Response", "–", "Paged")),
    (IR, "1", drop(IR, SEVERITY, "Level", "Paged")),
    (IR, "2", cell(IR, SEVERITY, "SEV1", "Measured by", "bad enough", "Paged")),
    (IR, "3", cell(IR, SEVERITY, 0, "Level", "SEV3", "Burn rate above")),
    (IR, "3", cell(IR, SEVERITY, "SEV1", "Paged", "nobody; ticket to the owner", "Criteria")),
    (IR, "4", cell(IR, SEVERITY, 1, "Users below 1 %", "SEV4", "Budget burns")),
    (IR, "4", lose(IR, SEVERITY, 1, "Budget burns")),
    (IR, "4", say(IR, "Users 5 % to below 25 %", "Users 6 % to below 25 %")),
    (IR, "6", say(IR, "those who need to know", "everybody")),
    (IR, "6", alter(IR, r"^Decides and informs the regulator.*\n", "")),
    (IR, "7", lose(IR, SEVERITY, "SEV3", "Words of the log and of alerts")),
    (IR, "8", lose(IR, ROTA, 5, "From (UTC)", "Primary")),
    (IR, "8", cell(IR, ROTA, 3, "Secondary", "–", "From (UTC)")),
    (IR, "9", cell(IR, ROTA, 4, "Secondary", "Lucía Ferrer", "From (UTC)")),
    (IR, "10", alter(IR, r"Mon 07 Dec 09:30", "Mon 07 Dec 10:30")),
    (IR, "10", say(IR, "From (Europe/Amsterdam)", "From (EST+1)")),
    (IR, "11", cell(IR, ROTA, "Pieter Jansen", "Primary hours", "290", "Share (fair)")),
    (IR, "11", cell(IR, ROTA, "Niamh Kelly", "Public holidays", "", "Share (fair)")),
    (IR, "12", cell(IR, ROTA, 5, "Primary", "Niamh Kelly", "From (UTC)")),
    (IR, "12", cell(IR, ROTA, 2, "Primary", "Kwame Mensah", "From (UTC)")),
    (IR, "13", cell(IR, ROTA, "Sanne Visser", "Share (fair)", "60 % (17 %)", "Primary hours")),
    (IR, "13", cell(IR, ROTA, "Enough people", "State", "kept", "Rule")),
    (
        IR,
        "14",
        both(
            cell(IR, ROTA, 7, "From (UTC)", "2026-11-28 08:30Z", "Primary"),
            say(IR, "Mon 30 Nov 09:30", "Sat 28 Nov 09:30"),
        ),
    ),
    (IR, "15", cell(IR, ROTA, 0, "Primary", "Ravi Menon", "From (UTC)")),
    (IR, "16", file("artifacts/oncall.ics", b"\r\n", b"\n")),
    (IR, "16", file("artifacts/oncall.ics", b"SUMMARY:", b"SUMMARY:" + b"x" * 70)),
    (IR, "16", file("artifacts/oncall.ics", b"TZID:Europe/Amsterdam", b"TZID:Europe/Dublin")),
    (IR, "16", file("artifacts/oncall.ics", b"DTSTAMP:20261101", b"DTSTAMP:20261102")),
    (IR, "17", cell(IR, ROTA, 8, "Primary", "Pieter Jansen", "From (UTC)")),
    (IR, "17", file("artifacts/oncall.ics", b"X-ONCALL-PERSON:Sanne Visser", b"X-ONCALL-PERSON:Niamh Kelly")),
    (IR, "17", file("artifacts/oncall.json", b"Sanne Visser", b"Niamh Kelly")),
    (IR, "17", file("artifacts/oncall.csv", b"2026-11-05T17:00:00Z", b"2026-11-05T18:00:00Z")),
    (IR, "18", cell(IR, ESCALATION, 2, "Who", "secondary", "Waits")),
    (IR, "18", lose(IR, ESCALATION, 2, "Waits")),
    (IR, "19", cell(IR, ESCALATION, 1, "Waits", "15 min x 2", "Who")),
    (IR, "19", say(IR, "Worst case to a human: 30 min", "Worst case to a human: 20 min")),
    (IR, "19", say(IR, "SEV1: 30 min is longer than", "SEV1: 30 min is within")),
    (IR, "20", cell(IR, ESCALATION, "search", "Who knows it", "")),
    (IR, "20", drop(IR, ESCALATION, "Vendor")),
    (IR, "22", cell(IR, TALK, "SEV2", "Updates inside (min)", "90", "Updates outside (min)")),
    (IR, "22", alter(IR, r"^Next update: .*\n", "")),
    (IR, "23", cell(IR, TALK, "SEV1", "First message (min)", "–", "Updates outside (min)")),
    (IR, "23", say(IR, "works normally since", "is back since")),
    (IR, "24", cell(IR, TALK, "status page", "Where", "**NOT SET**")),
    (IR, "26", say(IR, "EKS nodes, storefront", "EKS nodes, shopfront-gateway")),
    (IR, "27", lose(IR, ROOM, "scribe", "Duty")),
    (IR, "27", say(IR, "touches no keyboard", "touches every button")),
    (IR, "28", say(IR, "I am taking the role of scribe.", "I write it down.")),
    (IR, "28", say(IR, "I am declaring an incident because", "Incident:")),
    (IR, "30", say(IR, "UTC time as ISO 8601", "the time")),
    (IR, "32", lose(IR, POSTMORTEM, "near miss", "Incidents that met it")),
    (IR, "32", say(IR, "9 of 12 incidents", "10 of 12 incidents")),
    (IR, "33", cell(IR, POSTMORTEM, "INC-2026-0924", "Due", "2026-09-30", "Because of")),
    (IR, "33", cell(IR, POSTMORTEM, "INC-2026-1014", "State", "**overdue by 10 d**", "Because of")),
    (IR, "34", alter(IR, r"contributing\s+factors;", "the cause;")),
    (IR, "35", say(IR, "30 % of 10 are done, 6 are overdue", "40 % of 10 are done, 6 are overdue")),
    (IR, "35", cell(IR, POSTMORTEM, 0, "State", "open", "Ticket")),
    (IR, "35", cell(IR, POSTMORTEM, 0, "Owner", "–", "Ticket")),
    (IR, "37", cell(IR, POSTMORTEM, "INC-2026-0713", "The writer counted", "resolved - began")),
    (IR, "37", say(IR, "2 of 5 stated durations", "1 of 5 stated durations")),
    (IR, "38", lose(IR, "Reliability metrics", 0, "Why it is put aside")),
    (IR, "39", say(IR, "### QueueBacklog", "### QueueBacklogs")),
    (IR, "39", say(OP, "#### When a backup is too old", "#### When a backup is old")),
    (IR, "39", lose(IR, RUNBOOKS, "[DiskAlmostFull]", "Last tested")),
    (IR, "39", lose(IR, RUNBOOKS, "[SearchLatencyFastBurn]", "Objective")),
    (IR, "39", alter(IR, r"^### SearchLatencySlowBurn$", "### SearchLatencyBurn")),
    (IR, "39", file("artifacts/slo.rules.yaml", b"alert: CheckoutLatencyFastBurn", b"alert: CheckoutLatencyBurn")),
    (IR, "40", alter(IR, r"^\*\*Verify:\*\* `slo:", "Look at `slo:")),
    (IR, "41", alter(IR, r"(```promql\n[\s\S]+?)0\.0144", r"\g<1>0.0145")),
    (IR, "41", say(IR, "`sum(rate(requests_total:checkout[5m]))`", "`sum(rate(requests_total:checkout[5m])`")),
    (IR, "39", say(IR, "MonitoringAlerts.md#L41)", "MonitoringAlerts.md#L12)")),
    (IR, "39", say(IR, "7 of 8 alerts", "8 of 8 alerts")),
    (IR, "40", alter(IR, r"(### CheckoutSlow[\s\S]*?)\*\*Verify:\*\*", r"\1Then:")),
    (IR, "40", alter(IR, r"(### DiskAlmostFull[\s\S]*?\*\*Meaning\*\* +\|)[^|]*\|", r"\1 – |")),
    (IR, "41", alter(IR, r"(### CheckoutSlow[\s\S]*?`histogram_quantile\(0\.95), ", r"\1 ")),
    (IR, "41", say(IR, "**Takes away or interrupts:** Node: `kubectl drain`", "Node: `kubectl drain`")),
    (IR, "42", copied_runbook),
    (IR, "43", say(IR, "- **Date:**", "- **Day:**")),
]

PERFORMANCE: list[tuple[str, str, Damage]] = [
    (P, "1", cell(P, "Performance baseline", "search", "p95", "900 ms / 950 ms", "Requests")),
    (P, "1", alter(P, r"^(Source: metrics source.*), coverage [^\n]*", r"\1")),
    (P, "2", cell(P, "Targets against measurements", 2, "Verdict", "met")),
    (P, "2", alter(P, r"^\d+ met, ", "99 met, ")),
    (P, "3", cell(P, "Load testing results", 0, "Model", "closed", "Tool")),
    (P, "3", cell(P, "Load testing results", 1, "Requests", "187,660", "Tool")),
    (P, "4", alter(P, r"\*\*knee\*\*", "")),
    (P, "4", cell(P, "Throughput and latency", 2, "Power, throughput / p95", "418")),
    (
        P,
        "4",
        both(
            lose(P, "Throughput and latency", 4, "Power, throughput / p95"),
            lose(P, "Throughput and latency", 3, "Power, throughput / p95"),
        ),
    ),
    (P, "5", cell(P, "Run to run", 5, "Verdict", "no evidence of a difference")),
    (P, "5", cell(P, "Run to run", 2, "Verdict", "faster")),
    (P, "6", cell(P, "Change points", 0, "Verdict", "it is slower now", "History")),
    (P, "6", cell(P, "Change points", 0, "p", "–", "History")),
    (P, "7", swap(P, "Bottleneck analysis", "Contribution", "Method")),
    (P, "7", cell(P, "Bottleneck analysis", 0, "Evidence", "–", "Method")),
    (P, "9", drop(P, "Database query optimizations", "Plan, execution", "Line")),
    (P, "9", cell(P, "Database query optimizations", 0, "Line", "somewhere", "Plan, execution", "Evidence")),
    (P, "8", cell(P, "Critical paths", 0, "Share", "120.0 %", "Operation")),
    (P, "8", cell(P, "Critical paths", 1, "If it took half as long", "–", "Operation")),
    (P, "9", swap(P, "Database query", "Statement", "Share of time", rows=(1, 2))),
    (P, "9", cell(P, "Database query", 3, "Evidence", "it looks slow", "Statement")),
    (P, "10", cell(P, "Caching", 3, "Hit ratio, requests", "22.0 %")),
    (P, "10", drop(P, "Caching", "Kept for", "Hit ratio, requests (95 % interval)")),
    (P, "10", alter(P, r"^\*\*Not known:\*\* hits and misses.*\n", "", count=0)),
    (P, "11", cell(P, "CDN configuration", "Cacheable", "Requests", "12.0 %", "Meaning")),
    (P, "11", drop(P, "CDN configuration", "Header to consider")),
    (P, "12", cell(P, "Optimization strategies", "OPT-5", "Measured", "–", "Hypothesis")),
    (P, "12", cell(P, "Optimization strategies", "OPT-1", "Risk", "–", "Hypothesis")),
    (P, "13", cell(P, "Latency budget", 1, "p95", "90 ms")),
    (P, "13", cell(P, "Latency budget", 6, "p95", "93 ms")),
    (P, "14", cell(P, "Resources during the load tests", 1, "Value", "–")),
    (P, "15", alter(P, r"^!\[.*throughput.*\n", "", count=0)),
    (P, "15", alter(P, r"^!\[.*before-after.*\n", "", count=0)),
]

CAPACITY: list[tuple[str, str, Damage]] = [
    (C, "1", cell(C, "Resource utilization", 1, "Headroom", "29.7 %", "Limit")),
    (C, "1", swap(C, "Resource utilization", "Limit", "Headroom", rows=(6, 7))),
    (C, "1", cell(C, "Resource utilization", 0, "Source of the limit", "–")),
    (C, "2", cell(C, "What the history holds", 3, "Coverage", "")),
    (C, "3", cell(C, "Growth projections", 0, "MASE", "5.00", "Verdict")),
    (C, "3", cell(C, "Growth projections", 2, "MASE", "–")),
    (C, "3", cell(C, "Growth projections", "postgres-orders disk", "Verdict", "used", "MASE")),
    (C, "4", cell(C, "When each limit", 5, "Order by", "2026-12-24", "Lead time")),
    (C, "4", cell(C, "When each limit", 0, "P50", "20 d", "Lead time")),
    (C, "4", cell(C, "When each limit", "opensearch memory", "Order by", "2026-12-01", "Lead time")),
    (C, "5", cell(C, "Growth scenarios", "base", "A year", "36 %")),
    (C, "5", cell(C, "Growth scenarios", "base", "Weight", "70 %")),
    (C, "5", cell(C, "Growth scenarios", 2, "Line", "–")),
    (C, "6", cell(C, "Growth scenarios", 2, "Until, exclusive", "2026-11-27")),
    (C, "6", cell(C, "Growth scenarios", 2, "From where", "–")),
    (C, "7", cell(C, "Scaling strategies", "checkout", "Replicas", "4 to 12", "Trigger")),
    (C, "7", file("artifacts/autoscalers.yaml", b"averageUtilization: 70", b"averageUtilization: 60")),
    (
        C,
        "7",
        file("artifacts/autoscalers.yaml", b"stabilizationWindowSeconds: 600", b"stabilizationWindowSeconds: 300"),
    ),
    (C, "8", cell(C, "Maximum replicas", "postgres-orders", "Verdict", "holds")),
    (C, "8", alter(C, r"= 260 ", "= 206 ")),
    (C, "8", cell(C, "Maximum replicas", "postgres-orders", "Most replicas that fit", "12")),
    (C, "8", file("artifacts/autoscalers.yaml", b"maxReplicas: 9", b"maxReplicas: 12")),
    (C, "9", cell(C, "Without one instance", 0, "Peak at N-1", "63.2 %")),
    (C, "10", cell(C, "Right-sizing", "redis-sessions memory", "Size", "31 % of today", "Why")),
    (C, "10", cell(C, "Right-sizing", "checkout CPU", "Size", "80 % of today", "Why")),
    (C, "11", cell(C, "Cost optimization", "opensearch", "A month", "804 EUR", "Scales")),
    (C, "11", swap(C, "Cost optimization", "Saving", "Risk")),
    (C, "11", cell(C, "Cost optimization", 0, "Evidence", "–", "Saving")),
    (C, "12", cell(C, "Budget considerations", "2027-02", "Expected", "4,577 EUR")),
    (C, "12", cell(C, "Budget considerations", "2027-03", "Against the budget", "**74.46 EUR over**")),
    (C, "12", say(C, "First month above the budget: 2026-11", "First month above the budget: 2027-05")),
    (C, "13", swap(C, "Infrastructure roadmap", "Begin by", "Step")),
    (C, "13", lose(C, "Infrastructure roadmap", 2, "Begin by", "Step")),
    (C, "13", cell(C, "Infrastructure roadmap", 3, "Owner", "–")),
    (C, "14", cell(C, "Capacity triggers", 3, "Highest so far", "84.9 %", "Action")),
    (
        C,
        "14",
        cell(
            C,
            "Capacity triggers",
            1,
            "Watched by",
            "DiskNearlyFull<br>[MonitoringAlerts:83](../DevOps%20Engineer/MonitoringAlerts.md#L83)",
        ),
    ),
    (C, "14", cell(C, "Capacity triggers", 0, "Watched by", "**no alert**")),
    (C, "14", file("artifacts/capacity.rules.yaml", b"above 90 %", b"above 95 %")),
    (C, "14", lose(C, "Capacity triggers", "CapacityOpensearchMemory", "Alert", "It says")),
    (C, "14", cell(C, "Capacity triggers", "CapacityOpensearchMemory", "It says", "above 80 % of its limit", "Alert")),
    (C, "15", alter(C, r"\| Growth 3 % a month[^|]*\|", "| Resource |")),
    (C, "16", alter(C, r"^!\[.*headroom\.png.*\n", "")),
]

PLAYBOOK: list[tuple[str, str, Damage]] = [
    (OP, "1", cell(OP, "Daily operational tasks", 3, "If not", "–", "Expect")),
    (OP, "2", cell(OP, "Calendar", 4, "Cron", "`0 11 * * TUE`")),
    (OP, "2", cell(OP, "Calendar", 1, "Zone", "Europe/Dublin")),
    (OP, "2", cell(OP, "Calendar", 4, "Elsewhere", "Europe/Dublin Tue 10:00", "Cron")),
    (OP, "2", cell(OP, "Calendar", 6, "systemd OnCalendar", "`Tue *-*-01..07 10:00:00 Europe/Amsterdam`", "Cron")),
    (OP, "3", drop(OP, "Calendar", "One", "Other")),
    (OP, "3", cell(OP, "Calendar", 0, "systemd", "runs once", "Why")),
    (OP, "3", drop(OP, "Calendar", "Why", "systemd")),
    (OP, "3", cell(OP, "Calendar", "export-cleanup", "Clock change within a year", "none")),
    (OP, "4", cell(OP, "Toil", "feed-rerun", "Minutes a month", "373", "Pays back after")),
    (OP, "4", say(OP, "of the team's 160 hours", "of the team's 16 hours")),
    (OP, "4", alter(OP, r"by pay-back time: (\S+), ", "by pay-back time: ")),
    (OP, "5", say(OP, "At most 1 in one 12-hour shift (limit 2)", "At most 3 in one 12-hour shift (limit 2)")),
    (OP, "5", alter(OP, r"^\*\*Not known:\*\* which alerts fired.*\n", "")),
    (OP, "7", alter(OP, r"--end=\S+", "--end=2026-11-01T09:00:00Z")),
    (OP, "7", alter(OP, r"^amtool .*\n", "")),
    (OP, "7", alter(OP, r"^\*\*Way back:\*\*", "Afterwards:")),
    (OP, "8", cell(OP, "Maintenance procedures", 0, "Bad minutes against the SLO", "excluded")),
    (OP, "8", cell(OP, "Maintenance procedures", 0, "Bad minutes against the SLO", "")),
    (OP, "9", swap(OP, "What expires", "Kind", "Ends")),
    (OP, "9", cell(OP, "What expires", "SAML", "State", "ok")),
    (OP, "9", file("artifacts/expiries.ics", b"20261128", b"20261129", 9)),
    (OP, "9", file("artifacts/expiries.rules.yaml", b"vector(1795824000)", b"vector(1795910400)")),
    (OP, "10", lose(OP, "What expires", "PostgreSQL 13", "Kind")),
    (OP, "10", cell(OP, "Versions in use", 0, "End of life", "2026-10-13", "Product")),
    (OP, "10", alter(OP, r"(\*\*Not known:\*\* the end of life of Go 1\.22, )Grafana 10, ", r"\1")),
    (OP, "10", say(OP, "### Versions in use", "### Versions")),
    (OP, "11", lose(OP, "Backup and recovery", "redis-sessions", "Method", "Kept")),
    (OP, "11", cell(OP, "Backup and recovery", "opensearch", "Method", "none")),
    (OP, "12", cell(OP, "Backup and recovery", "postgres-orders", "Owner", "–", "Method")),
    (OP, "13", cell(OP, "Recovery objectives", 2, "Verdict", "met", "How derived")),
    (OP, "13", cell(OP, "Recovery objectives", 0, "Worst case", "4 min", "How derived")),
    (OP, "14", cell(OP, "Recovery objectives", 3, "Verdict", "met", "How derived")),
    (OP, "14", cell(OP, "Recovery objectives", 1, "Worst case", "50 min", "How derived")),
    (OP, "14", alter(OP, r"^\*\*Not known:\*\* measured restore throughput.*\n", "", count=0)),
    (OP, "15", cell(OP, "Copies, freshness", 0, "2 media", "–")),
    (OP, "15", cell(OP, "Copies, freshness", 1, "3-2-1-1-0", "kept")),
    (OP, "16", cell(OP, "Copies, freshness", 1, "Too short", "", "Scheme")),
    (OP, "16", cell(OP, "Copies, freshness", 1, "Must be kept", "400 d", "Scheme")),
    (OP, "17", alter(OP, r"^\*\*Not known:\*\* an alert when a backup is too old.*\n", "")),
    (OP, "17", file("artifacts/backups.rules.yaml", b"> 900", b"> 1800")),
    (OP, "17", file("artifacts/backups.rules.yaml", b"PostgresOrdersBackupStale", b"OrdersBackupStale")),
    (
        OP,
        "17",
        both(
            file("artifacts/backups.rules.yaml", b"> 900", b"> 1800"),
            say(OP, "PostgresOrdersBackupStale, after 15 min", "PostgresOrdersBackupStale, after 30 min"),
        ),
    ),
    (OP, "18", alter(OP, r"^#### Restore orders-queue\n", "#### Restore the queue\n")),
    (OP, "18", cell(OP, "Drill log", 0, "Next due", "2027-10-17")),
    (OP, "18", cell(OP, "Drill log", 3, "Shown by", "drilled with restic 0.14.0, drills.jsonl:9")),
    (OP, "18", cell(OP, "Drill log", 0, "Compared", "251, 1 different; 171 damaged before", "Record")),
    (OP, "18", cell(OP, "Drill log", 1, "Result", "passed", "Record")),
    (OP, "19", cell(OP, "Copies, freshness", 0, "Keys", "")),
    (OP, "20", swap(OP, "Order of restore", "Step", "Needs", rows=(1, 2))),
    (
        OP,
        "20",
        both(
            alter(OP, r"(\| +1 \| EKS nodes), postgres-orders", r"\1"),
            alter(OP, r"(\| +4 \| storefront)", r"\1, postgres-orders"),
        ),
    ),
    (OP, "21", cell(OP, "Security patching", "SEC-21", "Due", "2026-11-18", "Found")),
    (OP, "21", cell(OP, "Security patching", "SEC-23", "State", "in time", "Found")),
    (OP, "21", say(OP, "2 of 5 overdue", "1 of 5 overdue")),
    (OP, "22", alter(OP, r"^\*\*Not known:\*\* .* for patching CI actions.*\n", "", count=0)),
    (OP, "22", lose(OP, "What is patched", "container images", "Tool")),
    (OP, "23", cell(OP, "Security patching", "high", "Stages, with soak times", "–")),
    (OP, "23", say(OP, "### Emergency path", "### Otherwise")),
    (OP, "23", alter(OP, r"2026-10-14: staging 3 days", "2026-10-20: staging 3 days")),
    (OP, "23", cell(OP, "Exceptions", 0, "Protects meanwhile", "–")),
    (OP, "23", cell(OP, "Exceptions", 0, "Ends", "2026-10-13", "Carried by")),
    (OP, "25", cell(OP, "Configuration management", 0, "Drift check", "–", "Source of truth")),
    (OP, "26", cell(OP, "Secrets", 0, "Next", "2026-12-09", "Store")),
    (OP, "26", cell(OP, "Secrets", 1, "Store", "AKIAABCDEFGHIJKLMNOP", "Next")),
    (OP, "26", file("artifacts/alertmanager.yml", b"route:", b"password: correcthorsebattery\nroute:")),
    (OP, "27", cell(OP, "Environment parity", 0, "Reason", "–")),
    (OP, "28", lose(OP, "Change control", "emergency", "Criteria")),
    (OP, "28", drop(OP, "Change control", "Freeze")),
    (OP, "29", cell(OP, "Change control", "normal", "Allowed now", "yes", "Criteria")),
    (OP, "29", cell(OP, "Change control", "search", "Allowed now", "standard, normal, emergency", "Service")),
    (OP, "29", record("change.budget_state", "healthy")),
    (OP, "30", alter(OP, r"^\| before .*\n", "", count=0)),
    (OP, "30", alter(OP, r"^\*\*Not known:\*\* which failed check.*\n", "")),
    (OP, "30", cell(OP, "Before and after", 5, "How", "`increase(x[15m]`", "Taken back")),
    (OP, "30", file("artifacts/analysis-templates.yaml", b"> 0.0144", b"> 0.144")),
    (OP, "30", file("artifacts/analysis-templates.yaml", b'track="canary",code', b"code")),
    (OP, "30", without_file("artifacts/analysis-templates.yaml")),
    (OP, "30", cell(OP, "Canary analysis", 1, "Verdict", "promote", "Release")),
    (OP, "30", cell(OP, "Canary analysis", 2, "Verdict", "not enough data", "Release")),
    (OP, "31", lose(OP, "How deployments", "rework rate", "n")),
    (OP, "31", cell(OP, "How deployments", "change failure", "Value", "21.5 %", "n")),
    (OP, "33", lose(OP, "Disaster recovery", "Ransomware", "Decides")),
    (OP, "33", alter(OP, r"(#### Zone failure[\s\S]*?)Verify: ", r"\1Look: ")),
    (OP, "34", cell(OP, "Disaster recovery", "Pipeline lost", "Verdict", "missed", "Critical path")),
    (OP, "34", cell(OP, "Disaster recovery", "Payment provider", "Verdict", "met", "Critical path")),
    (OP, "34", alter(OP, r"(restore to a point in time\*\* +\| )1 h 27 min", r"\g<1>27 min")),
    (OP, "34", cell(OP, "Disaster recovery", "Region failure", "Verdict of the RPO", "met", "Lost at worst")),
    (OP, "34", alter(OP, r"(databases fail over +\| +2 min \| at once +\| at once +\| +)2 min", r"\g<1>7 min")),
    (OP, "35", cell(OP, "Single points", 0, "Source", "somebody said so", "Point")),
    (OP, "35", cell(OP, "What stands in", "checkout", "Single point", "**single**")),
    (OP, "36", cell(OP, "Test plan", "Region failure", "State", "planned")),
    (OP, "36", lose(OP, "Test plan", "Pipeline lost", "Due")),
    (OP, "36", alter(OP, r"^\*\*Not known:\*\* when Key person away.*\n", "")),
    (OP, "35", cell(OP, "Single points", 2, "Dealt with by", "scenario Moon failure")),
    (OP, "35", cell(OP, "Single points", 0, "Dealt with by", "–")),
    (OP, "36", alter(OP, r"Never rehearsed: Ransomware or account loss, ", "Never rehearsed: ")),
    (OP, "36", cell(OP, "Rehearsals", 0, "Result", "–")),
    (OP, "37", say(OP, "**Declared when:**", "Declared:")),
    (OP, "37", drop(OP, "Disaster recovery", "Contact", "How")),
    (OP, "38", file("artifacts/autoscalers.yaml", b"maxReplicas: 9", b"maxReplicas: 3")),
    (OP, "39", file("artifacts/disruption-budgets.yaml", b"minAvailable: 3", b"minAvailable: 4")),
    (OP, "39", alter(OP, r"3 of 4 \(checkout\)", "2 of 4 (checkout)")),
    (OP, "40", cell(OP, "Automation opportunities", "self-healing", "Guard", "–")),
    (OP, "33", lose(OP, "Disaster recovery", "Zone failure", "Critical path")),
    (OP, "40", lose(OP, "Automation opportunities", "rollback", "Guard")),
    (OP, "40", cell(OP, "Automation opportunities", "rollback", "File", "–")),
    (OP, "40", without_file("artifacts/rollback.workflow.yaml")),
    (OP, "40", without_file("artifacts/autoscalers.yaml")),
    (OP, "40", artifact("backup-check.timer", problem="bad OnCalendar", by="systemd-analyze")),
    (OP, "40", say(OP, "Together 479 minutes", "Together 379 minutes")),
    (OP, "40", file("artifacts/rollback.workflow.yaml", b"timeout-minutes", b"minutes")),
    (OP, "40", file("artifacts/performance.workflow.yaml", b"concurrency", b"together")),
    (OP, "40", file("artifacts/performance.workflow.yaml", b"@11bd71901bbe5b1630ceea73d27597364c9af683", b"@v4")),
    (OP, "41", cell(OP, "Automation opportunities", "backup", "State", "not applicable")),
    (OP, "41", lose(OP, "Automation opportunities", "rollback", "State")),
    (OP, "42", say(OP, "- **Version:**", "- **Edition:**")),
]

HANDOFF: list[tuple[str, str, Damage]] = [
    (H, "1", cell(H, "Summary", 0, "Version", "17", "Rubric")),
    (H, "1", cell(H, "Summary", 2, "sha256", "`000000000000`", "Rubric")),
    (H, "2", lose(H, "Summary", 3, "Rubric")),
    (H, "2", failing(C)),
    (H, "2", cell(H, "Summary", 1, "Rubric", "99 passed, 0 failed, 0 not known")),
    (H, "3", say(H, "**The system is not stable**", "**The system is stable**")),
    (H, "3", alter(H, r"^Rule: stable:.*\n", "")),
    (H, "4", swap(H, "Open risks", "Kind", "Due", rows=(0, 3))),
    (H, "4", cell(H, "Open risks", 0, "Due", "2026-02-27")),
    (H, "4", say(H, "7 of 12 are overdue", "6 of 12 are overdue")),
    (H, "5", lose(H, "What nobody has told us", 2, "Questions")),
    (H, "7", alter(H, r"(Ravi Menon: Mon 2026-11-30 )08:30", r"\g<1>09:30")),
    (H, "7", file("artifacts/oncall.ics", b"X-ONCALL-PERSON:Kwame Mensah", b"X-ONCALL-PERSON:Niamh Kelly", 99)),
    (H, "8", cell(H, "On-call transfer", 1, "State", "transferred", "Overlap")),
    (H, "8", cell(H, "On-call transfer", 0, "Backup", "–", "Overlap")),
    (H, "9", alter(H, r"^\*\*Not known:\*\* which access.*\n", "")),
    (H, "9", cell(H, "Access", "Ravi Menon", "Pager", "yes")),
    (H, "10", alter(H, r"^\*\*Test page:.*\n", "")),
    (H, "11", swap(H, "The last weeks", "Began", "Lasted")),
    (H, "11", say(H, "5 incidents in 4 weeks", "4 incidents in 4 weeks")),
    (H, "11", say(H, "**Shift of Sanne Visser**", "**Shift of Niamh Kelly**")),
    (H, "11", say(H, "; signed 2026-10-30.", ".")),
    (H, "11", say(H, "Pages: 1; incidents", "Pages: 4; incidents")),
    (H, "11", cell(H, "The shift", "checkout-availability", "Of the window's budget", "77.7 %", "State")),
    (H, "11", alter(H, r"^\| 2026-10-27 09:40Z", "| 2026-10-20 09:40Z")),
    (H, "12", alter(H, r"^\| 2026-11-12 13:00Z", "| 2026-12-12 13:00Z")),
    (H, "13", cell(H, "Escalation", 1, "Who", "Niamh Kelly", "Waits")),
    (H, "14", cell(H, "Watch", 0, "Runbook", "**no runbook**")),
    (H, "15", cell(H, "Monitoring dashboards", 1, "Audience", "–", "Address")),
    (H, "15", alter(H, r"^\*\*Not known:\*\* the address of the dashboard Checkout.*\n", "", count=0)),
    (H, "15", artifact("service-levels.dashboard.json", problem="no panels")),
    (H, "15", file(BOARD, b'"title": "checkout: golden signals"', b'"title": "till: golden signals"')),
    (H, "15", file(BOARD, b'"title": "Saturation"', b'"title": "Fullness"')),
    (H, "15", file(BOARD, b'"title": "search-latency: ', b'"title": "search-slowness: ')),
    (H, "15", file(BOARD, b'"title": "Error budget left"', b'"title": "What is left"')),
    (H, "15", file(BOARD, b'"expr": "', b'"expr": "sum(', -1)),
    (H, "15", file(BOARD, b'"panels"', b'"panel"')),
    (H, "16", lose(H, "Objectives, dashboards, alerts", 2, "Dashboards")),
    (H, "16", cell(H, "Objectives, dashboards, alerts", 0, "Dashboards", "–")),
    (H, "16", cell(H, "Objectives, dashboards, alerts", 0, "Panels generated", "**none**")),
    (H, "16", cell(H, "Objectives, dashboards, alerts", "HighErrorRate", "Dashboards", "**none**", "Watches")),
    (H, "20", cell(H, "Who can run what", "search", "In the rota", "4")),
    (H, "32", cell(H, "Integrity", "operations.toil_minutes", "There", "1200")),
    (H, "17", alter(H, r"^Measurements come from.*\n", "")),
    (H, "18", cell(H, "Monitoring dashboards", 0, "Who can see it", "the whole team", "Address")),
    (H, "19", cell(H, "Knowledge transfer", "SLODefinitions", "State", "covered", "People")),
    (H, "19", cell(H, "Knowledge transfer", 0, "Held", "–", "Topic")),
    (H, "20", cell(H, "Who can run what", "search", "State", "ok", "Bus factor")),
    (H, "20", cell(H, "Who can run what", "checkout", "Bus factor", "5")),
    (H, "21", cell(H, "Shadowing", 0, "Ends when", "–", "Person")),
    (H, "22", cell(H, "Shadowing", 1, "Result", "–", "Exercise")),
    (H, "23", lose(H, "Reading order", 2, "Minutes")),
    (H, "23", drop(H, "Knowledge transfer", "Word", "Meaning")),
    (H, "25", swap(H, "What has gone wrong before", "Factor")),
    (H, "26", cell(H, "Reliability metrics", 0, "Value", "99.940 %", "Trend")),
    (H, "26", cell(H, "Reliability metrics", "MTTR", "Trend", "getting better")),
    (H, "26", lose(H, "Reliability metrics", "MTBF", "Trend")),
    (H, "27", lose(H, "Where they stand", "Patches", "Last")),
    (H, "28", cell(H, "Operational procedures", "feed-rerun", "Minutes a month", "73")),
    (H, "29", cell(H, "First limits", 2, "Order by", "2026-12-20")),
    (H, "29", cell(H, "First limits", 0, "Days to the limit, P10", "62 d")),
    (H, "30", cell(H, "On-call transfer", 0, "Left", "in 160 d", "Contract")),
    (H, "31", say(H, "IncidentResponse.md#diskalmostfull", "IncidentResponse.md#diskalmostempty")),
    (H, "32", cell(H, "Integrity", 0, "Here", "0.999401", "Result")),
    (H, "32", cell(H, "Integrity", 5, "Result", "**differs**")),
    (H, "32", record("slo.search-latency.availability", 0.5)),
    (H, "33", cell(H, "Sign-off", 0, "State", "signed", "Role")),
    (H, "33", say(H, "1 of 3 have signed", "2 of 3 have signed")),
    (H, "34", cell(H, "Inputs of the earlier", 0, "Path", "docs/Project Manager/NoSuchModel.md")),
    (H, "34", say(H, "22 read, 0 missing", "23 read, 0 missing")),
    (H, "35", alter(C, r"\(as of 2026-11-01", "(as of 2026-10-01")),
    (H, "35", published_as_of),
    (H, "36", say(H, "# SRE", "Call +31 6 1234 5678\n\n# SRE")),
    (H, "36", say(H, "# SRE", "Write to ravi@harbour-books.com\n\n# SRE")),
]

PLAN: list[tuple[str, str, Damage]] = [
    (B, "2", failing(P)),
    (B, "6", alter(B, r"^(- \[)[ x](\] Define SLOs.*)$", r"\1x\2\n  - [ ] Define SLOs of the portal")),
    (B, "7", say(B, "<!-- sre-kit:end -->", "")),
    (B, "8", say(B, "- **System stability:**", "- **System stability, edited:**")),
    (B, "12", alter(B, r"^- \*\*Production incident response.*\n", "")),
    (B, "13", alter(B, r"^\| availability checkout \| [^|]*\|", "| availability checkout | 99.99 % |")),
    (B, "14", alter(B, r"Rule: stable: every objective is measured", "Rule: as it feels")),
]

DAMAGES = [*EVERY, *SERVICE_LEVELS, *INCIDENTS, *PERFORMANCE, *CAPACITY, *PLAYBOOK, *HANDOFF, *PLAN]


@pytest.mark.parametrize(
    ("document", "number", "damage"), DAMAGES, ids=[f"{d}-{n}-{i}" for i, (d, n, _) in enumerate(DAMAGES)]
)
def test_a_rule_fails_on_the_damage_that_it_guards_against(
    published: Bundle, document: str, number: str, damage: Damage
) -> None:
    name = S if document == "*" else document
    (before,) = evaluate(published, [name], number)
    (after,) = evaluate(damage(published), [name], number)
    assert before.state != "failed", before.evidence
    assert after.state == "failed", f"still {after.state}: {after.evidence}"


def test_every_rule_has_its_damage() -> None:
    assert set(registered()) - {(document, number) for document, number, _ in DAMAGES} == set()
