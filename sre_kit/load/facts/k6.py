"""k6 in documents: thresholds in scripts and lines, summaries as k6 prints them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from sre_kit.compute.vocabulary import Fact, Kind, Role, Scope
from sre_kit.load.facts import roles
from sre_kit.load.facts.claims import Claim
from sre_kit.load.facts.quantities import SECONDS
from sre_kit.load.facts.reading import Fence

_K6_TREND = re.compile(
    r"^\s*[✓✗]?\s*(http_req_duration|http_req_waiting|iteration_duration|grpc_req_duration|"
    r"ws_session_duration)\.*\s*:\s*(.+)$"
)


_K6_RATE = re.compile(r"^\s*[✓✗]?\s*(http_req_failed|checks|errors|error_rate)\.*\s*:\s*(\d+(?:\.\d+)?)%")


_K6_COUNT = re.compile(r"^\s*(http_reqs)\.*\s*:\s*\d+\s+(\d+(?:\.\d+)?)/s")


_K6_VALUE = re.compile(r"(avg|min|med|max|p\(\d+(?:\.\d+)?\))=(\d+(?:\.\d+)?)(ms|µs|s|m)(?![\w])")


_K6_LATENCY = re.compile(
    r"['\"]?(?P<metric>http_req_duration|[a-z][a-z0-9_]{2,40}(?=['\"]?\s*:\s*\[\s*['\"](?:p\(|avg|med)))"
    r"(?:\{(?P<tags>[^{}]*)\})?['\"]?\s*:\s*\[(?P<rules>[^\[\]]*)\]"
)
_K6_LEAST = re.compile(r"['\"]?http_reqs['\"]?\s*:\s*\[\s*['\"]rate\s*(>=?)\s*(\d+(?:\.\d+)?)['\"]")


_K6_FAILED = re.compile(
    r"['\"]?(?:http_req_failed|errors|error_rate)(?:\{[^{}]*\})?['\"]?\s*:\s*\[\s*['\"]rate\s*<=?\s*(0?\.\d+)['\"]"
)


_K6_RULE = re.compile(r"(p\(\d+(?:\.\d+)?\)|avg|max|med)\s*(<=?)\s*(\d+(?:\.\d+)?)")


def k6_thresholds(fence: Fence, document: str) -> Iterator[Fact]:
    """The thresholds of a k6 script."""
    for offset, line in enumerate(fence.text.split("\n")):
        if found := _K6_LATENCY.search(line):
            for statistic, sign, milliseconds in _K6_RULE.findall(found["rules"]):
                name = re.sub(r"[()]", "", statistic).replace("med", "p50")
                yield Fact(
                    Kind.LATENCY_TARGET,
                    Decimal(milliseconds) / 1000,
                    "s",
                    document,
                    fence.line + offset,
                    line.strip(),
                    name=name,
                    heading=fence.heading,
                    role=Role.TARGET,
                    scope=Scope("", "", _tagged(found)),
                    details={"statistic": name, "comparison": sign},
                    refused=roles.fence_refusal(fence),
                )
        if found := _K6_LEAST.search(line):
            yield Fact(
                Kind.THROUGHPUT,
                Decimal(found[2]),
                "req/s",
                document,
                fence.line + offset,
                line.strip(),
                heading=fence.heading,
                role=Role.TARGET,
                details={"comparison": found[1]},
                refused=roles.fence_refusal(fence),
            )
        if found := _K6_FAILED.search(line):
            yield Fact(
                Kind.ERROR_RATE_TARGET,
                Decimal(found[1]),
                "ratio",
                document,
                fence.line + offset,
                line.strip(),
                heading=fence.heading,
                role=Role.TARGET,
                details={"comparison": "<"},
                refused=roles.fence_refusal(fence),
            )


def _tagged(found: re.Match[str]) -> str:
    """What a threshold is limited to: the value of its tag, or the name of a metric of one's own."""
    if found["tags"]:
        return found["tags"].rpartition(":")[2].strip()
    name = re.sub(r"_?(?:duration|latency|time|trend)$", "", found["metric"])
    return "" if found["metric"].startswith("http_req") else name.replace("_", " ")


