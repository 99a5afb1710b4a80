"""What kind of part a name is of: a database, a cache, a worker; and whether it keeps state."""

from __future__ import annotations

import re
from typing import Final

STATEFUL: Final = re.compile(
    r"\b(?:postgres\w*|mysql|mariadb|mongo\w*|redis|valkey|elasti\w+|opensearch|kafka|"
    r"rabbitmq|cassandra|clickhouse|minio|s3|etcd|influx\w*|qdrant|weaviate|neo4j|"
    r"timescale\w*|dynamodb|rds|aurora|sql server|"
    r"databases?|db|datenbank|base de datos|queue|object storage|vector store|cloud "
    r"sql|cosmos ?db|documentdb|memorystore|datastore|prometheus|loki|zookeeper|volume|"
    r"efs|ebs|nats|memcached)\b",
    re.IGNORECASE,
)


_KINDS: Final = (
    (
        "database",
        re.compile(
            r"\b(?:postgres\w*|mysql|mariadb|mongo\w*|rds|aurora|databases?|db|dynamodb|cassandra|"
            r"clickhouse|timescale\w*|sql|neo4j|supabase|datenbank|cosmos ?db|documentdb|sqlite)\b|"
            r"\bdb\.",
            re.IGNORECASE,
        ),
    ),
    ("cache", re.compile(r"\b(?:redis|valkey|memcached|elasticache|cache)\b|\bcache\.", re.IGNORECASE)),
    (
        "queue",
        re.compile(r"\b(?:rabbitmq|kafka|sqs|queue|nats|pub/?sub|event ?bus|broker|kinesis)\b|\bmq\.", re.IGNORECASE),
    ),
    (
        "search",
        re.compile(
            r"\b(?:elasticsearch|opensearch|solr|meilisearch|typesense|qdrant|weaviate|pinecone)\b|"
            r"\.search\b",
            re.IGNORECASE,
        ),
    ),
    (
        "storage",
        re.compile(r"\b(?:s3|minio|object storage|blob|gcs|bucket|efs|ebs|file storage|storage)\b", re.IGNORECASE),
    ),
    (
        "load balancer",
        re.compile(
            r"\b(?:alb|elb|nlb|load[- ]balancers?|haproxy|traefik|nginx|ingress|reverse proxy|"
            r"api gateway|gateway)\b",
            re.IGNORECASE,
        ),
    ),
    ("cdn", re.compile(r"\b(?:cdn|cloudfront|cloudflare|fastly)\b", re.IGNORECASE)),
    (
        "monitoring",
        re.compile(
            r"\b(?:prometheus|grafana|loki|tempo|jaeger|alert ?manager|node[- ]exporter|cadvisor|thanos|mimir|"
            r"opentelemetry collector|otel collector|fluent ?(?:bit|d)|logstash|kibana)\b",
            re.IGNORECASE,
        ),
    ),
    (
        "compute",
        re.compile(
            r"\b(?:ec2|ecs|fargate|eks|gke|aks|kubernetes|k8s|lambda|nodes?|vm|servers?|workers?|"
            r"api|backend|frontend|web|app|application|service|container|pods?|function|scheduler|"
            r"bot)\b",
            re.IGNORECASE,
        ),
    ),
)


def kind_of(name: str, words: str = "") -> str:
    """The kind that a name, or else the words around it, tell; nothing where they tell none."""
    return next((kind for text in (name, words) for kind, pattern in _KINDS if text and pattern.search(text)), "")


def is_component_name(name: str) -> bool:
    """Whether a name is that of something that runs: a database, a cache, a worker."""
    return len(name.split()) <= 6 and any(pattern.search(name) for _, pattern in _KINDS)
