"""The points of SLODefinitions.md."""

from __future__ import annotations

import re
from typing import Final

from sre_kit.check import cells, forms
from sre_kit.check.points import Bundle, Verdict, failed, not_known, passed, point

DOC: Final = "SLODefinitions"
INDICATORS: Final = "Service Level Indicators"
OBJECTIVES: Final = "Service Level Objectives"
BUDGETS: Final = "Error budget calculations"


@point(DOC, 1, "Every critical journey has an indicator, or is uncovered with the reason")
def journeys(judged: Bundle, name: str) -> Verdict:
    """No row without an objective and without a reason."""
    have = forms.found(judged, name, "Critical user journeys", "Journey", "Objectives", "Why not")
    if isinstance(have, Verdict):
        return have
    section, rows = have
    for row in rows:
        if "uncovered" in row["Objectives"] and row["Why not"] in cells.EMPTY:
            return failed(f"the journey {row['Journey']} is uncovered without a reason", section.line)
    return passed(f"{len(rows)} journeys, each covered or with its reason", section.line)


@point(DOC, 2, "Each indicator: kind, good and total events, where it is measured, what is excluded; queries parse")
def indicators(judged: Bundle, name: str) -> Verdict:
    """All columns filled, each query in code parses as PromQL."""
    columns = ("Indicator", "Kind", "Good events", "Total events", "Measured at", "Excluded")
    have = forms.found(judged, name, INDICATORS, *columns)
    if isinstance(have, Verdict):
        return have
    section, rows = have
    import promql_parser

    for row in rows:
        for query in re.findall(r"`+ ?(.+?) ?`+", row["Good events"] + row["Total events"]):
            try:
                promql_parser.parse(query.replace(r"\|", "|").replace("{{.window}}", "5m"))
            except ValueError as error:
                return failed(f"{row['Indicator']}: {query!r} does not parse: {error}", section.line)
    return forms.filled(judged, name, INDICATORS, columns, ("Indicator", "Kind", "Good events", "Total events"))


@point(DOC, 3, "Indicators that were considered and not chosen, with the reason")
def rejected(judged: Bundle, name: str) -> Verdict:
    """A reason in every row, or the question who considered any."""
    return forms.filled(
        judged, name, "Considered and not chosen", ("Not chosen", "Journey", "Reason"), empty="No other indicator"
    )


@point(DOC, 4, "Each query returns data in the window, or the gap is shown; coverage stated")
def coverage(judged: Bundle, name: str) -> Verdict:
    """A coverage for each series; a low one has a remark."""
    have = forms.found(judged, name, "Sources", "Series", "Query", "Window", "Coverage", "Remark")
    if isinstance(have, Verdict):
        return not_known(have.evidence, have.line) if "No series was measured" in judged.page(name).text else have
    section, rows = have
    for row in rows:
        share = cells.amount(row["Coverage"])
        if share is None or (share == 0 and row["Remark"] in cells.EMPTY):
            return failed(f"{row['Series']}: nothing was measured and no reason is given", section.line)
    return passed(f"{len(rows)} series with their coverage", section.line)


@point(DOC, 5, "Target, window, budgeting method, owner, source of the target")
def objectives(judged: Bundle, name: str) -> Verdict:
    """No objective without these; a missing owner is asked for."""
    columns = ("Objective", "Target", "Window", "Budget counts", "Owner", "Target comes from")
    return forms.filled(judged, name, OBJECTIVES, columns, ("Objective", "Target", "Window", "Budget counts"))


@point(DOC, 6, "The objective is stricter than the contract, with the margin in minutes and requests")
def contracts(judged: Bundle, name: str) -> Verdict:
    """A looser objective is an error."""
    columns = ("Objective", "Target", "Contract", "Margin in minutes", "Margin in requests", "Verdict")
    have = forms.found(judged, name, "Against the contract", *columns, empty="No objective has a contract")
    if isinstance(have, Verdict):
        return have
    section, rows = have
    for row in rows:
        target, contract = cells.amount(row["Target"]), cells.amount(row["Contract"])
        if target is not None and contract is not None and target < contract:
            return failed(
                f"{row['Objective']}: {row['Target']} is looser than the contract's {row['Contract']}", section.line
            )
    return passed(f"{len(rows)} objectives are at least as strict as their contracts", section.line)


