"""The points of PerformanceOptimization.md."""

from __future__ import annotations

import re
from typing import Final

from sre_kit.check.cells import amount, blank, length, near, number, plain, quantity
from sre_kit.check.forms import Rows, asked, over
from sre_kit.check.page import Section
from sre_kit.check.points import Bundle, Verdict, failed, not_known, passed, point

DOC: Final = "PerformanceOptimization"
BASELINE: Final = "Performance baseline metrics"
TARGETS: Final = "Targets against measurements"
BOTTLENECKS: Final = "Bottleneck analysis results"
STRATEGIES: Final = "Optimization strategies"
CACHING: Final = "Caching implementations"
DATABASE: Final = "Database query optimizations"
EDGE: Final = "CDN configuration"
LOADTESTS: Final = "Load testing results"
CURVE: Final = "Throughput and latency"
RUNS: Final = ("Run", "Tool", "Load", "Model", "Duration", "Requests", "Requests/s", "p50", "p95", "Errors", "Criteria")
POWER: Final = "Power, throughput / "
LEAST_LEVELS: Final = 4
"""Load levels below which no scalability law is fitted."""
LEVELS_GAP: Final = "load tests at several load levels|load tests|two runs"


@over(
    DOC,
    1,
    "Baseline per endpoint: rate, p50, p95, p99, errors, n, window, source",
    under=BASELINE,
    columns=("Endpoint", "Requests", "Requests/s, mean / peak", "Errors", "p50", "p95", "p99"),
    missing="endpoints with their queries",
)
def baseline(judged: Bundle, section: Section, rows: Rows) -> str:
    """Quantiles rise; what is missing is asked for; the window and its coverage stand below."""
    for row in rows:
        values = [_seconds(row[q]) for q in ("p50", "p95", "p99") if amount(row[q]) is not None]
        if not values and not asked(section, "measurements|" + re.escape(plain(row["Endpoint"]))):
            return f"{row['Endpoint']} has no latency"
        if values != sorted(values):
            return f"{row['Endpoint']}: a lower quantile is larger than a higher one"
    if not re.search(r"Source: .*\d{4}-\d\d-\d\d.* to .*coverage", section.text):
        return "no source with window and coverage"
    known = [row for row in rows if not asked(section, "rate and errors of " + re.escape(plain(row["Endpoint"])))]
    return blank(rows, "Endpoint") or blank(known, "Requests", "Errors")


def _seconds(cell: str) -> float:
    """A latency in seconds; of two, the first."""
    found = length(cell.split(" / ")[0])
    return -1.0 if found is None else found * 60


@over(
    DOC,
    2,
    "Every target against its measurement: met, missed or not measured, direction and statistic right",
    under=TARGETS,
    columns=("Target", "Limit", "Measured", "Verdict", "Where"),
    missing="performance targets",
)
def targets(judged: Bundle, section: Section, rows: Rows) -> str:
    """Each verdict is found again; the counts are as said."""
    for row in rows:
        verdict = plain(row["Verdict"])
        if verdict == "not measured":
            continue
        limit, value = quantity(row["Limit"]), quantity(row["Measured"])
        met = value <= limit if row["Limit"].startswith("at most") else value >= limit
        if not near(value, limit, 0.006) and verdict != ("met" if met else "missed"):
            return f"{plain(row['Target'])}: {row['Measured']} against {row['Limit']} is not {verdict!r}"
    said = re.search(r"(\d+) met, (\d+) missed, (\d+) not measured", section.text)
    states = ("met", "missed", "not measured")
    counts = [sum(plain(row["Verdict"]) == state for row in rows) for state in states]
    if not said or [int(one) for one in said.groups()] != counts:
        return f"{counts[0]} met, {counts[1]} missed, {counts[2]} not measured; the document says {said and said[0]!r}"
    return blank(rows, *(("Target", "Limit", "Verdict", "Source") if "Source" in rows[0] else ("Target", "Limit")))


