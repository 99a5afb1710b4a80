"""``sre-kit incident``: the log as a list, and reports that never overwrite what a person wrote."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sre_kit.cli import main
from sre_kit.store.places import file_name

LOG = [
    {"id": "INC-1", "title": "Checkout fails", "severity": "SEV1", "service": ["checkout"],
     "started_at": "2026-09-21T10:00:00Z", "detected_at": "2026-09-21T10:04:00Z", "ack_at": "2026-09-21T10:06:00Z",
     "resolved_at": "2026-09-21T11:00:00Z", "factors": ["deploy"], "stated_ttr": "45 min",
     "timeline": [{"at": "2026-09-21T10:20:00Z", "type": "action", "text": "Rolled back | <b>now</b>"}]},
    {"id": "ops/../7", "title": "Odd name", "severity": "minor", "started_at": "2026-09-22T10:00:00Z"},
    {"id": "INC-3", "title": "No zone", "started_at": "2026-09-22 10:00"},
]  # fmt: skip
PARAMS = """
project: {name: Shop, path: shop}
as_of: 2026-10-01
source: {url: "file:metrics", step: 5min}
history: {incidents: incidents.jsonl, deploys: deploys.csv}
slos:
  - {name: checkout-availability, target: 99 %, service: checkout, total: total, good: good, window: 30d}