@point(DOC, 7, "Target against history: value with interval, P(meet next period), ladder")
def history(judged: Bundle, name: str) -> Verdict:
    """One row per objective."""
    columns = ("Objective", "Measured", "95 % interval", "P(meet the next period)", "Recommended")
    return forms.filled(judged, name, "Against the history", columns, ("Objective",), "No objective has enough history")


@point(DOC, 8, "Target against the product of the serial dependencies' promises")
def dependencies(judged: Bundle, name: str) -> Verdict:
    """An impossible target is named."""
    return forms.filled(
        judged,
        name,
        "Against the dependencies",
        ("Objective", "Serial dependencies", "Product", "Verdict"),
        ("Objective",),
        "No objective names a serial dependency",
    )


@point(DOC, 9, "Conflicting promises are both quoted, with their scope")
def promises(judged: Bundle, name: str) -> Verdict:
    """Quote and line in every row."""
    columns = ("Scope", "Promise", "Role", "Quote", "Source")
    return forms.filled(judged, name, "What the documents promise", columns, ("Promise", "Role", "Quote", "Source"))


@point(DOC, 10, "Budget spent and remaining add up to what is allowed")
def sums(judged: Bundle, name: str) -> Verdict:
    """allowed - spent = remaining, to the rounding of the table."""
    have = forms.found(judged, name, BUDGETS, "Objective", "Window", "Allowed", "Spent", "Remaining")
    if isinstance(have, Verdict):
        return have
    section, rows = have
    counted = 0
    for row in rows:
        allowed, spent, left = (cells.amount(row[column]) for column in ("Allowed", "Spent", "Remaining"))
        if allowed is None or spent is None or left is None:
            continue
        if abs(allowed - spent - left) > 0.11 + 1e-6 * abs(allowed):
            return failed(
                f"{row['Objective']}: {row['Allowed']} - {row['Spent']} is not {row['Remaining']}", section.line
            )
        counted += 1
    return passed(f"{counted} budgets add up", section.line)


@point(DOC, 11, "The ledger adds up to what was spent")
def ledger(judged: Bundle, name: str) -> Verdict:
    """Per objective: the rows equal the sum row."""
    have = forms.found(judged, name, "Where the budget went", "Objective", "Cause", "What", "Bad")
    if isinstance(have, Verdict):
        return have
    section, rows = have
    totals: dict[str, float] = {}
    for row in rows:
        bad = cells.amount(row["Bad"]) or 0.0
        if "sum" not in row["Cause"]:
            totals[row["Objective"]] = totals.get(row["Objective"], 0.0) + bad
        elif abs(totals.get(row["Objective"], 0.0) - bad) > 0.5:
            return failed(
                f"{row['Objective']}: the rows add up to {totals.get(row['Objective'])}, not {bad}", section.line
            )
    return passed(f"{len(totals)} ledgers add up to 100 %", section.line)


@point(DOC, 12, "Forecast of exhaustion with interval, and the schedule of budget coming back")
def forecast(judged: Bundle, name: str) -> Verdict:
    """Both tables."""
    title, none = "When it runs out", "No objective is defined"
    columns = ("Objective", "Probability", "Early (P10)", "Late (P90)")
    first = forms.filled(judged, name, title, columns, ("Objective",), none)
    if first.state != "passed":
        return first
    return forms.filled(judged, name, title, ("Objective", "Spent", "Positive again"), ("Objective",), none)


@point(DOC, 13, "Charts of the budget and of the burn rate, each with its table")
def charts(judged: Bundle, name: str) -> Verdict:
    """Two at least."""
    return forms.illustrated(judged, name, 2, "measurements of|objectives|error budget")


@point(DOC, 14, "No traffic, partial coverage, a target of 100 % and low traffic are shown as what they are")
def honesty(judged: Bundle, name: str) -> Verdict:
    """Nothing counted leaves nothing to remain; a target of 100 % has no budget; coverage in every row."""
    columns = ("Objective", "Good", "Counted", "Allowed", "Remaining", "Coverage", "State")
    have = forms.found(judged, name, BUDGETS, *columns)
    if isinstance(have, Verdict):
        return have
    section, rows = have
    for row in rows:
        silent = not (cells.amount(row["Counted"]) or 0)
        if silent and "%" in row["Good"].split("<br>")[0]:
            return failed(f"{row['Objective']}: {row['Good']} although nothing was counted", section.line)
        if "target 100 %" in row["Good"] and (cells.amount(row["Allowed"]) or 0) > 0:
            return failed(f"{row['Objective']}: a target of 100 % leaves no budget", section.line)
        if row["Coverage"] in cells.EMPTY or row["State"] in cells.EMPTY:
            return failed(f"{row['Objective']}: no coverage or no state", section.line)
    return passed(f"{len(rows)} budgets with what they rest on", section.line)


