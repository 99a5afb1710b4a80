"""
Working an incident, for readers: where to talk, what to say, who decides, and what is owed afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from sre_kit.compute.asked import of_kind
from sre_kit.compute.incidents import IncidentLog, IncidentPolicy
from sre_kit.compute.response.declaration import ROLES, Declaration, declaration
from sre_kit.compute.response.postmortems import BLAMING, OF_BUDGET, Blame, Owed, Promise, closure_rate
from sre_kit.compute.vocabulary import Fact, Finding, Gap, Kind
from sre_kit.show.artifact import Artifact
from sre_kit.show.document import fact_link
from sre_kit.show.shown import CodeBlock, Note, Record, Shown, Stack
from sre_kit.show.table import Table
from sre_kit.show.text import Inline, Lines, Link, Strong
from sre_kit.units import MISSING, percent, span, utc

CHANNELS: Final = ("chat", "bridge", "status page", "internal announcements", "customer e-mail", "incident document")
"""Purposes that every incident needs; one that is not in the params is shown as NOT SET."""
UNSET: Final = "NOT SET"
MOST: Final = 30
"""Rows of a table that somebody will still read."""
DUTIES: Final = {
    "incident commander": "decides, assigns, keeps the severity; touches no keyboard in an incident that pages",
    "deputy": "leads the work on the system, takes over as commander",
    "scribe": "writes the timeline while it happens: UTC, what was seen, what was done, link to the data",
    "communications": "sends the messages on time, answers customers and management",
    "subject expert": "works on the system, says what is seen and what is about to be done",
}
_SHARE_GAP: Final = Gap(
    "at which share of an error budget a post-mortem is owed",
    "Head of Engineering",
    "params: incidents.postmortem_budget_share",
)


def channels(policy: IncidentPolicy) -> Table:
    """Where people meet and read; what nobody has set is not invented."""
    purposes = [*CHANNELS, *(purpose for purpose in policy.channels if purpose not in CHANNELS)]
    unset = [purpose for purpose in purposes if not policy.channels.get(purpose)]
    rows: list[Sequence[Inline]] = [
        (purpose, Strong(UNSET) if purpose in unset else _address(policy.channels[purpose])) for purpose in purposes
    ]
    return Table(
        ("Purpose", "Where"),
        rows,
        source="params: incidents.channels",
        gaps=tuple(
            Gap(f"the channel for {purpose}", "Customer Support", "params: incidents.channels") for purpose in unset
        ),
    )


def cadence(policy: IncidentPolicy) -> Table:
    """How soon and how often is spoken, inside and outside, in minutes."""
    minute = timedelta(minutes=1)
    rows: list[Sequence[Inline]] = [
        (
            level.name,
            f"{policy.first_message / minute:g}" if level.pages else MISSING,
            f"{level.update_every / minute:g}",
            f"{level.update_every / minute:g}" if level.pages else "only when asked",
            f"every {level.update_every * 4 / minute:g} after four updates" if level.pages else MISSING,
        )
        for level in policy.severities
    ]
    return Table(
        ("Level", "First message (min)", "Updates inside (min)", "Updates outside (min)", "Long incident"),
        rows,
        source="params: incidents.first_message, incidents.severities",
        gaps=() if rows else (Gap("update intervals", "Head of Engineering", "params: incidents.severities"),),
    )


def component_names(facts: Iterable[Fact]) -> list[str]:
    """The components, by the names of the documents, each once."""
    return list(dict.fromkeys(fact.name or str(fact.value) for fact in of_kind(facts, Kind.COMPONENT)))


def issue_template(text: str) -> Shown:
    """The form for an incident as an issue."""
    if not text:
        return Note.gap(Gap("the levels of the incident form", "Head of Engineering", "params: incidents.severities"))
    about = "an incident as an issue, for .github/ISSUE_TEMPLATE or .gitlab/issue_templates"
    return Artifact("incident-issue.md", text, "text/markdown", about)


def messages(policy: IncidentPolicy, components: Iterable[Fact]) -> Stack:
    """Templates with the project's own components and channels: audience, impact, scope, next update time."""
    names = component_names(components)
    page = policy.channels.get("status page") or UNSET
    paging = [level for level in policy.severities if level.pages]
    every = f"{paging[0].update_every / timedelta(minutes=1):g}" if paging else UNSET
    gap = Gap("component names for messages", "Technical Architect", "InfrastructureSpec.md")
    known = Note(["Components, by the names of the documents: ", ", ".join(names) + "."]) if names else Note.gap(gap)
    first = (
        f"To: customers, at {page}\n"
        "We are investigating a problem with <component>. Since <time> UTC <what users cannot do>. "
        "Affected: <which users, which plan>. Not affected: <what works>.\n"
        f"Next update: <time> UTC, in {every} minutes at the latest."
    )
    update = (
        f"To: customers, at {page}\n"
        "<component>: <what users notice now, better or worse than before>. Scope: <which users>. "
        "We have <what was done>.\n"
        f"Next update: <time> UTC, in {every} minutes at the latest."
    )
    done = (
        f"To: customers, at {page}\n"
        "<component> works normally since <time> UTC. From <time> to <time> UTC <what users could not do>, "
        "for <which users>.\n"
        "Next update: a review, within "
        f"{policy.postmortem_within} business days."
    )
    inside = (
        f"To: management and support, in {policy.channels.get('internal announcements') or UNSET}\n"
        "<severity> on <component> since <time> UTC. Impact: <users, orders, contracts>. Commander: <name>. "
        f"Work in {policy.channels.get('chat') or UNSET}, bridge {policy.channels.get('bridge') or UNSET}.\n"
        f"Next update: <time> UTC, in {every} minutes at the latest."
    )
    return Stack(
        known,
        Note(Strong("First message")),
        CodeBlock(first, "text"),
        Note(Strong("Update")),
        CodeBlock(update, "text"),
        Note(Strong("Resolved")),
        CodeBlock(done, "text"),
        Note(Strong("Inside the company")),
        CodeBlock(inside, "text"),
    )


