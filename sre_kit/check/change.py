"""The points of OperationalPlaybook.md on patches, configuration, change and automation."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

from sre_kit.check import forms
from sre_kit.check.canaries import conditions, verdicts
from sre_kit.check.capacity import AUTOSCALERS, SCALING, STRATEGY, manifests
from sre_kit.check.cells import (
    amount,
    blank,
    codes,
    day,
    days,
    length,
    minutes,
    number,
    plain,
)
from sre_kit.check.forms import Rows, asked, over
from sre_kit.check.page import Section
from sre_kit.check.points import Bundle, Verdict, failed, not_known, passed, point
from sre_kit.check.runbooks import together

DOC: Final = "OperationalPlaybook"
PATCHING: Final = "Security patching process"
CHANGE: Final = "Change control procedures"
CLASSES: Final = (
    "Class",
    "Criteria",
    "Approved by",
    "Lead time",
    "Evidence",
    "Allowed while the budget is",
    "Allowed now",
)
CLASSES_GAP: Final = "which classes of change"
SECRET: Final = re.compile(
    r"AKIA[0-9A-Z]{16}|-----BEGIN [A-Z ]*PRIVATE KEY|gh[pousr]_[A-Za-z0-9]{30,}|xox[abprs]-[A-Za-z0-9-]{10,}|"
    r"eyJ[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{10,}|(?i:\b(?:password|passwd|secret|token))\s*[=:]\s*['\"]?[A-Za-z0-9/+_.-]{8,}['\"]?(?=\s|$)"
)


@over(
    DOC,
    21,
    "Time to close a finding by severity; each finding against it; the overdue ones",
    under=PATCHING,
    columns=("Id", "Finding", "Severity", "Found", "Due", "State"),
    missing="findings of the security tests",
)
def findings(judged: Bundle, section: Section, rows: Rows) -> str:
    """Due dates and overdue days counted again."""
    today = forms.as_of(judged, DOC).date()
    limits = section.table("Severity", "Closed within") or []
    within = {row["Severity"]: minutes(row["Closed within"]) / 1440 for row in limits}
    if not within and not asked(section, "within which time"):
        return "no time per severity, and nobody is asked"
    late = 0
    for row in rows:
        if row["Severity"] in within and days(row["Found"]):
            wanted = day(row["Found"]) + timedelta(days=within[row["Severity"]])
            if day(row["Due"]) != wanted:
                return f"{row['Id']}: found {row['Found']} and {row['Severity']}, so due {wanted}, not {row['Due']}"
        open_ = not plain(row["State"]).startswith(("fixed", "excepted", "closed", "accepted"))
        is_late = open_ and bool(days(row["Due"])) and day(row["Due"]) < today
        if is_late != ("overdue" in row["State"]):
            return f"{row['Id']}: due {row['Due']} is not {plain(row['State'])!r}"
        late += is_late
    said = re.search(r"(\d+) of (\d+) overdue", section.text)
    if (late and not said) or (said and (int(said[1]), int(said[2])) != (late, len(rows))):
        return f"{late} of {len(rows)} are overdue; the document says {said and said[0]}"
    return blank(rows, "Finding", "Severity", "State")


@over(
    DOC,
    22,
    "What is patched: system, images, libraries, database, infrastructure code, CI; each with tool and schedule",
    under="What is patched",
    columns=("Layer", "Tool", "Next", "Restart", "Way back", "Owner"),
    missing="which layers are patched",
)
def scopes(judged: Bundle, section: Section, rows: Rows) -> str:
    """A hole is asked for by the layer's name."""
    for row in rows:
        holes = [column for column in ("Tool", "Next", "Way back") if row[column] in ("", "–")]
        if holes and not asked(section, f"for patching {re.escape(row['Layer'])}"):
            return f"{row['Layer']}: {holes[0]} is empty and nobody is asked"
    layers = " ".join(row["Layer"] for row in rows).lower()
    lacking = [one for one in ("system", "image", "librar", "code", "ci") if one not in layers]
    return f"no layer {lacking[0]!r}" if lacking else ""