@over(
    DOC,
    3,
    "Load tests: tool, load, open or closed model, duration, coordinated omission flagged",
    under=LOADTESTS,
    columns=RUNS,
    missing=LEVELS_GAP,
)
def runs(judged: Bundle, section: Section, rows: Rows) -> str:
    """A closed loop is flagged; rate and requests agree with the duration."""
    for row in rows:
        if row["Model"].startswith("closed") and "coordinated omission" not in row["Model"]:
            return f"{row['Run']}: a closed loop without the flag for coordinated omission"
        lasted = length(row["Duration"])
        counted, rate = amount(row["Requests"]), amount(row["Requests/s"])
        if lasted and counted is not None and rate is not None and not near(counted / (lasted * 60), rate, 0.05):
            return f"{row['Run']}: {row['Requests']} requests in {row['Duration']} are not {row['Requests/s']} a second"
    return blank(rows, "Run", "Tool", "Model", "Criteria")


@over(
    DOC,
    4,
    "Throughput against latency with the knee; a scalability law only from four load levels on",
    under=CURVE,
    columns=("Load", "Requests/s", "Think time, Little's law"),
    missing=LEVELS_GAP,
)
def knee(judged: Bundle, section: Section, rows: Rows) -> str:
    """The power of each level and the knee are found again."""
    name = next((name for name in rows[0] if name.startswith(POWER)), "")
    latency = name.removeprefix(POWER)
    if latency not in rows[0]:
        return "no column of the power, or none of the latency that it is made of"
    power = [number(row["Requests/s"]) / _seconds(row[latency]) for row in rows]
    for row, value in zip(rows, power, strict=True):
        if not near(number(row[name]), value, 0.02):
            return f"load {row['Load']}: the power is {value:.3g}, not {row[name]}"
    marked = [row["Load"] for row in rows if "knee" in "".join(row.values())]
    if marked != [rows[power.index(max(power))]["Load"]]:
        return f"the knee is at load {rows[power.index(max(power))]['Load']}, not {', '.join(marked) or 'marked'}"
    law = section.table("Scalability law", "Fitted")
    if law and len(rows) < LEAST_LEVELS:
        return f"a scalability law is fitted to {len(rows)} load levels"
    if law and not any("variance explained" in row["Scalability law"] for row in law):
        return "the law does not say how well it fits"
    if not law and len(rows) >= LEAST_LEVELS and "law" not in section.text.split("|", 1)[-1].lower():
        return "neither a scalability law nor why there is none"
    return ""


@over(
    DOC,
    5,
    "Run against run with intervals; words only: evidence of, no evidence",
    under="Run to run",
    columns=("Runs", "Of", "Before", "After", "95 % interval of the difference", "Verdict"),
    missing="two runs to compare",
)
def comparison(judged: Bundle, section: Section, rows: Rows) -> str:
    """An interval around zero is no evidence; one beside it is."""
    for row in rows:
        verdict, ends = plain(row["Verdict"]), re.findall(r"[-+]\d+(?:\.\d+)?", row["95 % interval of the difference"])
        if verdict not in ("not comparable",) and "evidence of" not in verdict:
            return f"{row['Runs']}: {verdict!r} is no verdict"
        if len(ends) == 2 and verdict != "not comparable":
            around = float(ends[0]) <= 0 <= float(ends[1])
            if around != verdict.startswith("no evidence") and 0.0 not in map(float, ends):
                return f"{row['Runs']}, {row['Of']}: {verdict!r} contradicts the interval {ends[0]} to {ends[1]}"
    return blank(rows, "Before", "After", "Verdict")


@point(DOC, 6, "Change points over a history of runs")
def change_points(judged: Bundle, name: str) -> Verdict:
    """A table, or the question for comparable runs."""
    section = judged.page(name).section("Change points") or judged.page(name).section("Run to run")
    if section is None:
        return failed("no section 'Change points'")
    for row in section.table("History", "Change at") or ():
        if "evidence of" not in row["Verdict"]:
            return failed(f"{row['Metric']}: {row['Verdict']!r} is no verdict", section.line)
        if row["Change at"] != "none" and amount(row["p"]) is None:
            return failed(f"{row['Metric']}: a change at {row['Change at']} without its p-value", section.line)
    if rows := section.table("History", "Change at"):
        return passed(f"{len(rows)} rows, each change with its p-value", section.line)
    if asked(section, "change points|two runs"):
        return not_known("the document asks for comparable runs", section.line)
    return failed("nothing about change points", section.line)