incidents:
  country: NL
  postmortem_within: 5
  postmortem_budget_share: 20 %
  severities:
    - {name: SEV1, criteria: down, response: page, acknowledge: 5min, update_every: 30min, postmortem: true}
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A month of 100 requests per five minutes, of which half fail during the incident, and its log."""
    import pandas as pd

    (tmp_path / "shop").mkdir()
    (tmp_path / "metrics").mkdir()
    times = pd.date_range("2026-08-20", "2026-10-01", freq="5min", tz="UTC", inclusive="left")
    good = [50 if "2026-09-21 10:00" <= f"{t:%Y-%m-%d %H:%M}" < "2026-09-21 11:00" else 100 for t in times]
    for name, values in (("total", [100] * len(times)), ("good", good)):
        frame = pd.DataFrame({"time": times.strftime("%Y-%m-%dT%H:%M:%SZ"), "value": values})
        frame.to_csv(tmp_path / "metrics" / f"{name}.csv", index=False)
    (tmp_path / "incidents.jsonl").write_text("\n".join(json.dumps(row) for row in LOG), encoding="utf-8")
    deploys = "time,service,version,outcome\n2026-09-21T09:50:00Z,checkout,1.2.3,succeeded\n"
    (tmp_path / "deploys.csv").write_text(deploys + "2026-09-20T09:50:00Z,checkout,1.2.2,succeeded\n", encoding="utf-8")
    (tmp_path / "shop.yaml").write_text(PARAMS, encoding="utf-8")
    return tmp_path


def run(shop: Path, command: str, *more: str) -> int:
    return main(["incident", command, *more, "--params", str(shop / "shop.yaml")])


def reports(shop: Path) -> Path:
    return shop / "shop" / "docs" / "SRE" / "incidents"


def test_a_report_holds_what_the_data_says_and_asks_for_the_rest(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(shop, "report", "INC-1") == 0
    assert "docs/SRE/incidents/INC-1.md: new" in capsys.readouterr().out
    text = (reports(shop) / "INC-1.md").read_text(encoding="utf-8")
    # 12 steps of 100 requests, half of them bad: 600 of 864,000 x 1 % in the 30 days before 11:00
    assert "| checkout-availability |    1,200 |   600 |     50.00 % |           7 % |" in text
    assert "due 2026-09-28, because of SEV1" in text
    assert "| 2026-09-21T09:50:00Z |          -10 min | change    | Deployment of checkout 1.2.3" in text
    assert "1.2.2" not in text
    assert "Rolled back \\| \\<b>now\\</b>" in text
    assert "The record states '45 min'; its times give 1 h from began to resolved, and count." in text
    assert text.count("**To write**") == 6
    assert text.index("## Summary") < text.index("## Impact") < text.index("## Timeline") < text.index("## Links")


def test_an_edited_report_is_kept_and_the_new_text_lies_beside_it(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(shop, "report", "INC-1") == 0
    path = reports(shop) / "INC-1.md"
    ours = path.read_bytes()
    assert run(shop, "report", "INC-1") == 0
    assert "unchanged" in capsys.readouterr().out
    path.write_bytes(ours + b"A person wrote this.\n")
    assert run(shop, "report", "INC-1") == 6
    assert path.read_bytes().endswith(b"A person wrote this.\n")
    assert (reports(shop) / "INC-1.proposed.md").read_bytes() == ours
    assert run(shop, "report", "INC-1", "--force") == 0
    assert path.read_bytes() == ours


def test_a_file_of_that_name_that_we_never_wrote_is_a_persons(shop: Path) -> None:
    reports(shop).mkdir(parents=True)
    (reports(shop) / "INC-1.md").write_text("Mine.\n", encoding="utf-8")
    assert run(shop, "report", "INC-1") == 6
    assert (reports(shop) / "INC-1.md").read_text(encoding="utf-8") == "Mine.\n"


def test_reports_leave_the_manifest_of_the_documents_alone(shop: Path) -> None:
    manifest = shop / "shop" / "docs" / "SRE" / "manifest.json"
    manifest.parent.mkdir(parents=True)
    manifest.write_text("{}", encoding="utf-8")
    assert run(shop, "report", "INC-1") == 0
    assert manifest.read_text(encoding="utf-8") == "{}"
    kept = json.loads((reports(shop) / "manifest.json").read_text(encoding="utf-8"))
    assert list(kept["reports"]) == ["docs/SRE/incidents/INC-1.md"]


def test_a_dry_run_writes_nothing(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(shop, "report", "INC-1", "--dry-run") == 0
    assert "+# Incident INC-1: Checkout fails" in capsys.readouterr().out
    assert not (shop / "shop" / "docs").exists()


def test_an_identifier_cannot_leave_the_folder(shop: Path) -> None:
    assert run(shop, "report", "ops/../7") == 0
    found = [path.name for path in reports(shop).iterdir() if path.suffix == ".md"]
    assert found == [f"{file_name('ops/../7')}.md"] and found[0].startswith("ops-7-")
    text = (reports(shop) / found[0]).read_text(encoding="utf-8")
    assert "minor, which is no level here" in text and "**Status**: open" in text
    assert "no rule asks for one" in text


@pytest.mark.parametrize(
    ("identifier", "said"),
    [
        ("INC-11", "did you mean 'INC-1'?"),
        ("INC-3", "is put aside: started_at '2026-09-22 10:00' has no zone"),
    ],
)
def test_what_is_not_in_the_log_is_refused_with_the_reason(
    shop: Path, capsys: pytest.CaptureFixture[str], identifier: str, said: str
) -> None:
    assert run(shop, "report", identifier) == 2
    assert said in capsys.readouterr().err
    assert not reports(shop).exists()


def test_a_damaged_list_of_reports_stops_before_anything_is_overwritten(shop: Path) -> None:
    assert run(shop, "report", "INC-1") == 0
    (reports(shop) / "manifest.json").write_text("{", encoding="utf-8")
    before = (reports(shop) / "INC-1.md").read_bytes()
    assert run(shop, "report", "INC-1") == 3
    assert (reports(shop) / "INC-1.md").read_bytes() == before


def test_the_list_shows_the_latest_first_and_counts_what_is_put_aside(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(shop, "list", "--json") == 0
    printed = capsys.readouterr()
    assert [one["id"] for one in json.loads(printed.out)["incidents"]] == ["ops/../7", "INC-1"]
    assert "1 rows are put aside" in printed.err
    assert run(shop, "list", "--severity", "sev1") == 0
    assert "INC-1" in capsys.readouterr().out
    (shop / "incidents.jsonl").unlink()
    assert run(shop, "list") == 3


@pytest.mark.parametrize("name", ["INC-1", "a.b_c-d", "#12", "../x", "CON", "manifest", "", "İ", "a" * 300, ".hidden"])
def test_names_of_files_are_plain_and_their_own(name: str) -> None:
    found = file_name(name)
    assert (
        found
        and len(found) <= 100
        and not set(found) - set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
    )
    assert found[0] not in ".-" and found.casefold() not in ("con", "manifest")
    assert file_name(name + "/") != found
