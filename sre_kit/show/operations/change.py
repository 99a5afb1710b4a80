"""Patching, configuration, change control, and how deployments have gone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sre_kit.compute.operations.canary import JudgedCanary
from sre_kit.compute.operations.change import ChangeState, DeployMetric, Patch, ServiceChange
from sre_kit.compute.operations.plan import ConfigClass, OperationsPlan
from sre_kit.compute.operations.tasks import runs
from sre_kit.compute.vocabulary import Finding, Gap
from sre_kit.errors import ParameterError
from sre_kit.show.document import cited, fact_link
from sre_kit.show.shown import Note, Record, Stack, Steps
from sre_kit.show.table import Table
from sre_kit.show.text import Code, Inline, Lines, Strong, ticked
from sre_kit.units import MISSING, number, percent, span, utc

_ASK = "DevOps Engineer"


def patch_policies(plan: OperationsPlan) -> Table:
    """Severity -> time and stages."""
    rows: list[Sequence[Inline]] = [
        (one.severity, span(one.within), " → ".join(one.stages) or MISSING, cited(one.source)) for one in plan.patching
    ]
    gaps = () if rows else (Gap("within which time findings are closed", _ASK, "SecurityCompliance.md"),)
    return Table(("Severity", "Closed within", "Stages, with soak times", "Source"), rows, gaps=gaps)


def security_findings(found: Sequence[Patch], as_of: datetime) -> Table:
    """Findings of the security tests against their due dates; overdue ones marked, exceptions with owner and end."""
    rows: list[Sequence[Inline]] = []
    findings = []
    gaps = []
    for one in found:
        days = one.overdue_days(as_of)
        state: Inline = one.state
        if one.state == "overdue":
            state = Strong(f"overdue by {days} d")
            findings.append(Finding(7, days, f"{one.severity} security finding {one.fact.name} is overdue by {days} d"))
        elif one.exception is not None and one.state == "excepted":
            state = Lines([f"excepted until {one.exception.expires} ({one.exception.owner})", one.exception.control])
        elif one.state == "closed":
            state = one.why
        elif one.state == "not known":
            gaps.append(Gap(f"when {one.fact.name} is due", "QA Engineer", "SecurityTestReport.md", one.why))
        found_on, due = (str(day) if day else MISSING for day in (one.found, one.due))
        component = one.fact.details.get("component", MISSING)
        rows.append(
            (one.fact.name, str(one.fact.value), one.severity, component, found_on, due, state, fact_link(one.fact))
        )
    overdue = sum(one.state == "overdue" for one in found)
    if not found:
        gaps.append(Gap("the findings of the security tests", "QA Engineer", "SecurityTestReport.md"))
    return Table(
        ("Id", "Finding", "Severity", "Component", "Found", "Due", "State", "Source"),
        rows,
        note=f"{overdue} of {len(found)} overdue." if found else "",
        gaps=gaps,
        findings=findings,
        records=(Record("security.overdue", overdue, "findings"), Record("security.findings", len(found), "findings")),
    )


def patch_scopes(plan: OperationsPlan, as_of: datetime) -> Table:
    """What is patched, with which tool, when next, how it restarts, how it is taken back."""
    rows: list[Sequence[Inline]] = []
    gaps = []
    for one in plan.patch_scopes:
        rows.append(
            (
                one.layer,
                one.tool or MISSING,
                _when(one.cron, one.zone, as_of),
                one.reboot or MISSING,
                one.rollback or MISSING,
                one.owner or MISSING,
                cited(one.source),
            )
        )
        missing = [
            word
            for word, text in (("the tool", one.tool), ("the schedule", one.cron), ("the way back", one.rollback))
            if not text
        ]
        if missing:
            gaps.append(
                Gap(
                    f"{', '.join(missing)} for patching {one.layer}",
                    one.owner or _ASK,
                    "params: operations.patch_scopes",
                )
            )
    if not rows:
        gaps.append(Gap("which layers are patched, and how", _ASK, "SecurityCompliance.md"))
    return Table(("Layer", "Tool", "Next", "Restart", "Way back", "Owner", "Source"), rows, gaps=gaps)


def _when(cron: str, zone: str, as_of: datetime) -> Inline:
    if not cron:
        return MISSING
    try:
        return Lines([Code(cron), utc(next(runs(cron, zone, as_of), None))])
    except ParameterError as error:
        return Strong(str(error))


def emergency_patch(plan: OperationsPlan) -> Stack:
    """The fast lane, in steps."""
    if not plan.emergency_patch:
        return Stack(
            Note.gap(Gap("how a hole that is being exploited is closed", _ASK, "params: operations.emergency_patch"))
        )
    return Stack(Steps([ticked(step) for step in plan.emergency_patch]))


def configuration(plan: OperationsPlan, as_of: datetime) -> Table:
    """Where the truth of each class lies, how drift is found, and how an emergency change gets back."""
    rows: list[Sequence[Inline]] = []
    gaps = []
    for one in (c for c in plan.configuration if c.rotation is None):
        drift: Inline = MISSING
        if one.drift_check:
            drift = Lines(
                [f"{one.drift_check}, {_schedule(one.schedule, as_of)}", *([Code(one.command)] if one.command else [])]
            )
        rows.append(
            (one.name, one.source_of_truth, drift, one.break_glass or MISSING, one.owner or MISSING, cited(one.source))
        )
        missing = [
            word
            for word, text in (
                ("the drift check", one.drift_check),
                ("the way of an emergency change", one.break_glass),
            )
            if not text
        ]
        if missing:
            gaps.append(Gap(f"{' and '.join(missing)} of {one.name}", one.owner or _ASK, "InfrastructureAsCode.md"))
    if not rows:
        gaps.append(Gap("where the truth of the configuration lies", _ASK, "InfrastructureAsCode.md"))
    return Table(("Class", "Source of truth", "Drift check", "Emergency change", "Owner", "Source"), rows, gaps=gaps)


def _schedule(cron: str, as_of: datetime) -> str:
    if len(cron.split()) != 5:
        return cron or "schedule not known"
    return f"next {utc(next(runs(cron, 'UTC', as_of), None))}"


def secret_rotations(plan: OperationsPlan, as_of: datetime) -> Table:
    """Secrets by name: where they are kept, how often they change, when last, when next. No value is ever shown."""
    rows: list[Sequence[Inline]] = []
    gaps = []
    for one in sorted((c for c in plan.configuration if c.rotation is not None), key=_next_rotation):
        due = _next_rotation(one)
        late = one.last_rotation is not None and due < as_of.date()
        state: Inline = Strong(f"overdue since {due}") if late else str(due) if one.last_rotation else MISSING
        rows.append(
            (
                one.name,
                one.source_of_truth,
                span(one.rotation),
                str(one.last_rotation or MISSING),
                state,
                one.owner or MISSING,
                cited(one.source),
            )
        )
        if one.last_rotation is None:
            gaps.append(Gap(f"when {one.name} was last changed", one.owner or _ASK, "SecurityCompliance.md"))
    if not rows:
        gaps.append(Gap("which secrets there are and how often they change", _ASK, "SecurityCompliance.md"))
    return Table(("Secret", "Store", "Changes every", "Last", "Next", "Owner", "Source"), rows, gaps=gaps)


def _next_rotation(one: ConfigClass) -> date:
    return date.max if one.last_rotation is None else one.last_rotation + (one.rotation or timedelta(0))


def environment_differences(plan: OperationsPlan) -> Table:
    """Where environments differ from production, and why."""
    rows: list[Sequence[Inline]] = [
        (d.environment, d.difference, d.reason or MISSING, cited(d.source)) for d in plan.differences
    ]
    gaps = [
        Gap(f"why {d.environment} differs: {d.difference}", _ASK, "InfrastructureAsCode.md")
        for d in plan.differences
        if not d.reason
    ]
    if not rows:
        gaps = [Gap("how the environments differ", _ASK, "InfrastructureAsCode.md")]
    return Table(("Environment", "Differs from production in", "Reason", "Source"), rows, gaps=gaps)


def change_classes(plan: OperationsPlan, state: ChangeState) -> Table:
    """Standard, normal, emergency: criteria, approval, lead time, evidence, and whether allowed now."""
    rows: list[Sequence[Inline]] = [
        (
            one.name,
            ticked(one.criteria),
            one.approvers,
            span(one.lead_time),
            one.evidence or MISSING,
            ", ".join(one.allowed_when) or "common policy",
            "yes" if one.name in state.allowed else Strong("no"),
        )
        for one in plan.changes
    ]
    gaps = (
        ()
        if rows
        else (Gap("which classes of change there are", _ASK, "CICDPipeline.md or params: operations.changes"),)
    )
    columns = (
        "Class",
        "Criteria",
        "Approved by",
        "Lead time",
        "Evidence",
        "Allowed while the budget is",
        "Allowed now",
    )
    return Table(columns, rows, gaps=gaps)


def change_state(state: ChangeState) -> Note:
    """Which classes may go out at the report time, and why."""
    frozen = f" Frozen by {', '.join(one.name for one in state.freezes)}." if state.freezes else ""
    allowed = (", ".join(state.allowed) or "none") if state.classes else "not known, no class of change is described"
    return Note(
        [
            Strong("Today:"),
            f" {state.because}; the error budget policy is at {state.budget!r}.{frozen} Allowed: {allowed}.",
        ],
        records=(
            Record("change.allowed", allowed if state.classes else None, "classes"),
            Record("change.budget_state", state.budget, "state"),
        ),
    )


def service_changes(found: Sequence[ServiceChange]) -> Table:
    """What may go out for each service, by its own error budgets; a freeze is for all."""
    rows: list[Sequence[Inline]] = [
        (
            one.service,
            ", ".join(one.objectives),
            one.state.budget if one.state.budget == "healthy" else Strong(one.state.budget),
            one.state.because,
            ", ".join(one.state.allowed) or Strong("none"),
        )
        for one in found
        if one.state.classes
    ]
    return Table(
        ("Service", "Objectives", "Budget is", "Because", "Allowed now"),
        rows,
        note="A change that touches several services needs the permission of each." if len(rows) > 1 else "",
        empty="No class of change is described, or no error budget was measured, so no service is judged by itself.",
        records=tuple(
            Record(f"change.allowed.{o.service}", ", ".join(o.state.allowed) or "none", "classes") for o in found
        ),
    )


def freezes(plan: OperationsPlan, as_of: datetime) -> Table:
    """Spells in which only emergencies change anything, from now on."""
    rows: list[Sequence[Inline]] = [
        (
            one.name,
            utc(one.start),
            utc(one.end),
            span(one.end - one.start),
            "now" if one.start <= as_of < one.end else "ahead",
            cited(one.source),
        )
        for one in sorted(plan.freezes, key=lambda f: f.start)
        if one.end > as_of
    ]
    return Table(("Freeze", "From (UTC)", "To (UTC)", "Length", "State", "Source"), rows, empty="No freeze is planned.")


def flight_checks(plan: OperationsPlan, canaries: Sequence[JudgedCanary] = ()) -> Table:
    """What is looked at before and after a change; the conditions of canaries are those of their generated files."""
    rows: list[Sequence[Inline]] = []
    for one in sorted(plan.flight_checks, key=lambda c: c.when == "after"):
        how: Inline = Code(one.query) if any(sign in one.query for sign in "({=") else one.query or MISSING
        rows.append(
            (
                one.when,
                one.name,
                how,
                one.expected or MISSING,
                "by itself" if one.rolls_back else "by hand" if one.when == "after" else MISSING,
            )
        )
    rows += [
        (
            "after",
            f"Bad share of the canary of {one.canary.slo}, last {span(one.canary.over)}",
            Code(one.query),
            f"at most {float(one.limits.budget):g} ({one.canary.burn:g} × budget)",
            "prepared: analysis-templates.yaml",
        )
        for one in canaries
        if one.query
    ]
    gaps = (
        []
        if rows
        else [
            Gap(
                "what is checked before and after a change", _ASK, "CICDPipeline.md or params: operations.flight_checks"
            )
        ]
    )
    if rows and not any(one.rolls_back for one in plan.flight_checks):
        gaps.append(Gap("which failed check takes a change back by itself", _ASK, "CICDPipeline.md", "none does today"))
    return Table(("When", "Check", "How", "Expected", "Taken back"), rows, gaps=gaps)


def deploy_metrics(found: Sequence[DeployMetric], start: datetime, end: datetime, gap: str = "") -> Table:
    """The five numbers of deployment with n and interval; "insufficient data" below five."""
    rows: list[Sequence[Inline]] = []
    for one in found:
        value: Inline = one.why_not if one.value is None else f"{_unit(one.value, one.unit)}"
        interval = (
            MISSING
            if one.interval is None
            else f"{_unit(one.interval.low, one.unit)} to {_unit(one.interval.high, one.unit)}"
        )
        rows.append((one.name, value, interval, number(one.n), one.definition))
    window = f"{start:%Y-%m-%d} to {end:%Y-%m-%d}"
    return Table(
        ("Metric", "Value", "95 % interval", "n", "Definition"),
        [] if gap else rows,
        source=f"deployments and incidents, {window}",
        gaps=(Gap("how deployments have gone", _ASK, "params: history.deploys", gap),) if gap else (),
        records=()
        if gap
        else tuple(Record(f"deploys.{o.name.replace(' ', '_')}", o.value, o.unit, "deploys", window) for o in found),
    )


def _unit(value: float, unit: str) -> str:
    if unit == "ratio":
        return percent(value, 1)
    return span(value * {"h": 3600, "min": 60}[unit]) if unit in ("h", "min") else f"{number(value)} {unit}"
