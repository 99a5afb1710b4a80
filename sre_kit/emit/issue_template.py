"""
The form in which an incident becomes an issue: Markdown with front matter, as GitHub and GitLab take it.

Its fields are those that the importer of issues and post-mortems reads, so that what people fill in comes back.
"""

from __future__ import annotations

from collections.abc import Sequence

from sre_kit.compute.incidents import Severity
from sre_kit.compute.response.declaration import Declaration
from sre_kit.escape import plain

FIELDS = (
    ("Began", "when users first noticed"),
    ("Detected", "when we first knew, and from what"),
    ("Acknowledged", "when somebody took it"),
    ("Mitigated", "when users had it back"),
    ("Resolved", "when it was over"),
)


def incident_issue(severities: Sequence[Severity], components: Sequence[str] = ()) -> str:
    """
    The template: levels and components of the project, milestones in UTC, timeline and action items as tables.

    Empty where there is no ladder: a form without levels would have its levels invented.
    """
    if not severities:
        return ""
    levels = " | ".join(plain(level.name) for level in severities)
    ladder = [f"- {plain(level.name)}: {plain(level.criteria)}" for level in severities]
    sample = Declaration("<what was seen>", "<what users cannot do>", severities[0].name)
    return "\n".join(
        [
            "---",
            "name: Incident",
            "about: Something that users notice, or soon will",
            'title: "[incident] "',
            "labels: incident",
            "---",
            "",
            f"{sample}",
            "",
            "<!-- If unsure between two levels, take the worse.",
            *ladder,
            "Write times as 2026-11-01T03:07:00Z, in UTC. Leave a line empty while it is not known. -->",
            "",
            f"- **Severity:** <{levels}>",
            f"- **Services:** <{', '.join(plain(name) for name in components) or 'component'}>",
            *(f"- **{name}:** <{what}>" for name, what in FIELDS),
            "",
            "## Impact",
            "",
            "Users, requests, orders, money: in numbers.",
            "",
            "## Timeline",
            "",
            "| Time (UTC) | Type | What |",
            "|:-----------|:-----|:-----|",
            "| <time> | <observation, hypothesis, action, decision, message> | <what, by which role, link> |",
            "",
            "## Contributing factors",
            "",
            "Conditions, not people; more than one.",
            "",
            "## Action items",
            "",
            "| Action | Owner | Type | Due | Ticket |",
            "|:-------|:------|:-----|:----|:-------|",
            "| <what> | <who> | <prevent, detect, mitigate, process> | <date> | <ticket> |",
            "",
        ]
    )
