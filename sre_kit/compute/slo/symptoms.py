"""
The alerts that exist beside the ones an objective asks for: what becomes redundant, which symptom nobody watches.

An alert is sorted by what its condition speaks of. Errors and latency are symptoms that users feel; anything else is a
cause, which may explain a page but should rarely be one (SRE Book, ch. 6, "Symptoms Versus Causes").
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from sre_kit.compute.asked import of_kind
from sre_kit.compute.slo.objectives import SLO
from sre_kit.compute.vocabulary import Fact, Kind

Symptom = Literal["errors", "latency", "cause"]

_ERRORS: Final = re.compile(
    r"(?i)\b(?:errors?|failures?|fail(?:s|ed|ing)?|5xx|availability|success)(?![a-z])|5\.\."
    r"|(?:code|status)\W{1,6}50[0-4]|\b50[0-4]\W{1,3}50[0-4]\b"
)
_LATENCY: Final = re.compile(
    r"(?i)\b(?:latency|latencies|slow|response times?|p9[059]|p50)(?![a-z])|duration_seconds|histogram_quantile"
)
_LAG: Final = re.compile(r"(?i)\b(?:index|backlog|queue|replication|consumer|disk|certificate|connections?|restarts?)")


@dataclass(frozen=True, slots=True)
class ExistingAlert:
    """
    An alert of the documents: its `symptom`, and the objectives whose generated alerts watch the same thing.

    `verdict` is "redundant" (a generated alert watches the same symptom of the same service), "keep, as a cause" or "no
    objective" (a symptom that no objective covers).
    """

    fact: Fact
    symptom: Symptom
    service: str
    slos: tuple[str, ...]
    pages: bool
    same: tuple[Fact, ...] = ()
    """Every fact of that name: a table and a rule may each tell a part."""

    @property
    def verdict(self) -> str:
        """What becomes of it."""
        if self.symptom == "cause":
            return "keep, as a cause"
        return "redundant" if self.slos else "no objective"


def existing_alerts(facts: Iterable[Fact], slos: Sequence[SLO]) -> list[ExistingAlert]:
    """Every alert rule of the documents, once by name, in reading order; a fence tells more than a table."""
    by_name: dict[str, list[Fact]] = {}
    for fact in of_kind(facts, Kind.ALERT_RULE):
        if not fact.refused:
            by_name.setdefault(fact.name, []).append(fact)
    return [_existing(name, same, slos) for name, same in by_name.items()]


def _existing(name: str, same: Sequence[Fact], slos: Sequence[SLO]) -> ExistingAlert:
    text = " ".join(f"{fact.value} {fact.details.get('condition', '')} {fact.details.get('expr', '')}" for fact in same)
    symptom = symptom_of(f"{_spaced(name)} {text}")
    services = dict.fromkeys(slo.service for slo in slos)
    named = [
        one
        for one in services
        if one and re.search(rf"(?i)(?<![a-z]){re.escape(one)}(?![a-z])", f"{_spaced(name)} {text}")
    ]
    kinds = {"errors": ("availability", "correctness"), "latency": ("latency",), "cause": ()}[symptom]
    watching = tuple(slo.name for slo in slos if slo.kind in kinds and (not named or slo.service in named))
    severity = " ".join(fact.details.get("severity", "") for fact in same)
    pages = bool(re.search(r"(?i)page|critical|sev-?1|p1\b", severity))
    return ExistingAlert(same[0], symptom, ", ".join(named), watching, pages, tuple(same))


def symptom_of(condition: str) -> Symptom:
    """
    What a condition speaks of.

    >>> [symptom_of(c) for c in ("failure rate > 5% for 5m", "p95 of checkout > 1 s", "disk above 85 %")]
    ['errors', 'latency', 'cause']
    """
    if _LAG.search(condition):
        return "cause"
    if _ERRORS.search(condition):
        return "errors"
    return "latency" if _LATENCY.search(condition) else "cause"


@dataclass(frozen=True, slots=True)
class WatchedSymptom:
    """An objective and the existing alerts that watch the same symptom; none means that nobody was told so far."""

    slo: SLO
    existing: tuple[str, ...]


def watched_symptoms(alerts: Sequence[ExistingAlert], slos: Iterable[SLO]) -> list[WatchedSymptom]:
    """Each objective with the existing alerts on its symptom."""
    return [WatchedSymptom(slo, tuple(one.fact.name for one in alerts if slo.name in one.slos)) for slo in slos]


def _spaced(name: str) -> str:
    """``HighErrorRate`` as words."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
