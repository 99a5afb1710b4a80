"""SLODefinitions of the demo shop, cell by cell: every heading has content, and the numbers agree with each other."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest

from sre_kit.check import bundle, evaluate
from sre_kit.check.whole import HEADINGS
from sre_kit.cli import main
from sre_kit.store.manifest import MIME

NOTEBOOK = Path(__file__).resolve().parents[2] / "notebooks/SLODefinitions.ipynb"
NAMES = (
    "checkout-availability",
    "checkout-latency",
    "search-availability",
    "search-latency",
    "catalogue-availability",
)


class Document:
    """What the cells show, in order."""

    def __init__(self, params: str) -> None:
        self.space: dict[str, Any] = {"params": params, "as_of": ""}
        self.markdown = ""
        self.records: dict[str, Any] = {}
        self.findings: list[dict[str, Any]] = []
        for cell in json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]:
            source = "".join(cell["source"])
            if cell["cell_type"] == "markdown":
                self.markdown += f"{source}\n\n"
            elif "parameters" not in cell["metadata"]["tags"]:
                self.run(source)

    def run(self, source: str) -> None:
        tree = ast.parse(source)
        last = tree.body[-1]
        if isinstance(last, ast.Expr):  # what a cell ends with is what it shows
            name = ast.Name("shown_", ast.Store())
            tree.body[-1] = ast.fix_missing_locations(ast.copy_location(ast.Assign([name], last.value), last))
        exec(compile(tree, "cell", "exec"), self.space)
        if not isinstance(last, ast.Expr):
            return
        bundle, _ = self.space["shown_"]._repr_mimebundle_()
        self.markdown += f"{bundle['text/markdown']}\n\n"
        machine = bundle.get(MIME, {})
        self.records |= {one["name"]: one["value"] for one in machine.get("records", [])}
        self.findings += machine.get("findings", [])

    def section(self, heading: str) -> str:
        return self.markdown.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]


@pytest.fixture(scope="module")
def document() -> Document:
    return Document("../params/demo")


@pytest.mark.parametrize(
    "heading",
    [*HEADINGS["SLODefinitions"], "How this was derived"],
)
def test_every_heading_has_a_table_with_content(document: Document, heading: str) -> None:
    rows = [line for line in document.section(heading).splitlines() if line.startswith("|")]
    assert len(rows) > 2


def test_each_objective_has_its_records(document: Document) -> None:
    for name in NAMES:
        for key in ("availability", "events_total", "events_bad", "budget_spent_share", "budget_remaining", "state"):
            assert document.records[f"slo.{name}.{key}"] is not None, (name, key)


def test_the_shop_has_missed_one_objective_and_says_so_first(document: Document) -> None:
    first = [one["text"] for one in document.findings if one["rank"] == 1]
    assert any(text.startswith("checkout-availability: 99.840 % misses the objective of 99.9 %") for text in first)
    assert document.records["slo.checkout-availability.state"] == "exhausted"


def test_the_ledger_adds_up_in_the_document(document: Document) -> None:
    for name in NAMES:
        lines = re.findall(rf"^\| {name} +\| (\S+) +\|.*?\| \**([\d,]+)\** +\|", document.markdown, flags=re.MULTILINE)
        booked = [
            int(count.replace(",", ""))
            for cause, count in lines
            if cause in ("incident", "deploy", "maintenance", "background")
        ]
        (total,) = [int(count.replace(",", "")) for cause, count in lines if cause == "**sum**"]
        assert sum(booked) == total


def test_the_documents_journeys_are_covered_or_named(document: Document) -> None:
    text = document.section("Service Level Indicators (SLIs) selection")
    assert "| Order for a library | **uncovered**" in text
    assert text.count("**uncovered**") == 1


def test_an_impossible_target_and_a_missing_alert_are_named(document: Document) -> None:
    assert "asks more than the dependencies promise together" in document.markdown
    assert "Without any alert until now: search-latency." in document.markdown


def test_a_project_without_objectives_asks_for_them_under_every_heading(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    params = tmp_path / "empty.yaml"
    params.write_text("project: {name: empty, path: project}\nas_of: 2026-11-01\n", encoding="utf-8")
    found = Document(str(params))
    assert "**Not known:** the objectives: ask the service's owners" in found.markdown
    assert "100 %" not in found.section("Error budget calculations")
    assert found.records == {}


def test_objectives_without_a_source_are_unknown_not_good(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    params = tmp_path / "blind.yaml"
    params.write_text(
        "project: {name: blind, path: project}\nas_of: 2026-11-01\n"
        "slos: [{name: a, service: a, target: 99.9 %, total: t, good: g}]\n",
        encoding="utf-8",
    )
    found = Document(str(params))
    assert found.records["slo.a.state"] == "no data"
    assert found.records["slo.a.availability"] is None
    assert found.findings == [] or all(one["rank"] > 2 for one in found.findings)


def test_a_target_that_differs_from_the_published_one_is_shown_although_nobody_said_so(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    params = tmp_path / "shop.yaml"
    lines = "project: {name: shop, path: project}\nslos: [{name: a, service: a, target: 99.9 %, total: t, good: g}]\n"
    log = "slo_review: {changes: [{made: 2026-11-02, slo: a, what: looser, reason: the release, by: Ann}]}\n"
    published = tmp_path / "project" / "docs" / "SRE" / "SLODefinitions.md"
    for number, (day, text) in enumerate(
        [("01", lines), ("02", lines.replace("99.9", "99")), ("02", lines.replace("99.9", "99") + log)], 1
    ):
        params.write_text(text, encoding="utf-8")
        assert main(["render", "SLODefinitions", "--params", str(params), "--as-of", f"2026-11-{day}"]) in (0, 3)
        found = published.read_text(encoding="utf-8")
        assert f"- **Version:** {number}" in found
        assert ("there is nothing to compare the objectives with" in found) == (number == 1)
        assert ("| 2026-11-02, version 2 | a | target | 99.9 % | 99 % | **not in the log** |" in found) == (number == 2)
    assert "| 2026-11-02, version 2 | a | target | 99.9 % | 99 % | 2026-11-02: the release |" in found
    points = {one.number: one.state for one in evaluate(bundle(published.parent), ["SLODefinitions"])}
    assert points["25"] == "passed"


def test_the_same_inputs_give_the_same_document(document: Document) -> None:
    assert Document("../params/demo").markdown == document.markdown
