"""Points that hold for every document: header, headings of the mission, links, images, placeholders."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote, urlsplit

from sre_kit.check.page import Page
from sre_kit.check.points import Bundle, Verdict, failed, passed, point, source_text
from sre_kit.store import places

HEADINGS: Final[dict[str, tuple[str, ...]]] = {
    "SLODefinitions": (
        "Service Level Indicators (SLIs) selection",
        "Service Level Objectives (SLOs) targets",
        "Error budget calculations",
        "Measurement methodologies",
        "Alerting thresholds",
        "Stakeholder agreements",
        "Review and revision procedures",
    ),
    "IncidentResponse": (
        "Incident severity classifications",
        "On-call rotation schedules",
        "Escalation procedures",
        "Communication protocols",
        "War room procedures",
        "Post-mortem process",
        "Runbook documentation",
    ),
    "PerformanceOptimization": (
        "Performance baseline metrics",
        "Bottleneck analysis results",
        "Optimization strategies",
        "Caching implementations",
        "Database query optimizations",
        "CDN configuration",
        "Load testing results",
    ),
    "CapacityPlanning": (
        "Resource utilization trends",
        "Growth projections",
        "Scaling strategies",
        "Cost optimization opportunities",
        "Infrastructure roadmap",
        "Capacity triggers",
        "Budget considerations",
    ),
    "OperationalPlaybook": (
        "Daily operational tasks",
        "Maintenance procedures",
        "Backup and recovery steps",
        "Security patching process",
        "Configuration management",
        "Change control procedures",
        "Disaster recovery plans",
    ),
}
"""The content bullets of the mission, in their order."""

_PLACEHOLDER: Final = re.compile(
    r"\[(?:From|Current|Planned|project)[^\]\n]*\](?!\()|_{3,}|\b(?:TBD\b|TODO\b|FIXME\b|Lorem ipsum\b|X%)"
)


@point("*", "headings", "Every content bullet of the mission is a heading, in order, with content")
def headings(judged: Bundle, name: str) -> Verdict:
    """The mission's bullets as headings; none consists of what is not known alone."""
    page, wanted = judged.page(name), HEADINGS.get(name, ())
    found = [section.title for section in page.sections if section.level == 2]
    missing = [title for title in wanted if title not in found]
    if missing:
        return failed(f"no heading {missing[0]!r}")
    if [title for title in found if title in wanted] != list(wanted):
        return failed("the headings are not in the mission's order")
    for title in wanted:
        section = page.section(title)
        if section is not None and not section.body:
            return failed(f"nothing under {title!r}", section.line)
    return passed(f"{len(wanted)} headings of the mission, in order, each with content")


@point("*", "metadata", "Date, version and dependencies with their hashes")
def metadata(judged: Bundle, name: str) -> Verdict:
    """The header is there and says all three."""
    page = judged.page(name)
    for label in ("**Date:**", "**Version:**", "Dependencies:"):
        if not page.line_of(label):
            return failed(f"the header does not say {label.strip('*:')}")
    return passed("the header has date, version and dependencies", page.line_of("**Version:**"))


@point("*", "links", "Every relative link and anchor resolves")
def links(judged: Bundle, name: str) -> Verdict:
    """Links between the documents, to the project's documents, to images and files."""
    page, count = judged.page(name), 0
    for line, _, target in [*page.links, *page.images]:
        if urlsplit(target).scheme:
            continue
        problem = _broken(judged, page, target)
        if problem:
            return failed(f"the link {target} {problem}", line)
        count += 1
    return passed(f"{count} relative links resolve")


def _broken(judged: Bundle, page: Page, target: str) -> str:
    path, _, fragment = unquote(target).partition("#")
    if not path:
        return "" if fragment in page.anchors else "names no heading of this document"
    if path in judged.files or path == places.MANIFEST:
        return ""
    if path.removesuffix(".md") in judged.documents and "/" not in path:
        known = judged.page(path.removesuffix(".md")).anchors
        return "" if not fragment or fragment in known else f"names no heading of {path}"
    if path.removesuffix(".md") in {*HEADINGS, "SREHandoff"}:
        return ""  # one of the set, published in the same run
    if path.startswith("artifacts/"):
        return "" if path.removeprefix("artifacts/") in judged.manifest.artifacts else "names no artifact"
    return "" if judged.source(path).exists() else "leads nowhere"


@point("*", "images", "Every image has alt text that states a conclusion, and a data table beside it")
def images(judged: Bundle, name: str) -> Verdict:
    """Alt text of at least four words; the table follows at once."""
    page = judged.page(name)
    for line, alt, target in page.images:
        if len(alt.split()) < 4:
            return failed(f"{target}: the alt text {alt!r} states no conclusion", line)
        following = next((text for text in page.lines[line:] if text), "")
        if not following.startswith(("|", "**Not known")):
            return failed(f"{target}: no data table beside it", line)
    return passed(f"{len(page.images)} images with words and data")


@point("*", "placeholders", "No placeholder passes silently")
def placeholders(judged: Bundle, name: str) -> Verdict:
    """Nothing that a person still has to fill in, unless it is quoted from a document as code."""
    text = re.sub(r"`[^`\n]*`", "", "\n".join(judged.page(name).prose)).replace("\\", "")
    if found := _PLACEHOLDER.search(text):
        return failed(f"the placeholder {found[0]!r} stands in the text", text.count("\n", 0, found.start()) + 1)
    return passed("no placeholder")


@point("*", "provenance", "Every line of origin exists in the document that it names")
def provenance(judged: Bundle, name: str) -> Verdict:
    """``[PRD:47](…PRD.md#L47)``: label and anchor agree, and the file has so many lines."""
    page, count = judged.page(name), 0
    sizes: dict[str, int] = {}
    for line, text, target in page.links:
        path, _, anchor = unquote(target).partition("#L")
        if not anchor.isdigit():
            continue
        label = text.rpartition(":")[2]
        if label.isdigit() and label != anchor:
            return failed(f"{text} leads to line {anchor}", line)
        file = judged.source(path)
        if file.is_file():
            if path not in sizes:
                sizes[path] = len(source_text(file).splitlines())
            if int(anchor) > sizes[path]:
                return failed(f"{text}: {path} has {sizes[path]} lines", line)
        count += 1
    return passed(f"{count} lines of origin exist")


@point("*", "agreement", "No number contradicts the same number of another document")
def agreement(judged: Bundle, name: str) -> Verdict:
    """Records that two documents state with different values are listed by the manifest."""
    for one in judged.manifest.disagreements:
        against = one.get("against", {})
        if name in (one["document"], against.get("document")):
            return failed(
                f"{one['record']} is {one['value']} here and {against.get('value')} in {against.get('document')}"
            )
    return passed("every number that another document states too is the same there")
