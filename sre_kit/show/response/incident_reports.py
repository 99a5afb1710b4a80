"""
The report on one incident as a page: what the data says is filled in, what only people know is asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sre_kit.compute.incidents import Incident
from sre_kit.compute.response.impact import Impact
from sre_kit.compute.response.incident_reports import IncidentReport
from sre_kit.compute.vocabulary import Gap
from sre_kit.show.response.working import action_items
from sre_kit.show.shown import Heading, Note, Shown, Stack, Steps
from sre_kit.show.table import Table
from sre_kit.show.text import Inline, Link, Strong
from sre_kit.units import MISSING, number, percent, span, utc

FACTORS_ASKED = (
    "what made this possible, what made it worse, what made it last? Several factors, not one cause; systems and "
    "conditions, no names."
)


def incident_report_page(report: IncidentReport, project: str, source: str) -> Stack:
    """The whole page, in the order of the post-mortem template; `source` names the log and the measurements."""
    one = report.incident
    return Stack(
        Heading(1, f"Incident {one.id}: {one.title}" if one.title else f"Incident {one.id}"),
        _head(report, project, source),
        Heading(2, "Summary"),
        _summary(report),
        Heading(2, "Impact"),
        _impact(report),
        Heading(2, "Timeline"),
        _timeline(report),
        Heading(2, "Detection"),
        _detection(one),
        Heading(2, "Contributing factors"),
        _factors(report),
        Heading(2, "What went well, what went badly, where we were lucky"),
        _asked("well: what shortened it", "badly: what lengthened it", "luck: what could have made it worse"),
        Heading(2, "Action items"),
        _actions(report),
        Heading(2, "Links"),
        _links(report),
    )


def _head(report: IncidentReport, project: str, source: str) -> Shown:
    one = report.incident
    rows: list[tuple[str, Inline]] = [
        ("Project", project),
        ("As of", utc(report.as_of)),
        ("Status", "open" if one.open else "resolved"),
        ("Level", one.severity or (f"{one.impact}, which is no level here" if one.impact else MISSING)),
        ("Services", ", ".join(one.services) or MISSING),
        ("Began", utc(one.began, seconds=True)),
        ("Resolved", utc(one.resolved, seconds=True) if one.resolved else "not yet"),
        ("Post-mortem", _owed(report)),
        ("Owner and reviewers", "to be named"),
        ("Record", f"{one.origin}; {source}"),
    ]
    rows += [("Remark", flag) for flag in one.flags]
    return Steps([[Strong(name), ": ", value] for name, value in rows], ordered=False)


def _owed(report: IncidentReport) -> str:
    """Whether a post-mortem is owed, why, and by when."""
    if report.incident.postmortem:
        return "written, see Links"
    if not report.because:
        return "no rule asks for one"
    due = f"due {report.due}" if report.due else "due once it is resolved"
    return f"{due}, because of {' and '.join(report.because)}"


def _summary(report: IncidentReport) -> Shown:
    one = report.incident
    where = f" of {', '.join(one.services)}" if one.services else ""
    length = f"lasted {span(one.duration)}" if one.duration is not None else "is open"
    shares = [(i.budget_share, i.slo.name) for i in report.impacts if i.budget_share is not None]
    cost = f" It used {percent(max(shares)[0], 0)} of the error budget of {max(shares)[1]}." if shares else ""
    level = f"{one.severity} " if one.severity else ""
    since = f"from {utc(one.began)}" if one.duration is not None else f"since {utc(one.began)}"
    return Stack(
        Note(f"A {level}incident{where} {length}, {since}.{cost}"),
        _asked("what users saw, in one sentence, and what ended it, in another"),
    )


def _impact(report: IncidentReport) -> Shown:
    one, impacts = report.incident, report.impacts
    gaps = [
        Gap(f"the impact on {i.slo.name}", "DevOps Engineer", "the metrics source", i.gap) for i in impacts if i.gap
    ]
    if not impacts:
        because = "no objective covers its services"
        gaps.append(Gap("the impact in events and budget", "DevOps Engineer", "params: slos", because))
    rows = [_impact_row(impact) for impact in impacts if not impact.gap]
    words = "Budget: of the window that ends with the incident. Minutes: its length times the share that was bad. "
    said = f"The record says that {percent(one.failed_share)} of the requests failed."
    return Stack(
        Table(
            ("Objective", "Events", "Bad", "Share bad", "Budget used", "As minutes of full outage"),
            rows,
            source=f"measured from {utc(impacts[0].start)} to {utc(impacts[0].end)}" if rows else "",
            note=((words if rows else "") + (said if one.failed_share is not None else "")).strip(),
            gaps=tuple(gaps),
        ),
        _asked("how many users, how much money, which promises to customers"),
    )


def _impact_row(impact: Impact) -> Sequence[Inline]:
    outage = impact.full_outage
    covered = "" if impact.coverage >= 0.999 else f" (data for {percent(impact.coverage, 0)})"
    return (
        impact.slo.name,
        f"{float(impact.events):,.0f}{covered}",
        f"{float(impact.bad_events):,.0f}",
        percent(impact.failed_share),
        percent(impact.budget_share, 0) if impact.budget_share is not None else MISSING,
        number(outage / timedelta(minutes=1)) if outage is not None else MISSING,
    )


def _timeline(report: IncidentReport) -> Shown:
    began = report.incident.began
    rows: list[Sequence[Inline]] = [
        (f"{row.at:%Y-%m-%dT%H:%M:%SZ}", _since(row.at, began), row.type or MISSING, row.text)
        for row in report.timeline
    ]
    one = report.incident
    lacking = [name for name in ("detected", "acknowledged", "mitigated") if getattr(one, name) is None]
    return Table(
        ("Time (UTC)", "Since it began", "Type", "What"),
        rows,
        source=f"{one.origin}; deployments of the two hours before" if report.deploys else one.origin,
        note=f"The record has no time for: {', '.join(lacking)}." if lacking else "",
    )


def _since(at: datetime, began: datetime) -> str:
    return f"-{span(began - at)}" if at < began else "0 min" if at == began else span(at - began)


def _detection(one: Incident) -> Shown:
    times = (
        ("to detect", one.detected, one.began),
        ("from alert to acknowledgement", one.acknowledged, one.detected),
        ("to mitigate", one.mitigated, one.began),
        ("to resolve", one.resolved, one.began),
    )
    known = [f"{name} {span(end - start)}" for name, end, start in times if end is not None and start is not None]
    words: list[Inline | Sequence[Inline]] = []
    if one.detected_by:
        words.append(f"Detected by {one.detected_by}.")
    if known:
        words.append(f"Time {', '.join(known)}.")
    if one.stated_minutes is not None and one.duration is not None:
        by_times = f"its times give {span(one.duration)} from began to resolved, and count"
        words.append(f"The record states {one.stated!r}; {by_times}.")
    asked = "what could have told us sooner" if words else "what told us, and what could have told us sooner"
    return Stack(Note(*words), _asked(asked)) if words else _asked(asked)


def _factors(report: IncidentReport) -> Shown:
    one = report.incident
    parts: list[Shown] = []
    named = [*one.factors, *([one.cause] if one.cause else [])]
    if named:
        parts.append(Note(f"The record names: {'; '.join(named)}."))
    if report.deploys:
        words = ", ".join(f"{d.service} {d.version} ({utc(d.time)})".strip() for d in report.deploys)
        parts.append(Note(f"Deployed in the two hours before or meanwhile: {words}."))
    if report.alike:
        words = ", ".join(f"{other.id} ({other.began:%Y-%m-%d})" for other in report.alike)
        parts.append(Note(f"Earlier incidents with a service and a factor in common: {words}. What was promised then?"))
    for blame in report.blame:
        ask = f" in {blame.text!r} judges somebody: say instead what made it sensible to act so."
        parts.append(Note([Strong(blame.word), ask]))
    return Stack(*parts, _asked(FACTORS_ASKED))


def _actions(report: IncidentReport) -> Shown:
    if report.promises:
        return action_items(report.promises)
    return _asked(
        "what prevents it, detects it sooner, or makes it shorter: each with owner, due date, type, priority and ticket"
    )


def _links(report: IncidentReport) -> Shown:
    one = report.incident
    links: list[Inline] = [
        Link("IncidentResponse, post-mortem process", "../IncidentResponse.md#post-mortem-process"),
        Link("IncidentResponse, runbooks", "../IncidentResponse.md#runbook-documentation"),
    ]
    if one.postmortem.startswith(("http://", "https://")):
        links.append(Link("post-mortem", one.postmortem))
    return Steps(links, ordered=False)


def _asked(*what: str) -> Shown:
    """What people have to write, marked so that nobody takes it for written."""
    if len(what) == 1:
        return Note([Strong("To write"), f": {what[0]}"])
    return Stack(Note([Strong("To write"), ":"]), Steps(what, ordered=False))
