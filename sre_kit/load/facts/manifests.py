"""Facts in code blocks: Prometheus rules, Kubernetes and compose manifests, autoscalers, k6 thresholds and k6 summaries."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from sre_kit.compute.vocabulary import Fact, Kind, Role, Scope
from sre_kit.load.facts import roles, scope
from sre_kit.load.facts.claims import Claim
from sre_kit.load.facts.quantities import SECONDS
from sre_kit.load.facts.reading import Fence

_LARGEST: Final = 200_000
_YAML: Final = ("yaml", "yml", "", "text", "prometheus", "docker-compose", "k8s", "kubernetes")
_SCRIPT: Final = ("javascript", "js", "typescript", "ts", "jsx", "k6")
_LOOKS_YAML = re.compile(
    r"^\s*(?:- )?(?:apiVersion|alert|groups|services|kind|spec|rules|autoscaling|minReplicas|hpa)\s*:", re.MULTILINE
)
_K6_TREND = re.compile(
    r"^\s*[✓✗]?\s*(http_req_duration|http_req_waiting|iteration_duration|grpc_req_duration|"
    r"ws_session_duration)\.*\s*:\s*(.+)$"
)
_K6_RATE = re.compile(r"^\s*[✓✗]?\s*(http_req_failed|checks|errors|error_rate)\.*\s*:\s*(\d+(?:\.\d+)?)%")
_K6_COUNT = re.compile(r"^\s*(http_reqs)\.*\s*:\s*\d+\s+(\d+(?:\.\d+)?)/s")
_K6_VALUE = re.compile(r"(avg|min|med|max|p\(\d+(?:\.\d+)?\))=(\d+(?:\.\d+)?)(ms|µs|s|m)(?![\w])")
_K6_LATENCY = re.compile(r"['\"]?(?P<metric>http_req_duration)(?:\{[^{}]*\})?['\"]?\s*:\s*\[(?P<rules>[^\[\]]*)\]")
_K6_FAILED = re.compile(
    r"['\"]?(?:http_req_failed|errors|error_rate)['\"]?\s*:\s*\[\s*['\"]rate\s*<=?\s*(0?\.\d+)['\"]"
)
_K6_RULE = re.compile(r"(p\(\d+(?:\.\d+)?\)|avg|max|med)\s*(<=?)\s*(\d+(?:\.\d+)?)")
_K6_LINE = re.compile(r"p\(\d+\)\s*=\s*\d")
_CPU_WORK: Final = {"Deployment": "false", "StatefulSet": "true", "DaemonSet": "false", "ReplicaSet": "false"}
_STATEFUL_IMAGE = re.compile(
    r"postgres|mysql|mariadb|mongo|redis|elasticsearch|opensearch|kafka|rabbitmq|cassandra|"
    r"clickhouse|minio|etcd|influx|qdrant|weaviate|neo4j|timescale|zookeeper|nats",
    re.IGNORECASE,
)


def fence_facts(fence: Fence, document: str) -> Iterator[Fact]:
    """The facts of a code block; nothing where its language is none of ours."""
    if len(fence.text) > _LARGEST:
        return
    if fence.language in _SCRIPT:
        yield from _k6_thresholds(fence, document)
    elif _K6_LINE.search(fence.text) or "http_req_" in fence.text:
        yield from _k6_summary(fence, document)
    elif fence.language in _YAML and _LOOKS_YAML.search(fence.text):
        for item in _documents(fence.text):
            yield from _manifest(item, fence, document)


_DRAWN = re.compile(r"[│┌└├─▼▲═║╔]|^\s*[$#>]\s|->|=>|[{};]\s*$|^\s*\w+\(", re.MULTILINE)
_TEXT: Final = ("", "text", "txt", "plaintext", "plain")


def fence_claims(fence: Fence) -> Iterator[Claim]:
    """The key-value lines of a block of plain text or of YAML that is no manifest, as claims."""
    if len(fence.text) > 20_000 or "http_req" in fence.text:
        return
    yaml_like = fence.language in ("yaml", "yml", "json") and not _LOOKS_YAML.search(fence.text)
    text_like = fence.language in _TEXT and not _DRAWN.search(fence.text) and not _LOOKS_YAML.search(fence.text)
    if not yaml_like and not text_like:
        return
    around = ((fence.lead,) if fence.lead else ()) + tuple(reversed(fence.heading))
    parents: list[tuple[int, str]] = []
    for offset, line in enumerate(fence.text.split("\n")):
        found = re.match(r"(\s*)(?:- )?[\"']?([A-Za-zÀ-ÿ][^:\"'=]{0,60}?)[\"']?\s*:\s*(.*)$", line)
        if not found:
            continue
        depth, key, value = len(found[1]), _words(found[2]), found[3].split(" #")[0].strip().strip("\"'")
        while parents and parents[-1][0] >= depth:
            parents.pop()
        if not value:
            parents.append((depth, key))
        elif (any(character.isdigit() for character in value) or _HOW_OFTEN.search(key)) and len(value) < 120:
            near = tuple(name for _, name in reversed(parents))
            yield Claim(value, key, "", near + around, fence.heading, fence.line + offset, line.strip(), "pair")
        elif key.lower() == "name":
            parents.append((depth - 1 if depth else 0, value))


_HOW_OFTEN: Final = re.compile(r"(?i)^(?:frequency|schedule|interval)$")


def _words(key: str) -> str:
    return re.sub(r"[_]|(?<=[a-z])(?=[A-Z])", " ", key).strip()


def _documents(text: str) -> list[Any]:
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return list(yaml.load_all(text, Loader=loader))
    except (yaml.YAMLError, ValueError, RecursionError):
        return _rules_by_line(text)


def _rules_by_line(text: str) -> list[Any]:
    """Alert rules out of YAML that does not parse (a template, an ellipsis)."""
    rules: list[dict[str, Any]] = []
    for line in text.split("\n"):
        if found := re.match(r"\s*-?\s*alert:\s*[\"']?([^\"'#]+)", line):
            rules.append({"alert": found[1].strip(), "labels": {}, "annotations": {}})
        elif rules and (found := re.match(r"\s*(expr|for):\s*(?![|>]\s*$)(.+)", line)):
            rules[-1].setdefault(found[1], found[2].strip().strip("\"'"))
        elif rules and (found := re.match(r"\s*(severity):\s*[\"']?(\w+)", line)):
            rules[-1]["labels"].setdefault(found[1], found[2])
    return [rules]


def _manifest(item: Any, fence: Fence, document: str) -> Iterator[Fact]:
    for rule in _alert_rules(item):
        yield _alert(rule, fence, document)
    if not isinstance(item, Mapping):
        return
    kind = str(item.get("kind", ""))
    if kind in _CPU_WORK:
        yield from _workload(item, kind, fence, document)
    elif kind == "HorizontalPodAutoscaler":
        yield from _autoscaler(item, fence, document)
    elif kind not in ("ScaledObject",) and (values := _helm_autoscaling(item)):
        yield from _autoscaler({"spec": values, "metadata": item.get("metadata") or {}}, fence, document)
    elif kind == "ScaledObject" and isinstance(item.get("spec"), Mapping):
        spec = item["spec"]
        bounds = {
            "minReplicas": spec.get("minReplicaCount", ""),
            "maxReplicas": spec.get("maxReplicaCount", ""),
            "scaleTargetRef": spec.get("scaleTargetRef"),
        }
        yield from _autoscaler({"spec": bounds, "metadata": item.get("metadata") or {}}, fence, document)
    elif isinstance(item.get("services"), Mapping):
        for name, service in item["services"].items():
            if isinstance(service, Mapping):
                yield _service(str(name), service, fence, document)


def _alert_rules(item: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(item, list):
        for part in item:
            yield from _alert_rules(part)
    elif isinstance(item, Mapping):
        if isinstance(item.get("alert"), str):
            yield item
        for key in ("groups", "rules", "spec"):
            if isinstance(item.get(key), (list, Mapping)):
                yield from _alert_rules(item[key])


def _line(fence: Fence, *needles: str) -> int:
    lines = fence.text.split("\n")
    for needle in needles:
        for offset, line in enumerate(lines):
            if needle in line:
                return fence.line + offset
    return fence.line


def _quote(fence: Fence, line: int) -> str:
    lines = fence.text.split("\n")
    offset = line - fence.line
    return lines[offset].strip() if 0 <= offset < len(lines) else ""


def _refused(fence: Fence, words: str = "") -> str:
    around = ((fence.lead,) if fence.lead else ()) + tuple(reversed(fence.heading))
    claim = Claim(words, "", "", around, fence.heading, fence.line, "", "pair")
    return roles.EXAMPLE if roles.example(claim) else ""


def _environment(fence: Fence, *more: str) -> str:
    return scope.environment(*more, fence.lead, *reversed(fence.heading))


def _alert(rule: Mapping[str, Any], fence: Fence, document: str) -> Fact:
    name = str(rule["alert"])
    line = _line(fence, f"alert: {name}", f'alert: "{name}"', f"alert: '{name}'", name)
    labels = rule.get("labels") if isinstance(rule.get("labels"), Mapping) else {}
    notes = rule.get("annotations") if isinstance(rule.get("annotations"), Mapping) else {}
    condition = " ".join(str(rule.get("expr", "")).split())
    details = {
        "condition": condition,
        "for": str(rule.get("for", "")),
        "severity": str((labels or {}).get("severity", "")),
    }
    details |= {"runbook": str(next((value for key, value in (notes or {}).items() if "runbook" in str(key)), ""))}
    if threshold := re.search(
        r"(?:>=?|<=?|==|!=)\s*(?:bool\s+)?([\d.]+(?:e\d+)?)(?:\s*\*\s*[\d.]+)?\s*\)?\s*$", condition
    ):
        details["threshold"] = threshold[0].strip(" )")
    return Fact(
        Kind.ALERT_RULE,
        condition or name,
        "text",
        document,
        line,
        _quote(fence, line),
        name=name,
        heading=fence.heading,
        role=Role.THRESHOLD,
        scope=Scope(_environment(fence)),
        details={key: value for key, value in details.items() if value},
        refused=_refused(fence),
    )


def _workload(item: Mapping[str, Any], kind: str, fence: Fence, document: str) -> Iterator[Fact]:
    name = str((item.get("metadata") or {}).get("name", ""))
    spec = item.get("spec")
    if not name or not isinstance(spec, Mapping) or roles.placeholder(name):
        return
    pod = ((spec.get("template") or {}).get("spec") or {}) if isinstance(spec.get("template"), Mapping) else {}
    containers = pod.get("containers") if isinstance(pod, Mapping) else None
    first = containers[0] if isinstance(containers, list) and containers and isinstance(containers[0], Mapping) else {}
    details = {
        "kind": kind,
        "count": str(spec.get("replicas", "")),
        "image": str(first.get("image", "")),
        "stateful": _CPU_WORK[kind],
    }
    details |= _limits(first.get("resources"))
    yield _component(
        name,
        details,
        _line(fence, f"name: {name}"),
        fence,
        document,
        str((item.get("metadata") or {}).get("namespace", "")),
    )


def _limits(resources: Any) -> dict[str, str]:
    if not isinstance(resources, Mapping):
        return {}
    limits = resources.get("limits") or resources.get("requests") or {}
    if not isinstance(limits, Mapping):
        return {}
    return {
        key: str(limits[name])
        for key, name in (("cpu", "cpu"), ("cpu", "cpus"), ("memory", "memory"))
        if limits.get(name)
    }


def _service(name: str, service: Mapping[str, Any], fence: Fence, document: str) -> Fact:
    deploy = service.get("deploy") if isinstance(service.get("deploy"), Mapping) else {}
    image = str(service.get("image", ""))
    details = {"kind": "container", "image": image, "count": str((deploy or {}).get("replicas", ""))}
    details |= _limits((deploy or {}).get("resources"))
    if service.get("mem_limit"):
        details["memory"] = str(service["mem_limit"])
    details["stateful"] = "true" if _STATEFUL_IMAGE.search(f"{image} {name}") else ""
    return _component(name, details, _line(fence, f"{name}:"), fence, document)


def _component(name: str, details: dict[str, str], line: int, fence: Fence, document: str, namespace: str = "") -> Fact:
    environment = _environment(fence, namespace.replace("-", " "))
    details = {key: value for key, value in details.items() if value} | (
        {"environment": environment} if environment else {}
    )
    return Fact(
        Kind.COMPONENT,
        name,
        "text",
        document,
        line,
        _quote(fence, line),
        name=name,
        heading=fence.heading,
        scope=Scope(environment, "", name),
        details=details,
        refused=_refused(fence),
    )


def _autoscaler(item: Mapping[str, Any], fence: Fence, document: str) -> Iterator[Fact]:
    spec = item.get("spec")
    if not isinstance(spec, Mapping):
        return
    target = spec.get("scaleTargetRef") if isinstance(spec.get("scaleTargetRef"), Mapping) else {}
    name = str((target or {}).get("name") or (item.get("metadata") or {}).get("name", ""))
    limits = {"min": str(spec.get("minReplicas", "")), "max": str(spec.get("maxReplicas", ""))}
    metrics = spec.get("metrics") if isinstance(spec.get("metrics"), list) else []
    if spec.get("targetCPUUtilizationPercentage"):
        metrics = [
            {"resource": {"name": "cpu", "target": {"averageUtilization": spec["targetCPUUtilizationPercentage"]}}}
        ]
    described = [pair for metric in metrics or [] if (pair := _metric(metric))] or [("", "")]
    for metric, threshold in described:
        line = _line(fence, *((f"name: {metric}",) if metric else ()), "minReplicas", "HorizontalPodAutoscaler")
        details = limits | {"metric": metric, "threshold": threshold, "direction": "out"}
        written = f"{limits['min']}-{limits['max']} replicas" + (f", {metric} {threshold}" if metric else "")
        yield Fact(
            Kind.SCALING_RULE,
            written,
            "text",
            document,
            line,
            _quote(fence, line),
            name=name,
            heading=fence.heading,
            role=Role.STATED,
            scope=Scope(_environment(fence), "", name),
            details={key: value for key, value in details.items() if value},
            refused=_refused(fence),
        )


def _helm_autoscaling(item: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The autoscaling block of Helm values, at the top or one level down."""
    for part in (item, *(value for value in item.values() if isinstance(value, Mapping))):
        block = part.get("autoscaling", part)
        if isinstance(block, Mapping) and {"minReplicas", "maxReplicas"} <= set(block) and block.get("enabled", True):
            return block
    return None


def _metric(metric: Any) -> tuple[str, str] | None:
    if not isinstance(metric, Mapping):
        return None
    part = next(
        (metric[key] for key in ("resource", "pods", "external", "object") if isinstance(metric.get(key), Mapping)),
        None,
    )
    if part is None:
        return None
    target = part.get("target") if isinstance(part.get("target"), Mapping) else {}
    name = part.get("name") or (part.get("metric") or {}).get("name", "")
    if "averageUtilization" in (target or {}):
        return str(name), f"{target['averageUtilization']}%"
    return str(name), str((target or {}).get("averageValue") or (target or {}).get("value") or "")


def _k6_thresholds(fence: Fence, document: str) -> Iterator[Fact]:
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
                    details={"statistic": name, "comparison": sign},
                    refused=_refused(fence),
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
                refused=_refused(fence),
            )


def _k6_summary(fence: Fence, document: str) -> Iterator[Fact]:
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
        refused=_refused(fence),
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
        scope=Scope(_environment(fence)),
        details={"statistic": statistic},
        refused=_refused(fence),
    )
