"""Versions out of documents: only what is in use and written beside its product; and the ends known of them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from sre_kit.compute.operations.lifecycle import Version, lifecycles
from sre_kit.compute.operations.plan import Expiry
from sre_kit.load import project as load_project
from sre_kit.load.asked import answers
from sre_kit.load.versions import versions
from sre_kit.show.operations.lifecycle import lifecycles as shown

SPEC = "docs/Technical Architecture/InfrastructureSpec.md"
AS_OF = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("One region. Kubernetes (EKS) 1.29, namespace `shop`.", [("Kubernetes", "1.29")]),
        ("| postgres-orders | Orders | PostgreSQL 15 | stateful |", [("PostgreSQL", "15")]),
        (
            "Python 3.11, FastAPI on Debian 12 with nginx 1.25.3",
            [("Python", "3.11"), ("Debian", "12"), ("nginx", "1.25.3")],
        ),
        ("FROM node:20.11 and Redis v7.2", [("Redis", "7.2")]),
        ("Node.js version 20.11 | Go 1.22", [("Node.js", "20.11"), ("Go", "1.22")]),
        ("EKS: 1.29", [("Kubernetes", "1.29")]),
        ("PostgreSQL 13 leaves support in November 2026", [("PostgreSQL", "13")]),
        ("Ubuntu 22.04 LTS", [("Ubuntu", "22.04")]),
    ],
)
def test_a_version_stands_beside_its_product(line: str, found: list[tuple[str, str]]) -> None:
    assert [(one.product, one.number) for one in versions(line, SPEC)] == found


@pytest.mark.parametrize(
    "line",
    [
        "Redis 3 nodes, one replica",
        "Kafka 3 brokers and PostgreSQL 100 GiB",
        "PostgreSQL 2 instances, Redis 512 MB, MySQL 8 cores",
        "upgrade to PostgreSQL 15 is planned for 2026-11-08",
        "migrating from Python 3.8 last year",
        "Node.js 18 or later, Python 3.9+",
        "at least Redis 6.2",
        "such as MongoDB 7.0",
        "Go 24 hours without an alert",
        "Redis 99.9 % available, Redis 99.95%",
        "see Kubernetes 1 and CVE-2026-1234",
        "my-postgres 15, postgres-15",
        "Python 3.x",
    ],
)
def test_a_number_of_something_else_a_plan_and_a_least_version_are_none(line: str) -> None:
    assert list(versions(line, SPEC)) == []


def test_a_version_is_read_once_and_only_from_those_who_run_things() -> None:
    text = "Redis 7.0\nRedis 7.0 again\nRedis 7.2"
    assert [(one.number, one.line) for one in versions(text, SPEC)] == [("7.0", 1), ("7.2", 3)]
    assert list(versions(text, "docs/Project Manager/PRD.md")) == []


def test_an_end_is_that_of_the_version_or_of_its_major_version() -> None:
    stated = [Version("PostgreSQL", n, SPEC, 1) for n in ("13", "13.4", "1.3", "130", "15", "15")]
    ends = [
        Expiry("PostgreSQL 13 (db)", "end of life", date(2026, 11, 13), timedelta(days=180)),
        Expiry("PostgreSQL 15", "licence", date(2026, 1, 1)),
        Expiry("PostgreSQL 1.3", "end of life", date(2026, 10, 31)),
    ]
    found = lifecycles(stated, ends, AS_OF)
    assert [(one.version.number, one.state, one.places) for one in found] == [
        ("1.3", "overdue", 1),
        ("13", "act now", 1),
        ("13.4", "act now", 1),
        ("130", "not known", 1),
        ("15", "not known", 2),
    ]
    table = shown(found)
    assert [one["text"] for one in table.machine()["findings"]] == [
        "PostgreSQL 1.3 has been without support since 2026-10-31"
    ]
    assert "the end of life of PostgreSQL 130, PostgreSQL 15: ask DevOps Engineer" in table.markdown()
    assert "which versions of databases" in shown([]).markdown()


def test_another_version_is_another_answer_and_another_sentence_is_not(tmp_path: Path) -> None:
    """So a playbook runs again when a version changes, and not for every word of a document."""
    spec = tmp_path / "shop" / SPEC
    spec.parent.mkdir(parents=True)
    (tmp_path / "shop.yaml").write_text("project: {name: Shop, path: shop}\nas_of: 2026-10-01\n")

    def answered(text: str) -> str:
        spec.write_text(text)
        project = load_project(str(tmp_path / "shop.yaml"))
        assert list(project.versions)
        assert "versions" in project.asked.questions
        return answers(project, ["versions"]).answers["versions"]

    first = answered("Redis 7.0\n\nA sentence.\n")
    assert answered("Redis 7.0\n\nAnother sentence.\n") == first
    assert answered("Redis 7.2\n\nA sentence.\n") != first
