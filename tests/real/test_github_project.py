"""github.com from its public incidents: all six documents render, and say what nobody outside can know."""

from __future__ import annotations

import json
import shutil
from fractions import Fraction
from pathlib import Path

import pandas as pd
import pytest

from sre_kit.check import bundle, evaluate
from sre_kit.cli import main
from sre_kit.compute.slo.timeslices import promised_availability
from sre_kit.load import incidents, project

pytestmark = [pytest.mark.real, pytest.mark.slow]
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory, shared_data: Path) -> Path:
    """A copy of the project with its documents."""
    home = tmp_path_factory.mktemp("github")
    shutil.copytree(ROOT / "tests" / "projects" / "github", home / "project")
    text = (ROOT / "params" / "github.yaml").read_text(encoding="utf-8")
    text = text.replace("../tests/projects/github", "project").replace("../../shared/data", str(shared_data))
    (home / "github.yaml").write_text(text, encoding="utf-8")
    assert main(["render", "--params", str(home / "github.yaml")]) == 0, "open questions alone are no failure"
    return home / "project" / "docs" / "SRE"


def test_all_six_documents_render_with_honest_gaps(rendered: Path) -> None:
    documents = {path.stem: path.read_text(encoding="utf-8") for path in rendered.glob("*.md")}
    assert len(documents) == 6
    for name, text in documents.items():
        questions = text.split("## Open questions", 1)[1]
        assert "ask" in text.lower() and questions.count("\n|") >= 5, name
        assert "nan" not in text.lower().split(), name


def test_each_feature_of_2025_stands_with_both_readings(rendered: Path) -> None:
    """Counted again here, minute by minute, from the same file: union of intervals over the quarter's length."""
    opened = project(str(rendered.parents[2] / "github.yaml"))
    rows = [json.loads(line) for line in opened.file(opened.params.history.incidents).read_text().splitlines()]
    start, end = pd.Timestamp("2025-01-01", tz="UTC"), pd.Timestamp("2025-04-01", tz="UTC")
    minutes = pd.Series(0, index=pd.date_range(start, end, freq="1min", inclusive="left"))
    for row in rows:
        if (
            "Actions" in (row.get("components") or [])
            and row["impact"] in {"minor", "major", "critical"}
            and row.get("resolved_at")
        ):
            minutes.loc[pd.Timestamp(row["started_at"]) : pd.Timestamp(row["resolved_at"]) - pd.Timedelta("1s")] = 1
    found = promised_availability(opened.params.availability_promises[0], incidents(opened).incidents, opened.as_of)
    (actions,) = [row for row in found if (row.component, row.name) == ("Actions", "2025-Q1")]
    assert float(actions.availability) == pytest.approx(1 - minutes.mean(), abs=2e-4)
    assert actions.availability <= actions.severe_availability <= Fraction(1)
    manifest = json.loads((rendered / "manifest.json").read_text(encoding="utf-8"))
    record = manifest["records"]["timeslices.actions.2025-Q1.any_impact"]
    assert record["value"] == pytest.approx(float(actions.availability))
    text = (rendered / "SLODefinitions.md").read_text(encoding="utf-8")
    assert "Availability, any impact" in text and "Availability, major + critical" in text


def test_the_numbers_of_the_document_are_those_of_the_file(rendered: Path, shared_data: Path) -> None:
    """The last year on the announced clock, counted here by hand; a calendar gives the union of downtime."""
    lines = (shared_data / "github-status" / "incidents.jsonl").read_text(encoding="utf-8").splitlines()
    spans = []
    for row in map(json.loads, lines):
        begin, end = row.get("started_at"), row.get("resolved_at")
        if row["impact"] in {"minor", "major", "critical"} and begin and end and begin < end:
            spans.append((pd.Timestamp(begin), pd.Timestamp(end)))
    first, last = pd.Timestamp("2025-09-01", tz="UTC"), pd.Timestamp("2026-09-01", tz="UTC")
    minutes = [(end - begin) / pd.Timedelta("1min") for begin, end in spans if first <= begin < last]
    records = json.loads((rendered / "manifest.json").read_text(encoding="utf-8"))["records"]
    assert records["incidents.count"]["window"] == "2025-09-01 00:00Z to 2026-09-01 00:00Z"
    assert records["incidents.mttr_median_minutes"]["value"] == pytest.approx(pd.Series(minutes).median(), abs=1)
    down, until = pd.Timedelta(0), first
    for begin, end in sorted(spans):
        begin, end = max(begin, until), min(end, last)
        if begin < end:
            down, until = down + (end - begin), end
    assert records["incidents.downtime_hours"]["value"] == pytest.approx(down / pd.Timedelta("1h"), rel=0.01)


def test_no_point_of_the_rubric_fails_where_nothing_is_known(rendered: Path) -> None:
    failed = [one for one in evaluate(bundle(rendered)) if one.state == "failed"]
    assert not failed, failed[:3]
