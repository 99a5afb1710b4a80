"""The points of CapacityPlanning.md."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any, Final

from sre_kit.check import forms
from sre_kit.check.cells import amount, blank, day, days, length, minutes, names, near, number, plain
from sre_kit.check.files import documents
from sre_kit.check.forms import Rows, asked, over
from sre_kit.check.page import Section
from sre_kit.check.points import Bundle, Verdict, failed, not_known, passed, point, source_text

DOC: Final = "CapacityPlanning"
USE: Final = "Resource utilization trends"
GROWTH: Final = "Growth projections"
SCENARIOS: Final = "Growth scenarios and events"
REACHED: Final = "When each limit is reached"
SCALING: Final = "Scaling strategies"
LIMITS: Final = "Maximum replicas times pool size"
TRIGGERS: Final = "Capacity triggers"
RESOURCES_GAP: Final = "resources with their limits|use of "
STRATEGY: Final = ("Component", "Direction", "Trigger", "Step", "Waits", "Replicas", "Maximum", "Breaks next")
DATES: Final = ("Resource", "P10", "P50", "P90", "Within the horizon", "Lead time", "Order by")
RULES: Final = "artifacts/capacity.rules.yaml"
ROUGH: Final = 70
"""Percent that an 80 % interval must have held, or it is called rough."""
AUTOSCALERS: Final = "artifacts/autoscalers.yaml"


@over(
    DOC,
    1,
    "Each resource: limit with its source, mean, p95, peak, headroom; what keeps state first",
    under=USE,
    columns=("Resource", "State", "Limit", "Source of the limit", "Mean", "p95", "Peak", "Headroom"),
    missing=RESOURCES_GAP,
)
def resources(judged: Bundle, section: Section, rows: Rows) -> str:
    """Headroom is the limit less the peak; the order is that of the state."""
    states = [row["State"] for row in rows]
    if "stateful" in states and states != sorted(states, key=lambda one: one != "stateful"):
        return "a stateless resource stands before one that keeps state"
    for row in rows:
        if amount(row["Peak"]) is None:
            continue
        left = 100 * (1 - number(row["Peak"]) / number(row["Limit"]))
        # an amount is printed with three digits
        if not near(left, number(row["Headroom"]), least=0.11 if "%" in row["Limit"] else 0.6):
            return f"{row['Resource']}: {row['Limit']} less {row['Peak']} is not {row['Headroom']}"
        if not number(row["Mean"]) <= number(row["Peak"]) + 0.05 >= number(row["p95"]):
            return f"{row['Resource']}: mean or p95 lies above the peak"
    unsourced = [row["Resource"] for row in rows if row["Source of the limit"] in ("", "–")]
    lacking = [one for one in unsourced if not asked(section, re.escape(one))]
    return f"the limit of {lacking[0]} has no source" if lacking else blank(rows, "Resource", "Limit")


@over(
    DOC,
    2,
    "Trend per resource with window, coverage and seasons",
    under="What the history holds",
    columns=("Resource", "Readings", "Coverage", "Cycles"),
    missing=RESOURCES_GAP,
)
def history(judged: Bundle, section: Section, rows: Rows) -> str:
    """Nothing empty."""
    return blank(rows, "Readings", "Coverage", "Cycles")


@over(
    DOC,
    3,
    "Forecasts with 80 % interval and back-test; refused where no better than a naive one",
    under=GROWTH,
    columns=("Resource", "Method", "MASE", "Repeating the last week", "Median of the past", "Verdict"),
    missing=RESOURCES_GAP + "|forecast",
)
def forecasts(judged: Bundle, section: Section, rows: Rows) -> str:
    """A used forecast beat both naive ones; every row has its back-test."""
    held = next((column for column in rows[0] if column.startswith("Inside the 80 %")), "")
    if not held:
        return "the coverage of the 80 % interval is not shown"
    for row in rows:
        verdict = plain(row["Verdict"]).partition(";")[0]
        shorter = verdict.startswith("the horizon is")  # used, as far as the history allows
        used = verdict == "used" or shorter
        if used and amount(row["MASE"]) is None:
            return f"{row['Resource']}: used without a back-test"
        naive = [
            number(row[c]) for c in ("Repeating the last week", "Median of the past") if amount(row[c]) is not None
        ]
        if used and naive and number(row["MASE"]) > min(naive) + 0.005:
            return f"{row['Resource']}: used although a naive forecast is better ({row['MASE']} against {min(naive):g})"
        if not used and "refused" not in row["Verdict"] and "no forecast" not in row["Verdict"]:
            return f"{row['Resource']}: {row['Verdict']!r} is no verdict"
        if used and not shorter and row[held] in ("", "–"):
            return f"{row['Resource']}: nothing says how often the interval held"
        share = amount(row[held])
        if used and share not in (None, ROUGH) and (number(row[held]) < ROUGH) != ("rough" in row["Verdict"]):
            return f"{row['Resource']}: its interval held {row[held]}, and the verdict is {row['Verdict']!r}"
    return ""


@over(
    DOC,
    4,
    "Exhaustion: P10, P50, P90, probability, and the order-by date = P10 - lead time",
    under=REACHED,
    columns=DATES,
    missing=RESOURCES_GAP + "|forecast",
)
def exhaustion(judged: Bundle, section: Section, rows: Rows) -> str:
    """Dates computed again; quantiles rise; no date where there is no P10."""
    today = forms.as_of(judged, DOC).date()
    for row in rows:
        days_to = [length(row[q]) for q in ("P10", "P50", "P90") if "not within" not in row[q]]
        known = [one / 1440 for one in days_to if one is not None]
        if known != sorted(known):
            return f"{row['Resource']}: P10, P50 and P90 do not rise"
        if row["P10"].startswith(("not within", "no date")):
            if days(row["Order by"]):
                return f"{row['Resource']}: an order-by date without a P10"
            continue
        wanted = today + timedelta(days=round(minutes(row["P10"]) / 1440 - minutes(row["Lead time"]) / 1440))
        if abs((day(row["Order by"]) - wanted).days) > 1:
            return f"{row['Resource']}: {row['P10']} less {row['Lead time']} is {wanted}, not {row['Order by']}"
        if amount(row["Within the horizon"]) is None:
            return f"{row['Resource']}: no probability within the horizon"
    return ""


@over(
    DOC,
    5,
    "Growth as named scenarios, each assumption with its line, joined to demand",
    under=SCENARIOS,
    columns=("Scenario", "A month", "A year", "Weight", "From", "Line"),
    missing="how demand will grow",
)
def growth(judged: Bundle, section: Section, rows: Rows) -> str:
    """A year is twelve months compounded; weights make a whole."""
    for row in rows:
        year = 100 * ((1 + number(row["A month"]) / 100) ** 12 - 1)
        if not near(number(row["A year"]), year, 0.03, 1.0):
            return f"{row['Scenario']}: {row['A month']} a month is {year:.0f} % a year, not {row['A year']}"
    weights = sum(number(row["Weight"]) for row in rows)
    if not near(weights, 100, least=1.01):
        return f"the weights add up to {weights:g} %"
    driver = judged.page(DOC).section("What follows demand")
    if driver is None or not (driver.table("Resource", "Share that follows demand") or asked(driver, "demand")):
        return "growth is not joined to what demand drives"
    return blank(rows, "From", "Line")


@over(
    DOC,
    6,
    "Events and seasons change the forecast",
    under=SCENARIOS,
    columns=("Event", "From", "Until, exclusive", "Demand", "From where"),
    missing="launches, campaigns and seasons",
)
def events(judged: Bundle, section: Section, rows: Rows) -> str:
    """From before until; a factor; its source."""
    for row in rows:
        if day(row["From"]) >= day(row["Until, exclusive"]):
            return f"{row['Event']} ends before it begins"
        number(row["Demand"])
    return blank(rows, "From where")


@over(
    DOC,
    7,
    "Scaling per component: trigger, step, waits, maximum, what breaks next; equal to the generated autoscaler",
    under=SCALING,
    columns=STRATEGY,
    missing="how each component scales",
)
def strategies(judged: Bundle, section: Section, rows: Rows) -> str:
    """Minimum, maximum, threshold and both waits of each autoscaler."""
    autoscalers = {one["metadata"]["name"]: one["spec"] for one in manifests(judged, AUTOSCALERS)}
    horizontal = [row for row in rows if row["Direction"] == "horizontal"]
    scaled = {row["Component"]: row for row in horizontal if len(re.findall(r"\d+", row["Replicas"])) == 2}
    for name, spec in autoscalers.items():
        row = scaled.get(name)
        if row is None:
            return f"an autoscaler for {name}, and no row"
        low, high = (int(one) for one in re.findall(r"\d+", row["Replicas"]))
        if (spec["minReplicas"], spec["maxReplicas"]) != (low, high):
            return f"{name}: {row['Replicas']} here, {spec['minReplicas']} to {spec['maxReplicas']} in the autoscaler"
        target = spec["metrics"][0]["resource"]["target"].get("averageUtilization")
        if target is not None and not near(number(row["Trigger"]), target):
            return f"{name}: {row['Trigger']} here, {target} % in the autoscaler"
        waits = {way: spec["behavior"][way]["stabilizationWindowSeconds"] / 60 for way in ("scaleUp", "scaleDown")}
        said = [minutes(part) for part in row["Waits"].split(", ")]
        if (said and not near(max(said), waits["scaleDown"])) or not near(min(said), waits["scaleUp"]):
            return f"{name}: waits {row['Waits']} here, {waits['scaleUp']:g}, {waits['scaleDown']:g} min in the file"
    lacking = [row["Component"] for row in rows if row["Breaks next"] in ("", "–")]
    unasked = [one for one in lacking if not asked(section, f"what breaks next when {re.escape(one)}")]
    return f"{unasked[0]}: it does not say what breaks next" if unasked else blank(rows, "Component", "Direction")


def manifests(judged: Bundle, path: str) -> list[dict[str, Any]]:
    """The documents of a generated Kubernetes file; none where it was not generated."""

    content = judged.files.get(path)
    return list(documents(content)) if content else []


@over(
    DOC,
    8,
    "Maximum replicas x pool against the connections, shown and right",
    under=LIMITS,
    columns=("Database", "Maximum replicas x pool", "Limit", "Verdict", "Most replicas that fit"),
    missing="pool sizes",
)
def pools(judged: Bundle, section: Section, rows: Rows) -> str:
    """Every product, sum, verdict and the replicas that fit; no autoscaler may exceed them."""
    autoscalers = {one["metadata"]["name"]: one["spec"]["maxReplicas"] for one in manifests(judged, AUTOSCALERS)}
    for row in rows:
        terms = [
            (int(n), int(p), who)
            for n, p, who in re.findall(r"(\d+) x (\d+) \(([^)]+)\)", row["Maximum replicas x pool"])
        ]
        total, limit = sum(n * p for n, p, _ in terms), amount(row["Limit"])
        if total != number(row["Maximum replicas x pool"].rsplit("=", 1)[-1]):
            return f"{row['Database']}: the products add up to {total}"
        if limit is None:
            continue
        if (plain(row["Verdict"]) == "holds") != (total <= limit):
            return f"{row['Database']}: {total} against {limit:g} is not {plain(row['Verdict'])!r}"
        n, pool, who = max(terms, key=lambda term: term[0] * term[1])
        fits = int((limit - (total - n * pool)) // pool)
        if int(number(row["Most replicas that fit"])) != fits:
            return f"{row['Database']}: {fits} replicas of {who} fit, not {row['Most replicas that fit']}"
        if autoscalers.get(who, 0) > fits:
            return f"the autoscaler of {who} goes up to {autoscalers[who]}, {fits} fit"
    return "" if asked(section, "quotas") or "quota" in section.text.lower() else "nothing about quotas"


@over(
    DOC,
    9,
    "Headroom without one instance and without one zone",
    under="Without one instance",
    columns=("Resource", "Instances", "Peak", "Peak at N-1", "Peak without a zone"),
    missing="instances of each resource|" + RESOURCES_GAP,
    empty="No second instance",
)
def redundancy(judged: Bundle, section: Section, rows: Rows) -> str:
    """With less there is more to carry."""
    for row in rows:
        for column in ("Peak at N-1", "Peak without a zone"):
            if amount(row[column]) is not None and number(row[column]) + 0.05 < number(row["Peak"]):
                return f"{row['Resource']}: {column.lower()} lies below the peak with everything"
    return blank(rows, "Instances", "Peak at N-1")


@over(
    DOC,
    10,
    "Right-sizing per component with its reason; floor and ceiling",
    under="Right-sizing",
    columns=("Resource", "p95", "Peak", "Size", "Readings above it", "Why"),
    missing="resources to size|" + RESOURCES_GAP,
)
def sizes(judged: Bundle, section: Section, rows: Rows) -> str:
    """No smaller than half, not below the peak, and nothing shrinks that is foreseen to be full."""
    dated = {
        r["Resource"] for r in forms.other(judged, DOC, REACHED, *DATES) if length(r["P10"]) and "not" not in r["P10"]
    }
    for row in rows:
        share = amount(row["Size"])
        if share is None:
            continue
        if share < 50:
            return f"{row['Resource']}: {row['Size']} is below half of today"
        if share < 100 and (share + 0.5 < number(row["p95"]) or row["Resource"] in dated):
            return f"{row['Resource']} is made smaller although it would be too small"
        if row["Readings above it"] in ("", "–"):
            return f"{row['Resource']}: it does not say how often the new size would have been too small"
    return blank(rows, "Size", "Why")


@over(
    DOC,
    14,
    "Triggers: metric, threshold, lead time, action, and an alert that exists",
    under=TRIGGERS,
    columns=("Metric", "Act at, share of the limit", "Highest so far", "Lead time", "Action", "Watched by"),
    missing="capacity triggers",
)
def triggers(judged: Bundle, section: Section, rows: Rows) -> str:
    """A passed trigger is bold; a named alert stands in the lines that it links; no alert is asked for."""
    for row in rows:
        highest, trigger = amount(row["Highest so far"]), amount(row["Act at, share of the limit"])
        if trigger is None and not asked(section, "at which use of"):
            return f"{row['Metric']}: nobody has said when to act, and nobody is asked"
        if highest is not None and trigger is not None:
            passed_ = highest >= trigger
            if passed_ != row["Highest so far"].startswith("**"):
                return f"{row['Metric']}: {plain(row['Highest so far'])} is marked wrongly against its trigger"
        watched = names(row["Watched by"])
        if watched and watched[0] != "no alert":
            problem = _unwatched(judged, watched[0], row["Watched by"])
            if problem:
                return problem
        elif not asked(section, "an alert on"):
            return f"{row['Metric']} has no alert and nobody is asked"
    return _generated(judged, section, rows) or blank(rows, "Lead time", "Watched by")


def _generated(judged: Bundle, section: Section, rows: Rows) -> str:
    """Each generated alert watches a trigger of the table at its share, and has its answer; no answer is an orphan."""
    made = {
        rule["alert"]: rule["annotations"]["summary"]
        for one in manifests(judged, RULES)
        for group in one["groups"]
        for rule in group["rules"]
    }
    answers = {plain(row["Alert"]): row for row in section.table("Alert", "It says", "Then", "Takes") or ()}
    for name in sorted(set(made) ^ set(answers)):
        return f"{name} is either in the generated rules or among the answers"
    for name, summary in made.items():
        row = next((row for row in rows if names(row["Watched by"])[:1] == [name]), None)
        if row is None:
            return f"{name} is generated and watches no trigger of the table"
        said, meant = (number(text.rpartition(" above ")[2]) for text in (answers[name]["It says"], summary))
        here = row["Act at, share of the limit"]
        if not said == meant == number(here):
            return f"{name}: {here} here, {said:g} % in its answer, {meant:g} % in its rule"
    return ""


def _unwatched(judged: Bundle, alert: str, cell: str) -> str:
    """Why an alert cannot be trusted to exist; empty when its document or the generated rules have it."""
    from urllib.parse import unquote

    targets = [unquote(one).partition("#")[0] for one in re.findall(r"\]\(([^()\s]+)\)", cell)]
    files = [judged.source(one) for one in targets]
    texts = [source_text(one) for one in files if one.is_file()]
    texts += [c.decode("utf-8", "replace") for n, c in judged.files.items() if n.endswith(".rules.yaml")]
    return "" if not texts or any(alert in text for text in texts) else f"the alert {alert} stands in no rule"


@point(DOC, 15, "A widget: growth, headroom and horizon change the date; its static form shows the default")
def widget(judged: Bundle, name: str) -> Verdict:
    """The table of the default setting, by name."""
    section = judged.page(name).section(REACHED)
    if section is None:
        return failed(f"no section {REACHED!r}")
    for table in section.tables:
        if re.match(r"Growth .+ a month, .+ kept free, \d+ days", table[0][0]):
            return passed(f"the default: {table[0][0]}", section.line)
    if asked(section, "usable forecast|resources"):
        return not_known("without a forecast there is nothing to change", section.line)
    return failed("no table of the default setting", section.line)


@point(DOC, 16, "Charts of the forecasts and of the headroom")
def charts(judged: Bundle, name: str) -> Verdict:
    """Both, or the question for their data."""
    found = judged.page(name).images
    kinds = [kind for kind in ("forecast", "headroom") if not any(kind in target for _, _, target in found)]
    if not kinds:
        return passed(f"{len(found)} charts", found[0][0])
    if any(asked(section, RESOURCES_GAP) for section in judged.page(name).sections):
        return not_known(f"no chart of {kinds[0]}; the document asks for its data")
    return failed(f"no chart of {kinds[0]}")
