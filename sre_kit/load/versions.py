"""
Versions of what a project runs on, as its documents write them: databases, runtimes, systems, orchestration.

Only where product and version stand together ("PostgreSQL 13", "Kubernetes (EKS) 1.29"). A number of something else
("Redis 3 nodes"), a plan ("upgrade to PostgreSQL 15"), a least version ("Node.js 18 or later") and examples are none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from sre_kit.compute.operations.lifecycle import Version

_ALIASES: Final = {
    "postgres": "PostgreSQL", "postgresql": "PostgreSQL", "eks": "Kubernetes", "gke": "Kubernetes",
    "aks": "Kubernetes", "k8s": "Kubernetes", "node": "Node.js", "nodejs": "Node.js", "node.js": "Node.js",
    "openjdk": "Java", "golang": "Go",
}  # fmt: skip
_PRODUCTS: Final = (
    "PostgreSQL", "Postgres", "MySQL", "MariaDB", "MongoDB", "Redis", "Valkey", "OpenSearch", "Elasticsearch",
    "RabbitMQ", "Kafka", "Cassandra", "Kubernetes", "K8s", "EKS", "GKE", "AKS", "Node.js", "NodeJS", "Node",
    "Python", "OpenJDK", "Java", "Golang", "Go", "Ruby", "PHP", "Django", "Debian", "Ubuntu", "Alpine", "Amazon Linux",
    "Rocky Linux", "RHEL", "Windows Server", "NGINX", "nginx", "HAProxy", "Grafana", "Prometheus", "Terraform",
)  # fmt: skip
_WHOLE: Final = frozenset({"PostgreSQL", "Java", "Node.js", "Debian", "MongoDB", "MySQL", "Redis", "Grafana",
                           "Amazon Linux", "RHEL", "Windows Server", "PHP", "Valkey"})  # fmt: skip
"""Products whose versions people write as one whole number."""
_WRITTEN: Final = re.compile(
    rf"(?<![\w./-])({'|'.join(re.escape(one) for one in _PRODUCTS)})(?: \([A-Za-z ]{{2,20}}\))?:?[ -]"
    r"(?:version )?v?(\d{1,4}(?:\.\d{1,3}){0,2})(?![\w.]*\d|%|\w)(?=(.{0,24}))"
)
_NOT_A_VERSION: Final = re.compile(
    r"(?i)^\s?(?:%|x\b|×|[-–+]?\s?(?:nodes?|brokers?|replicas?|instances?|pods?|shards?|clusters?|databases?|servers?|cores?|"
    r"v?cpus?|gi?b|mi?b|tb|ms|s|m|min\w*|hours?|days?|weeks?|months?|users?|connections?|requests?|services?|keys?|"
    r"containers?|threads?|workers?|queues?|topics?|partitions?|tables?|indexes|years?|times)\b)"
)
_NOT_IN_USE: Final = re.compile(
    r"(?i)\b(?:upgrad\w+|migrat\w+|moved?|switch\w*|update[sd]?|planned|until|after|from) (?:\w+ ){0,2}"
    r"(?:to|from|on)?\s*$|\b(?:e\.g\.|for example|such as|like|at least|minimum|min\.?|requires?|or|than|instead of|"
    r"until|to)\s*$|[≥>]=?\s*$"
)
_OR_LATER: Final = re.compile(r"(?i)^\s?(?:\+|or (?:later|newer|higher|above)|and (?:later|up|above))")
_PHASES: Final = ("docs/Technical Architecture/", "docs/DevOps Engineer/", "docs/QA Engineer/")


def versions(text: str, document: str) -> Iterator[Version]:
    """The versions that one document states, each once, at the first line; none of documents of other phases."""
    if not document.startswith(_PHASES):
        return
    seen = set()
    for number, line in enumerate(text.splitlines(), 1):
        for found in _WRITTEN.finditer(line):
            product = _ALIASES.get(found[1].lower(), found[1])
            written, after, before = found[2], found[3], line[: found.start()]
            if "." not in written and product not in _WHOLE:
                continue
            if _NOT_A_VERSION.match(after) or _OR_LATER.match(after) or _NOT_IN_USE.search(before):
                continue
            if (product, written) not in seen:
                seen.add((product, written))
                yield Version(product, written, document, number)