def security_branch(stakeholders: Iterable[Fact]) -> Note:
    """Whom a security or privacy incident goes to: by name, never by default to the public."""
    people = [
        fact
        for fact in of_kind(stakeholders, Kind.STAKEHOLDER, Kind.TEAM_MEMBER)
        if any(word in f"{fact.value} {' '.join(fact.details.values())}".casefold() for word in ("security", "privacy"))
    ]
    if not people:
        gap = Gap("who decides on security and privacy incidents", "Project Manager", "PRD.md, stakeholders")
        return Note.gap(gap)
    first = people[0]
    return Note(
        ["Decides and informs the regulator: ", Strong(first.name or str(first.value)), " (", fact_link(first), ")."]
    )


def war_room(policy: IncidentPolicy) -> Stack:
    """Roles with duties and the fixed words that declare an incident and take a role."""
    rows: list[Sequence[Inline]] = [(role, DUTIES[role], f"I am taking the role of {role}.") for role in ROLES]
    bridge, handover = policy.channels.get("bridge") or UNSET, span(policy.commander_handover)
    sample = Declaration(
        "<what was seen>", "<what users cannot do>", policy.severities[0].name if policy.severities else "<level>"
    )
    parsed = "reads" if declaration(str(sample)) == sample else "does not read"
    return Stack(
        Note(["The room is ", _address(bridge), f". The commander hands over after {handover}."]),
        Table(("Role", "Duty", "Said aloud and in the chat"), rows),
        Note(f"Whoever sees it first declares it, in these words; sre_kit's own parser {parsed} them:"),
        CodeBlock(str(sample), "text"),
    )


def war_room_limits(policy: IncidentPolicy) -> Note:
    """Which levels open the room."""
    opens = [level.name for level in policy.severities if level.pages]
    if not opens:
        return Note.gap(Gap("which levels open the war room", "Head of Engineering", "params: incidents.severities"))
    return Note(f"The room opens for {' and '.join(opens)}, and for any incident on which two people work.")


def postmortem_triggers(policy: IncidentPolicy, log: IncidentLog, found: Sequence[Owed], measured: int = 0) -> Table:
    """Each rule for a post-mortem, whether the log can tell, and how many incidents met it."""
    everything = (*log.incidents, *log.others)
    written: list[Sequence[Inline]] = [
        (f"level {level.name}", _met(found, level.name), "severity of the log")
        for level in policy.severities
        if level.postmortem
    ]
    if policy.postmortem_budget_share is not None:
        share = percent(policy.postmortem_budget_share, 0)
        known = sum(one.failed_share is not None for one in log.incidents)
        basis = f"measured for {measured} incidents; for the others an estimate, duration x failed share, which "
        basis += f"{known} of {len(log.incidents)} state"
        met = str(sum(any(OF_BUDGET in reason for reason in o.because) for o in found))
        written.append((f"at least {share} of a window's error budget", met, basis))
    for words, attribute in (("data loss", "data_loss"), ("manual intervention", "manual")):
        stated = sum(getattr(one, attribute) is not None for one in everything)
        basis = f"stated for {stated} of {len(everything)}" if stated else "the log has no such column: not known"
        written.append((words, _met(found, words) if stated else MISSING, basis))
    if "kind" in log.columns:
        near = str(sum(one.kind == "near_miss" for one in log.others))
        written.append(("near miss", near, f"{log.columns['kind']} near_miss of the log"))
    else:
        written.append(("near miss", MISSING, "the log has no such column: not known"))
    unknown = [row[0] for row in written if row[1] == MISSING]
    return Table(
        ("Rule", "Incidents that met it", "Known from"),
        written,
        source="params: incidents; incident log",
        gaps=(
            *(_untold(str(words)) for words in unknown),
            *(() if policy.postmortem_budget_share is not None else (_SHARE_GAP,)),
        ),
    )