@over(
    DOC,
    23,
    "Stages with soak times, way back, emergency path",
    under=PATCHING,
    columns=("Severity", "Closed within", "Stages, with soak times"),
    missing="within which time",
)
def stages(judged: Bundle, section: Section, rows: Rows) -> str:
    """Stages for each severity, and steps for the case that cannot wait."""
    path = section.text.split("### Emergency path", 1)
    if len(path) < 2 or ("1. " not in path[1] and not asked(section, "hole that is being exploited")):
        return "no emergency path"
    return _staged(section) or _excepted(judged, section) or blank(rows, "Closed within", "Stages, with soak times")


def _staged(section: Section) -> str:
    """Stages come in order, the last on the due date."""
    for row in section.table("Id", "Stages, begun at the latest", "Due", "State") or []:
        dates = days(row["Stages, begun at the latest"])
        if dates and (dates != sorted(dates) or dates[-1] != day(row["Due"])):
            return f"{row['Id']}: its stages do not end on {row['Due']}"
    return ""


def _excepted(judged: Bundle, section: Section) -> str:
    """An exception has somebody who carries it, an end, something that protects; one that is over is not in force."""
    for row in section.table("Finding", "Carried by", "Ends", "Protects meanwhile", "State") or []:
        lacking = blank([row], "Carried by", "Ends", "Protects meanwhile")
        if lacking:
            return lacking
        if plain(row["State"]) == "in force" and day(row["Ends"]) < forms.as_of(judged, DOC).date():
            return f"{row['Finding']}: the exception ended on {row['Ends']} and is called in force"
    return ""


@over(
    DOC,
    25,
    "Source of truth per class of configuration; drift check; emergency change brought back",
    under="Configuration management",
    columns=("Class", "Source of truth", "Drift check", "Emergency change", "Owner"),
    missing="where the truth of the configuration",
)
def truth(judged: Bundle, section: Section, rows: Rows) -> str:
    """A hole is asked for by the class."""
    for row in rows:
        holes = [column for column in ("Drift check", "Emergency change") if row[column] in ("", "–")]
        if holes and not asked(section, f"of {re.escape(row['Class'])}"):
            return f"{row['Class']}: {holes[0].lower()} is empty and nobody is asked"
    return blank(rows, "Class", "Source of truth")


@over(
    DOC,
    26,
    "Secrets: store, period, last and next change; no value in any text",
    under="Secrets",
    columns=("Secret", "Store", "Changes every", "Last", "Next", "Owner"),
    missing="which secrets",
)
def secrets(judged: Bundle, section: Section, rows: Rows) -> str:
    """Next = last + period; overdue when past; every document and generated file is searched for values."""
    today = forms.as_of(judged, DOC).date()
    for row in rows:
        if days(row["Last"]) and length(row["Changes every"]) is not None:
            wanted = day(row["Last"]) + timedelta(minutes=minutes(row["Changes every"]))
            if day(row["Next"]) != wanted:
                return (
                    f"{row['Secret']}: {row['Changes every']} after {row['Last']} is {wanted}, not {plain(row['Next'])}"
                )
            if (wanted < today) != ("overdue" in row["Next"]):
                return f"{row['Secret']}: next {wanted} is not {plain(row['Next'])!r}"
    return secret_values(judged) or blank(rows, "Secret", "Store")


def secret_values(judged: Bundle) -> str:
    """Where something that looks like a secret's value stands; empty when nowhere."""
    texts = dict(judged.documents)
    texts |= {n: c.decode("utf-8", "replace") for n, c in judged.files.items() if n.startswith("artifacts/")}
    for name, text in texts.items():
        found = SECRET.search(text)
        if found:
            return f"what looks like a secret's value stands in {name}, line {text[: found.start()].count(chr(10)) + 1}"
    return ""