@over(
    DOC,
    7,
    "Bottlenecks ranked by measured contribution, method named, each with evidence",
    under=BOTTLENECKS,
    columns=("Where", "Contribution", "Method", "Evidence"),
    missing="where the time goes",
)
def bottlenecks(judged: Bundle, section: Section, rows: Rows) -> str:
    """Within a method the larger comes first."""
    last: dict[str, float] = {}
    for row in rows:
        value = number(row["Contribution"])
        if value > last.get(row["Method"], value) + 0.05:
            return f"{plain(row['Where'])} contributes more than what stands above it"
        last[row["Method"]] = value
    return blank(rows, "Where", "Contribution", "Method", "Evidence")


@point(DOC, 8, "Traces: critical path per operation, share per service, saving if halved; or the question for it")
def traces(judged: Bundle, name: str) -> Verdict:
    """Shares of an operation stay within the whole, a saving within half of the share; or who is asked."""
    section = judged.page(name).section("Critical paths") or judged.page(name).section(BOTTLENECKS)
    if section is None:
        return failed("no section 'Critical paths'")
    rows = section.table("Operation", "Service", "Share", "If it took half as long") or ()
    parts = [row for row in rows if plain(row["Service"]) != "all"]
    sums: dict[str, float] = {}
    for row in parts:
        saved = re.search(r"\((\S+) %\)", row["If it took half as long"])
        if saved is None or number(saved[1]) > number(row["Share"]) / 2 + 0.2:
            return failed(f"{row['Operation']}, {row['Service']}: no saving, or more than half its share", section.line)
        sums[row["Operation"]] = sums.get(row["Operation"], 0.0) + number(row["Share"])
    over = next((operation for operation, whole in sums.items() if whole > 100.5), "")
    if over:
        return failed(f"{over}: the shares add up to {sums[over]:g} %", section.line)
    if parts:
        return passed(f"critical paths of {len(sums)} operations", section.line)
    if asked(section, "critical path|traces"):
        return not_known("the document asks for traces", section.line)
    return failed("nothing about critical paths", section.line)


@over(
    DOC,
    9,
    "Statements ranked by total time, with calls, rows and blocks; a suggestion names its evidence",
    under=DATABASE,
    columns=("Statement", "Share of time", "Calls", "Mean", "Rows a call", "From cache", "Evidence"),
    missing="statement",
)
def statements(judged: Bundle, section: Section, rows: Rows) -> str:
    """Shares fall and stay below the whole; reading plans is asked for."""
    shares = [number(row["Share of time"]) for row in rows]
    if shares != sorted(shares, reverse=True):
        return "the statements are not in the order of their time"
    if sum(shares) > 100.5:
        return f"the shares add up to {sum(shares):g} %"
    if any(amount(row["Evidence"]) is None for row in rows if row["Evidence"] not in ("–", "")):
        return "a piece of evidence has no number"
    plans = section.table("Plan, execution", "Found", "Evidence", "Line")
    if plans is None and not asked(section, "plans?"):
        return "no plan is read, and nobody is asked for one"
    for row in plans or ():
        if row["Found"] != "nothing stands out" and not re.search(r":\d+$", plain(row["Line"])):
            return f"{row['Found']} of {plain(row['Node'])} names no line of its plan"
    return blank(rows, "Statement", "Calls", "Mean")


@over(
    DOC,
    10,
    "Caches: configuration, hit ratio, size curve",
    under=CACHING,
    columns=("Cache", "Component", "Kept for", "Hit ratio, stated"),
    missing="the caches and their configuration",
)
def caches(judged: Bundle, section: Section, rows: Rows) -> str:
    """A larger cache never hits less; unmeasured hits are asked for."""
    curve = section.table("Objects kept", "Hit ratio, requests") or []
    ratios = [number(row["Hit ratio, requests"]) for row in curve]
    if ratios != sorted(ratios):
        return "a larger cache hits less often"
    name = "Hit ratio, requests (95 % interval)"
    lives = [number(row[name]) for row in section.table("Kept for", name) or []]
    if lives != sorted(lives):
        return "an object that is kept longer is hit less often"
    if curve and not lives:
        return "no curve of the time to live"
    if not curve and not asked(section, "access log|requests|size"):
        return "no curve of size against hits, and nobody is asked"
    measured = section.table("Cache", "Hits")
    if not measured and not asked(section, "hits and misses"):
        return "hits are neither measured nor asked for"
    return blank(rows, "Cache", "Source") if "Source" in rows[0] else blank(rows, "Cache")