def _untold(words: str) -> Gap:
    """What the log cannot tell of an incident, as a question."""
    verb = "was a" if words == "near miss" else "had"
    return Gap(f"whether an incident {verb} {words}", "On-call engineer", "the incident log")


def postmortems_owed(found: Sequence[Owed], policy: IncidentPolicy, as_of: datetime, log: IncidentLog) -> Table:
    """Incidents that met a rule and have no post-mortem, with the date it is due."""
    if log.gap:
        gap = Gap("which incidents owe a post-mortem", "DevOps Engineer", "params: history.incidents", log.gap)
        return Table(("Incident", "Due"), [], gaps=(gap,))
    if found and "postmortem" not in log.columns:
        because = f"no record of {log.source} links one, and {len(found)} incidents met a rule"
        gap = Gap("which incidents have a post-mortem", "On-call engineer", "the incident log", because)
        return Table(("Incident", "Due"), [], gaps=(gap,))
    missing = [o for o in found if o.missing]
    more = f" {len(missing) - MOST} older ones are not listed." if len(missing) > MOST else ""
    rows: list[Sequence[Inline]] = [
        (
            o.incident.id,
            o.incident.title,
            Lines(list(o.because)),
            utc(o.incident.resolved),
            str(o.due or MISSING),
            Strong(o.state) if o.state.startswith("overdue") else o.state,
        )
        for o in missing[-MOST:]
    ]
    country = policy.country or "no country"
    return Table(
        ("Incident", "Title", "Because of", "Resolved", "Due", "State"),
        rows,
        source=f"{policy.postmortem_within} business days after resolution, holidays of {country}, as of {utc(as_of)}",
        note=f"{len(found) - len(missing)} of {len(found)} incidents that met a rule have a post-mortem.{more}",
        empty="" if rows else "No post-mortem is owed.",
        findings=tuple(
            Finding(7, (as_of.date() - o.due).days, f"the post-mortem of {o.incident.id} is {o.state}")
            for o in missing
            if o.due and o.due < as_of.date()
        ),
        records=(Record("postmortems.owed", len(missing), "incidents"),),
    )


def action_items(found: Sequence[Promise]) -> Table:
    """What post-mortems promised: overdue first; the share that is done."""
    rows: list[Sequence[Inline]] = [
        (
            p.action.incident,
            p.action.text,
            p.action.owner or MISSING,
            p.action.type or MISSING,
            p.action.priority or MISSING,
            p.action.ticket or MISSING,
            str(p.action.due or MISSING),
            Strong(p.state) if p.overdue_days else p.state,
        )
        for p in found
    ]
    rate = closure_rate(found)
    overdue = [p for p in found if p.overdue_days]
    return Table(
        ("Incident", "Action", "Owner", "Type", "Priority", "Ticket", "Due", "State"),
        rows,
        source="incident log and params: incidents.actions",
        note=f"{percent(rate, 0)} of {len(found)} are done, {len(overdue)} are overdue." if rows else "",
        empty="No action item is recorded.",
        findings=tuple(
            Finding(7, p.overdue_days, f"action of {p.action.incident} overdue by {p.overdue_days} d: {p.action.text}")
            for p in overdue
        ),
        records=(Record("actions.overdue", len(overdue), "actions"), Record("actions.closure_rate", rate, "ratio")),
    )


def blaming_words(found: Sequence[Blame], checked: int) -> Table:
    """Where the log's words judge somebody instead of explaining something."""
    rows: list[Sequence[Inline]] = [(b.where, b.text, Strong(b.word)) for b in found]
    return Table(
        ("Incident", "Text", "Word"),
        rows,
        source=f"titles, causes, factors, actions of {checked} incidents against {len(BLAMING)} words and the roster",
        empty=f"No blaming word and no name in the titles, causes and actions of {checked} incidents.",
    )


def _met(found: Sequence[Owed], words: str) -> str:
    return str(sum(any(reason.startswith(words) for reason in o.because) for o in found))


def _said(fact: Fact) -> str:
    return f"{fact.value} {' '.join(fact.details.values())}".casefold()


def _address(written: str) -> Inline:
    return Link(written, written) if written.startswith(("http://", "https://")) else written
