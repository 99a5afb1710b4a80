"""Where alerts stand: headings and files that announce them, and those about what surrounds them."""

from __future__ import annotations

import re
from typing import Final

from sre_kit.load.facts.reading import Line

ALERT_PLACE: Final = re.compile(
    r"\b(?:alerts?|alerting|alarms?|alarme|alertas?|alertes?|pag(?:ing|es)\b|alertmanager)\b", re.IGNORECASE
)
NOT_ALERT_PLACE: Final = re.compile(
    r"\b(?:response times?|escalation|severity levels|definitions?|classification|"
    r"channels?|routing|contacts?|fatigue|tuning|best practices|silenc\w+|tools?|philosophy|"
    r"procedures?|triage|lifecycle|history|metrics to|success|on-?call|incident|checklist|"
    r"troubleshooting|steps)\b",
    re.IGNORECASE,
)
RANKED: Final = re.compile(
    r"(?i)\W*(?:critical|warning|info(?:rmational)?|high|medium|low|p[0-4]|sev-?[0-4]|page|ticket|urgent)"
    r"(?: \([^()]*\)| priority| severity| level)?\W*"
)
"""A heading that only says how urgent it is what stands beneath."""


def of_alerts(line: Line, document: str) -> bool:
    """Whether the headings over a rank, or the file's name, say that alerts are ranked."""
    over = (*line.heading[-3:-1], re.sub(r"[_/-]", " ", document).removesuffix(".md"))
    return any(ALERT_PLACE.search(text) and not NOT_ALERT_PLACE.search(text) for text in over)