@over(
    DOC,
    11,
    "CDN: cacheable share, offload, egress, headers to set",
    under=EDGE,
    columns=("Edge", "Requests", "Bytes", "Meaning"),
    missing="access log|edge|CDN",
)
def edge(judged: Bundle, section: Section, rows: Rows) -> str:
    """Offload is at most what is cacheable; headers for the heaviest routes."""
    found = {row["Edge"].split(",")[0]: row for row in rows}
    for name in ("Cacheable", "Offload"):
        if name not in found:
            return f"no row {name!r}"
    if number(found["Offload"]["Requests"]) > number(found["Cacheable"]["Requests"]):
        return "more is answered from the edge than may be kept"
    if not section.table("Header to consider"):
        return "no header to consider"
    return blank(rows, "Meaning")


@over(
    DOC,
    12,
    "Optimisations: hypothesis, expected gain, effort, risk, verification, state, measured result when done",
    under=STRATEGIES,
    columns=("Id", "Hypothesis", "Expected gain", "Effort", "Risk", "How to verify", "State", "Measured"),
    missing="optimisations considered",
)
def optimisations(judged: Bundle, section: Section, rows: Rows) -> str:
    """Done means measured."""
    for row in rows:
        done, measured = row["State"].startswith("done"), row["Measured"] not in ("", "–")
        if done and not measured and not asked(section, re.escape(row["Id"])):
            return f"{row['Id']} is done and nothing was measured"
        if measured and not done:
            return f"{row['Id']} was measured and is not done"
    return blank(rows, "Id", "Hypothesis", "Expected gain", "Effort", "Risk", "How to verify", "State")


@over(
    DOC,
    13,
    "The latency budget adds up to the objective",
    under="Latency budget",
    columns=("Operation", "Part", "p95"),
    missing="latency",
)
def latency_budget(judged: Bundle, section: Section, rows: Rows) -> str:
    """Per operation: parts = sum, sum and what is left = objective."""
    parts: dict[str, float] = {}
    sums: dict[str, float] = {}
    for row in rows:
        operation, part, value = row["Operation"], plain(row["Part"]), _signed(row["p95"])
        if part == "sum of the parts":
            sums[operation] = value
            if not near(value, parts.get(operation, 0.0), 0.005):
                return f"{operation}: the parts add up to {parts.get(operation, 0.0) * 1000:g} ms, not {row['p95']}"
        elif part.startswith("left of the objective"):
            objective = re.search(r"objective ([^|]+?) for", " ".join(row.values()))
            wanted = _seconds(objective[1]) if objective else value + sums.get(operation, 0.0)
            if not near(value + sums.get(operation, 0.0), wanted, 0.01):
                return f"{operation}: sum and rest are not the objective of {objective and objective[1]}"
        else:
            parts[operation] = parts.get(operation, 0.0) + value
    return f"{', '.join(set(parts) - set(sums))}: no sum" if set(parts) - set(sums) else ""


def _signed(cell: str) -> float:
    value = _seconds(cell)
    return -value if plain(cell).startswith(("-", "−")) else value


@over(
    DOC,
    14,
    "Saturation during the load tests",
    under="Resources during the load tests",
    columns=("Observed", "Value", "Statement", "Source"),
    missing="use of resources during the load tests",
)
def saturation(judged: Bundle, section: Section, rows: Rows) -> str:
    """Each observation with its number and its line."""
    return blank(rows, "Observed", "Value", "Statement", "Source")


@point(DOC, 15, "Charts of latency, of throughput, and of what was measured before and after")
def charts(judged: Bundle, name: str) -> Verdict:
    """Two at least, and the third where a change was measured; or the question for what could not be drawn."""
    found = judged.page(name).images
    section = judged.page(name).section(STRATEGIES)
    log = section.table("Id", "Hypothesis", "Measured") if section else None
    compared = ["before-after"] if any(" before, " in row["Measured"] for row in log or ()) else []
    wanted = ["latency", "throughput", *compared]
    kinds = [kind for kind in wanted if not any(kind in target for _, _, target in found)]
    if not kinds:
        return passed(f"{len(found)} charts", found[0][0])
    unknown = r"endpoints with their|\*\* the latency of|load tests|measurements"
    if any(asked(section, unknown) for section in judged.page(name).sections):
        return not_known(f"no chart of {kinds[0]}; the document asks for its data")
    return failed(f"no chart of {kinds[0]}")
