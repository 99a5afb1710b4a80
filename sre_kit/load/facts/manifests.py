"""Facts in code blocks: Prometheus rules, Kubernetes and compose manifests, autoscalers, key-value text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from sre_kit.compute.vocabulary import Fact, Kind, Role, Scope
from sre_kit.load import unfolding
from sre_kit.load.facts import roles
from sre_kit.load.facts.claims import Claim
from sre_kit.load.facts.k6 import k6_summary, k6_thresholds
from sre_kit.load.facts.reading import Fence

_LARGEST: Final = 200_000


_YAML: Final = ("yaml", "yml", "", "text", "prometheus", "docker-compose", "k8s", "kubernetes")


_SCRIPT: Final = ("javascript", "js", "typescript", "ts", "jsx", "k6")


_LOOKS_YAML = re.compile(
    r"^\s*(?:- )?(?:apiVersion|alert|groups|services|kind|spec|rules|autoscaling|minReplicas|hpa)\s*:", re.MULTILINE
)


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
        yield from k6_thresholds(fence, document)
    elif _K6_LINE.search(fence.text) or "http_req_" in fence.text:
        yield from k6_summary(fence, document)
    elif fence.language in _YAML and _LOOKS_YAML.search(fence.text):
        for item in yaml_documents(fence.text):
            yield from _manifest(item, fence, document)


_DRAWN = re.compile(r"[│┌└├▼▲║╔]|[─═][ ]*[^\s─═]|[^\s─═][ ]*[─═]|^\s*[$#>]\s|->|=>|[{};]\s*$|^\s*\w+\(", re.MULTILINE)


_TEXT: Final = ("", "text", "txt", "plaintext", "plain")


def fence_claims(fence: Fence) -> Iterator[Claim]:
    """The key-value lines of a block of plain text or of YAML that is no manifest, as claims."""
    if len(fence.text) > 20_000 or "http_req" in fence.text:
        return
    yaml_like = fence.language in ("yaml", "yml", "json") and not _LOOKS_YAML.search(fence.text)
    text_like = fence.language in _TEXT and not _DRAWN.search(fence.text) and not _LOOKS_YAML.search(fence.text)
    around = ((fence.lead,) if fence.lead else ()) + tuple(reversed(fence.heading))
    measured = fence.language in ("python", "py", "json") and bool(_LOAD_PLACE.search(" ".join(around[:3])))
    measured = measured and not _CODE.search(fence.text)
    priced = len(_PRICED_LINE.findall(fence.text)) > 2 and not _CODE.search(fence.text)
    if not yaml_like and not text_like and not measured and not priced:
        return
    parents: list[tuple[int, str]] = []
    for offset, line in enumerate(fence.text.split("\n")):
        found = re.match(r"(\s*)(?:- )?[\"']?([A-Za-zÀ-ÿ][^:\"'=]{0,60}?)[\"']?\s*:\s*(.*)$", line)
        if not found:
            continue
        depth, key, value = len(found[1]), _words(found[2]), found[3].split(" #")[0].strip().strip("\"'")
        while parents and parents[-1][0] >= depth:
            parents.pop()
        if measured:
            value = value.rstrip("{[,").strip()
        if not value:
            parents.append((depth, key))
        elif (any(character.isdigit() for character in value) or _HOW_OFTEN.search(key)) and len(value) < 120:
            near = tuple(name for _, name in reversed(parents))
            yield Claim(value, key, "", near + around, fence.heading, fence.line + offset, line.strip(), "pair")
        elif key.lower() == "name":
            parents.append((depth - 1 if depth else 0, value))


_LOAD_PLACE: Final = re.compile(r"(?i)\b(?:capacity|current (?:load|metrics|traffic)|traffic|user base|baseline)\b")
_PRICED_LINE: Final = re.compile(r"^[^\n:{}\"'=]{2,60}:\s+~?[$€£]\s?\d[\d.,]*(?:\s?/\s?mo(?:nth)?)?\b", re.MULTILINE)
"""A bill, whatever language its block claims."""
_CODE: Final = re.compile(r"^\s*(?:def|class|import|from|return|for|if|function|const|let|async)\b", re.MULTILINE)


_HOW_OFTEN: Final = re.compile(r"(?i)^(?:frequency|schedule|interval)$")


def _words(key: str) -> str:
    return re.sub(r"[_]|(?<=[a-z])(?=[A-Z])", " ", key).strip()


def yaml_documents(text: str) -> list[Any]:
    """The documents of a YAML text; of one that does not parse only the alert rules."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return list(unfolding.documents(text, loader))
    except (yaml.YAMLError, ValueError):
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


def _waits(condition: str) -> bool:
    """Whether an expression stands for one to be written: `<expression>`, `your_metric`."""
    return bool(re.fullmatch(r"<[^<>]*>", condition)) or bool(re.search(r"\byour[_-]\w", condition))


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
        scope=Scope(roles.fence_environment(fence)),
        details={key: value for key, value in details.items() if value},
        refused=roles.PLACEHOLDER if _waits(condition) else roles.fence_refusal(fence),
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
    environment = roles.fence_environment(fence, namespace.replace("-", " "))
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
        refused=roles.fence_refusal(fence),
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
            scope=Scope(roles.fence_environment(fence), "", name),
            details={key: value for key, value in details.items() if value},
            refused=roles.fence_refusal(fence),
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