@over(
    DOC,
    27,
    "How the environments differ, with reasons",
    under="Environment parity",
    columns=("Environment", "Differs from production in", "Reason"),
    missing="how the environments differ",
)
def parity(judged: Bundle, section: Section, rows: Rows) -> str:
    """A missing reason is asked for."""
    for row in rows:
        if row["Reason"] in ("", "–") and not asked(section, f"why {re.escape(row['Environment'])} differs"):
            return f"{row['Environment']}: a difference without a reason, and nobody is asked"
    return blank(rows, "Environment", "Differs from production in")


@over(
    DOC,
    28,
    "Classes of change: criteria, approval, lead time, evidence; freezes",
    under=CHANGE,
    columns=CLASSES,
    missing=CLASSES_GAP,
)
def classes(judged: Bundle, section: Section, rows: Rows) -> str:
    """Standard, normal and emergency."""
    names = [plain(row["Class"]) for row in rows]
    lacking = [one for one in ("standard", "normal", "emergency") if one not in names]
    if lacking:
        return f"no class {lacking[0]!r}"
    freezes = section.table("Freeze", "From (UTC)", "To (UTC)")
    if not freezes and "No freeze is planned" not in section.text:
        return "nothing about freezes"
    return blank(rows, "Criteria", "Approved by", "Lead time", "Evidence", "Allowed while the budget is")


@over(
    DOC,
    29,
    "The error budget decides which classes are allowed now",
    under=CHANGE,
    columns=CLASSES,
    missing=CLASSES_GAP,
)
def allowed(judged: Bundle, section: Section, rows: Rows) -> str:
    """The state is that of the records; each class by its own list."""
    said = re.search(r"error budget policy is at '([^']+)'. Allowed: (.+?)\.", section.text)
    if not said:
        return "" if asked(section, "budget|objective") or "not known" in section.text else "today's state is not said"
    state = judged.manifest.records.get("change.budget_state", {}).get("value")
    if state not in (None, said[1]):
        return f"the state is {state!r} in the records, {said[1]!r} here"
    for row in rows:
        now = said[1] in row["Allowed while the budget is"].split(", ")
        if now != (plain(row["Allowed now"]) == "yes"):
            return f"{row['Class']}: {plain(row['Allowed now'])!r} is wrong while the budget is {said[1]}"
    for one in section.table("Service", "Budget is", "Allowed now") or []:
        budget = plain(one["Budget is"])
        wanted = [plain(row["Class"]) for row in rows if budget in row["Allowed while the budget is"].split(", ")]
        frozen = "Frozen by" in section.text
        if not frozen and plain(one["Allowed now"]) != (", ".join(wanted) or "none"):
            return f"{one['Service']}: {plain(one['Allowed now'])} is wrong while its budget is {budget}"
    may = [plain(row["Class"]) for row in rows if plain(row["Allowed now"]) == "yes"]
    return f"allowed are {', '.join(may)}, not {said[2]}" if may and said[2].split(", ") != may else ""


@over(
    DOC,
    30,
    "Checks before and after a change, with queries; what takes it back",
    under="Before and after a change",
    columns=("When", "Check", "How", "Expected", "Taken back"),
    missing="what is checked before and after",
)
def flight_checks(judged: Bundle, section: Section, rows: Rows) -> str:
    """Both sides; every query parses; an automatic way back, or the question for one."""
    import promql_parser

    if {row["When"] for row in rows} != {"before", "after"}:
        return "checks before or after a change are missing"
    for row in rows:
        for query in codes(row["How"]):
            if not re.search(r"[\w)]\s*[({]", query):
                continue
            try:
                promql_parser.parse(query)
            except ValueError as error:
                return f"{row['Check']}: {query!r} does not parse: {error}"
    automatic = [
        row
        for row in rows
        if row["Taken back"] not in ("–", "by hand") and not row["Taken back"].startswith("prepared")
    ]
    if not automatic and not asked(section, "takes a change back by itself"):
        return "nothing takes a change back by itself, and nobody is asked"
    return conditions(judged, rows) or verdicts(judged) or blank(rows, "Check", "How", "Expected")