@point(DOC, 15, "Error budget policy: states, what each permits, who decides, the state now")
def policy(judged: Bundle, name: str) -> Verdict:
    """Three states, and the present one."""
    return forms.filled(
        judged, name, "Error budget policy", ("State", "Permits", "Decides", "Now"), ("State", "Permits")
    )


@point(DOC, 16, "Method per indicator: event ratio and mean of step ratios side by side, missing and silent steps")
def methods(judged: Bundle, name: str) -> Verdict:
    """One row per objective."""
    columns = ("Objective", "Step", "Ratio of events", "Mean of step ratios", "Steps missing", "Steps silent")
    return forms.filled(judged, name, "Measurement methodologies", columns, ("Objective", "Step"))


@point(DOC, 17, "Data source, retention against the window, scrape interval")
def source(judged: Bundle, name: str) -> Verdict:
    """Said, or asked for."""
    return forms.said(judged, name, "Measurement methodologies", r"\| *Retention *\|", "source and retention")


@point(DOC, 18, "Window pairs, factors, budget spent and detection time per severity; unreachable alerts named")
def alerts(judged: Bundle, name: str) -> Verdict:
    """Every pair of every objective."""
    columns = ("Objective", "Severity", "Windows", "Factor", "Budget spent then", "Reachable")
    return forms.filled(judged, name, "Alerting thresholds", columns)


@point(DOC, 19, "Back-test on the history: precision, recall, detection, reset")
def back_test(judged: Bundle, name: str) -> Verdict:
    """One row per objective and severity."""
    columns = ("Objective", "Severity", "Fired", "Precision", "Recall", "Detection", "Reset")
    return forms.filled(
        judged, name, "Tested on the history", columns, ("Objective", "Severity", "Fired"), "Nothing to test"
    )


@point(DOC, 20, "Prometheus rules and their tests, checked by promtool")
def rules(judged: Bundle, name: str) -> Verdict:
    """The tests ran, or the claim says that they did not."""
    checked = forms.checked_file(judged, ".rules.yaml", "tool-validated")
    return checked if checked.state != "passed" else forms.checked_file(judged, ".rules-test.yaml", "executed")


@point(DOC, 21, "An OpenSLO file")
def openslo(judged: Bundle, name: str) -> Verdict:
    """Generated and readable."""
    return forms.checked_file(judged, ".openslo.yaml", "schema-validated")


@point(DOC, 22, "Existing alerts against the generated ones")
def existing(judged: Bundle, name: str) -> Verdict:
    """What each becomes."""
    return forms.filled(judged, name, "Against the alerts that exist", ("Alert today", "Becomes"))


@point(DOC, 23, "Low traffic: the smallest burn that can be told from chance")
def low_traffic(judged: Bundle, name: str) -> Verdict:
    """Said per objective."""
    return forms.said(judged, name, "Alerting thresholds", r"binomial|low traffic", "what chance alone would do")


@point(DOC, 24, "Stakeholders by name, what each agrees to, state of the signature")
def stakeholders(judged: Bundle, name: str) -> Verdict:
    """A state for everybody."""
    return forms.filled(judged, name, "Stakeholder agreements", ("Who", "Agrees to", "State"), ("Who", "State"))


@point(DOC, 25, "Review dates, triggers for an early review, log of changed objectives")
def review(judged: Bundle, name: str) -> Verdict:
    """A dated row at least; what differs from what was published before has its reason in the log."""
    section = judged.page(name).section("Review and revision procedures")
    for row in (section.table("Objective", "What", "Was", "Is", "Reason in the log") if section else None) or []:
        if "not in the log" in row["Reason in the log"]:
            said = f"{row['Objective']}: {row['What']} was {row['Was']} and is {row['Is']}"
            return failed(f"{said}; the log gives no reason", section.line if section else 0)
    return forms.said(
        judged, name, "Review and revision procedures", r"\| *20\d\d-\d\d-\d\d", "the next reviews by date"
    )


@point(DOC, 26, "What changed since the last version")
def changes(judged: Bundle, name: str) -> Verdict:
    """Said, also when it is the first."""
    return forms.said(
        judged, name, "Review and revision procedures", r"first version|since version|changed since", "what changed"
    )