def k6_summary(fence: Fence, document: str) -> Iterator[Fact]:
    """What k6 printed at its end: limits, and what was measured."""
    metric = ""
    for offset, line in enumerate(fence.text.split("\n")):
        number, quote = fence.line + offset, line.strip()[:300]
        if found := re.fullmatch(r"\s*([a-z][a-z0-9_]{3,60})\s*", line):
            metric = found[1]
        elif found := _K6_CHECK.search(line):
            yield from _k6_check(found, metric, number, quote, fence, document)
        elif found := _K6_TREND.match(line):
            for statistic, amount, unit in _K6_VALUE.findall(found[2]):
                name = re.sub(r"[()]", "", statistic).replace("med", "p50")
                yield _measured(
                    Decimal(amount) * SECONDS[unit], "s", f"{found[1]} {name}", name, number, quote, fence, document
                )
        elif found := _K6_RATE.match(line):
            yield _measured(Decimal(found[2]) / 100, "ratio", found[1], "rate", number, quote, fence, document)
        elif found := _K6_COUNT.match(line):
            yield _measured(Decimal(found[2]), "req/s", found[1], "rate", number, quote, fence, document)
        elif "http_req" not in line and "ws_" not in line:
            for statistic, amount, unit in _K6_MEASURED.findall(line):
                name = re.sub(r"[()]", "", statistic)
                yield _measured(Decimal(amount) * SECONDS[unit], "s", name, name, number, quote, fence, document)


_K6_CHECK: Final = re.compile(
    r"'(?P<statistic>p\(\d+(?:\.\d+)?\)|avg|med|max|rate)\s?(?P<sign><=?)\s?(?P<limit>\d*\.?\d+)'(?P<rest>.*)$"
)


_K6_MEASURED: Final = re.compile(r"(p\(\d+(?:\.\d+)?\))\s?=\s?(\d+(?:\.\d+)?)(ms|s)\b")


def _k6_check(found: re.Match[str], metric: str, line: int, quote: str, fence: Fence, document: str) -> Iterator[Fact]:
    """One line of k6's THRESHOLDS block: the limit, and what was measured against it."""
    statistic = re.sub(r"[()]", "", found["statistic"]).replace("med", "p50")
    details = {"statistic": statistic, "comparison": found["sign"]}
    rate = statistic == "rate"
    if rate and not re.search(r"fail|error", metric):
        return
    kind = Kind.ERROR_RATE_TARGET if rate else Kind.LATENCY_TARGET
    limit = Decimal(found["limit"]) if rate else Decimal(found["limit"]) / 1000
    yield Fact(
        kind,
        limit,
        "ratio" if rate else "s",
        document,
        line,
        quote,
        name=f"{metric} {statistic}".strip(),
        heading=fence.heading,
        role=Role.TARGET,
        details=details,
        refused=roles.fence_refusal(fence),
    )
    if rate and (share := re.search(r"rate=(\d+(?:\.\d+)?)%", found["rest"])):
        yield _measured(Decimal(share[1]) / 100, "ratio", metric, "rate", line, quote, fence, document)
    for name, amount, unit in _K6_VALUE.findall(found["rest"]):
        plain = re.sub(r"[()]", "", name).replace("med", "p50")
        yield _measured(
            Decimal(amount) * SECONDS[unit], "s", f"{metric} {plain}".strip(), plain, line, quote, fence, document
        )


def k6_claim(claim: Claim, document: str) -> Iterator[Fact]:
    """A k6 threshold quoted in a line: `http_req_duration: p(95)<500`."""
    text = f"{claim.label}: {claim.text}" if claim.label else claim.text
    if found := re.search(
        r"http_req_(?:duration|waiting)[^<>]{0,40}?(p\(\d+(?:\.\d+)?\)|avg|med)\s?(<=?)\s?(\d+)(?![\d.]*\s?(?:ms|"
        r"s|min)\b)",
        text,
    ):
        name = re.sub(r"[()]", "", found[1]).replace("med", "p50")
        yield Fact(
            Kind.LATENCY_TARGET,
            Decimal(found[3]) / 1000,
            "s",
            document,
            claim.line,
            claim.quote,
            name=name,
            heading=claim.heading,
            role=Role.TARGET,
            details={"statistic": name, "comparison": found[2]},
        )
    if found := re.search(r"http_req_failed[^<>]{0,40}?rate\s?(<=?)\s?(0?\.\d+)", text):
        yield Fact(
            Kind.ERROR_RATE_TARGET,
            Decimal(found[2]),
            "ratio",
            document,
            claim.line,
            claim.quote,
            heading=claim.heading,
            role=Role.TARGET,
            details={"comparison": found[1]},
        )


def _measured(
    value: Decimal, unit: str, name: str, statistic: str, line: int, quote: str, fence: Fence, document: str
) -> Fact:
    return Fact(
        Kind.LOAD_TEST_RESULT,
        value,
        unit,
        document,
        line,
        quote,
        name=name,
        heading=fence.heading,
        role=Role.MEASURED,
        scope=Scope(roles.fence_environment(fence)),
        details={"statistic": statistic},
        refused=roles.fence_refusal(fence),
    )