@over(
    DOC,
    31,
    "Deployment metrics with n and interval",
    under="How deployments have gone",
    columns=("Metric", "Value", "95 % interval", "n", "Definition"),
    missing="how deployments have gone",
)
def deployments(judged: Bundle, section: Section, rows: Rows) -> str:
    """All five, each inside its interval; the records say the same."""
    names = " ".join(row["Metric"] for row in rows)
    for wanted in ("deployment frequency", "change lead time", "change failure rate", "recovery time", "rework rate"):
        if wanted not in names:
            return f"no {wanted}"
    for row in rows:
        ends = row["95 % interval"].split(" to ")
        if len(ends) == 2 and amount(row["Value"]) is not None:
            values = [_measure(one) for one in (ends[0], row["Value"], ends[1])]
            if values != sorted(values):
                return f"{row['Metric']}: {row['Value']} lies outside {row['95 % interval']}"
    return blank(rows, "Value", "n", "Definition")


def _measure(cell: str) -> float:
    """A length of time in minutes, or else the first number."""
    found = length(cell)
    return number(cell) if found is None else found


@point(DOC, 38, "Auto-scaling equals CapacityPlanning and the generated files; replicas fit")
def scaling(judged: Bundle, name: str) -> Verdict:
    """No command here asks for more replicas than the autoscaler and the connections allow."""
    specs = {one["metadata"]["name"]: one["spec"] for one in manifests(judged, AUTOSCALERS)}
    strategies = {r["Component"]: r for r in forms.other(judged, "CapacityPlanning", SCALING, *STRATEGY)}
    if not specs and not strategies:
        return not_known("no autoscaler is generated and CapacityPlanning.md is not in the set")
    for line, text in enumerate(judged.page(name).lines, 1):
        for component, count in re.findall(r"scale deploy(?:ment)?/(\S+) --replicas=(\d+)", text):
            maximum = specs.get(component, {}).get("maxReplicas")
            if maximum is not None and int(count) > maximum:
                return failed(f"{component} is scaled to {count}, its autoscaler stops at {maximum}", line)
    for component, spec in specs.items():
        row = strategies.get(component)
        high = re.findall(r"\d+", row["Replicas"])[-1] if row else str(spec["maxReplicas"])
        if int(high) != spec["maxReplicas"]:
            return failed(f"{component}: {high} in CapacityPlanning.md, {spec['maxReplicas']} in the autoscaler")
    return passed(f"{len(specs)} autoscalers equal CapacityPlanning.md, no command here asks for more")


@point(DOC, 39, "Self-healing: disruption budgets leave room to drain")
def disruption(judged: Bundle, name: str) -> Verdict:
    """minAvailable is smaller than the replicas; "3 of 4 (checkout)" in the text is what the file says."""
    budgets = {one["metadata"]["name"]: one["spec"] for one in manifests(judged, "artifacts/disruption-budgets.yaml")}
    if not budgets:
        return not_known("no disruption budget was generated")
    least = {one["metadata"]["name"]: one["spec"]["minReplicas"] for one in manifests(judged, AUTOSCALERS)}
    for component, spec in budgets.items():
        if component in least and int(spec["minAvailable"]) >= least[component]:
            return failed(
                f"{component}: {spec['minAvailable']} of {least[component]} must stay, no node can be drained"
            )
    page = judged.page(name)
    for line, text in enumerate(page.lines, 1):
        for keep, of, component in re.findall(r"(\d+) of (\d+) \(([\w-]+)\)", text):
            spec = budgets.get(component)
            if spec and (int(keep), int(of)) != (spec["minAvailable"], least.get(component, int(of))):
                return failed(f"{component}: {keep} of {of} here, {spec['minAvailable']} in the file", line)
    return passed(f"{len(budgets)} disruption budgets leave room to drain")


@point(DOC, 42, "Metadata, provenance, links")
def general(judged: Bundle, name: str) -> Verdict:
    """The points of every document, together."""
    return together(judged, name)
