"""``sre-kit verify``: what was published against the manifest, byte by byte; inputs that change while a set is made."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from sre_kit.cli import main
from sre_kit.cli.init import notebook
from sre_kit.store import manifest as manifests

# under load a kernel stands in for the warm engine, and its client leaves sockets to the garbage collector
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
PRD = "shop/docs/Project Manager/PRD.md"


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with an incident log and one notebook of its own, rendered."""
    folder = tmp_path_factory.mktemp("verify")
    (folder / PRD).parent.mkdir(parents=True)
    (folder / PRD).write_text("# PRD\n\nUptime target: 99.9 %\n", encoding="utf-8")
    (folder / "incidents.jsonl").write_text(
        '{"id": "1", "title": "Down", "began": "2026-09-01T10:00:00Z", "resolved": "2026-09-01T11:00:00Z"}\n'
    )
    (folder / "shop.yaml").write_text(
        "project: {name: Shop, path: shop}\nas_of: 2026-10-01\nhistory: {incidents: incidents.jsonl}\n"
    )
    (folder / "notebooks").mkdir()
    (folder / "notebooks" / "ErrorReview.ipynb").write_text(notebook("ErrorReview", "../shop.yaml"))
    assert main(["render", "ErrorReview", "--params", str(folder / "shop.yaml")]) in {0, 3}
    return folder


@pytest.fixture
def shop(rendered: Path, tmp_path: Path) -> Path:
    """A copy to damage."""
    return shutil.copytree(rendered, tmp_path / "copy", ignore=shutil.ignore_patterns("lab-*"))


def differences(shop: Path, capsys: pytest.CaptureFixture[str]) -> set[tuple[str, str]]:
    capsys.readouterr()
    code = main(["verify", "--params", str(shop / "shop.yaml"), "--json"])
    found = {(one["path"], one["kind"]) for one in json.loads(capsys.readouterr().out)["differences"]}
    assert code == (5 if found else 0)
    return found


def test_what_was_just_published_is_as_published(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert differences(shop, capsys) == set()
    assert main(["verify", str(shop / "shop" / "docs" / "SRE")]) == 0
    said = capsys.readouterr().out
    assert "1 documents, 1 files, 1 inputs: all as published" in said and "with --params" in said


@pytest.mark.parametrize(
    ("path", "named"),
    [
        ("shop.yaml", "params:shop.yaml"),
        ("incidents.jsonl", "params:incidents.jsonl"),
        (PRD, PRD.removeprefix("shop/")),
    ],
)
@pytest.mark.fault("T15", "C")
def test_any_flipped_byte_of_an_input_is_named(
    shop: Path, path: str, named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    content = bytearray((shop / path).read_bytes())
    for at in (-1, -2) if path == "shop.yaml" else range(0, len(content), 7):
        flipped = bytearray(content)
        flipped[at] ^= 0x80 if path == PRD else 0x01 if flipped[at] not in b"\n\r" else 0x2A
        (shop / path).write_bytes(flipped)
        if path == "shop.yaml":
            (shop / path).write_bytes(content + b"#\n")
        assert (named, "input changed") in differences(shop, capsys), at
    (shop / path).write_bytes(content)
    assert differences(shop, capsys) == set()


@pytest.mark.fault("T15", "C")
def test_any_flipped_byte_of_a_document_is_named(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = shop / "shop" / "docs" / "SRE" / "ErrorReview.md"
    content = document.read_bytes()
    for at in range(0, len(content), len(content) // 20):
        flipped = bytearray(content)
        flipped[at] ^= 1
        document.write_bytes(flipped)
        assert {path for path, kind in differences(shop, capsys) if kind in {"changed", "mixed"}} == {"ErrorReview.md"}


@pytest.mark.fault("T15", "C")
def test_missing_and_new_files_are_named(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (shop / "shop" / "docs" / "SRE" / "ErrorReview.md").unlink()
    (shop / PRD).rename(shop / "shop" / "docs" / "Project Manager" / "BusinessModel.md")
    assert differences(shop, capsys) == {
        ("ErrorReview.md", "missing"),
        ("docs/Project Manager/PRD.md", "input missing"),
        ("docs/Project Manager/BusinessModel.md", "input new"),
    }


@pytest.mark.fault("F14", "C")
def test_a_mix_of_two_runs_is_named_as_such(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The documents of a later run beside the manifest of an earlier one, as a crash between the two leaves it."""
    document = shop / "shop" / "docs" / "SRE" / "ErrorReview.md"
    text = document.read_text(encoding="utf-8")
    document.write_text(text.replace("- **Version:** 1", "- **Version:** 2"), encoding="utf-8")
    assert differences(shop, capsys) == {("ErrorReview.md", "mixed")}
    document.write_text(text.replace("2026-10-01", "2026-10-02"), encoding="utf-8")
    assert differences(shop, capsys) == {("ErrorReview.md", "mixed")}
    document.write_text(text + "by hand\n", encoding="utf-8")
    assert differences(shop, capsys) == {("ErrorReview.md", "changed")}
    document.unlink()
    document.symlink_to("/etc/hostname")
    assert differences(shop, capsys) == {("ErrorReview.md", "changed")}


def test_documents_made_from_two_versions_of_an_input_are_named(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = shop / "shop" / "docs" / "SRE" / "manifest.json"
    raw = json.loads(path.read_text())
    other = json.loads(json.dumps(raw["documents"]["ErrorReview"]))
    other["inputs"] = dict.fromkeys(other["inputs"], "0" * 64)
    raw["documents"]["Another"] = other
    path.write_text(json.dumps(raw))
    shutil.copy(path.with_name("ErrorReview.md"), path.with_name("Another.md"))
    assert ("docs/Project Manager/PRD.md", "mixed") in differences(shop, capsys)


@pytest.mark.fault("F14", "C")
def test_a_run_that_died_while_it_published_is_named(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (shop / "shop" / ".sre_kit" / "journal.json").write_text("{}")
    assert {kind for _, kind in differences(shop, capsys)} == {"interrupted"}


def test_a_folder_without_a_manifest_and_a_damaged_one_are_told_apart(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["verify", str(shop)]) == 2
    assert "no manifest.json" in capsys.readouterr().err
    (shop / "shop" / "docs" / "SRE" / "manifest.json").write_text("{")
    assert main(["verify", str(shop / "shop" / "docs" / "SRE")]) == 3


@pytest.mark.parametrize("what", ["a document", "the params", "the incidents", "a new document"])
@pytest.mark.fault("F27", "C")
def test_an_input_that_changes_while_the_documents_are_made_stops_the_run(
    shop: Path, what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The notebook itself plays the colleague who saves a file in that moment."""
    target = {
        "a document": shop / PRD,
        "the params": shop / "shop.yaml",
        "the incidents": shop / "incidents.jsonl",
        "a new document": shop / "shop" / "docs" / "QA Engineer" / "TestStrategy.md",
    }[what]
    target.parent.mkdir(exist_ok=True)
    text = (shop / "notebooks" / "ErrorReview.ipynb").read_text()
    line = f"import pathlib; pathlib.Path({str(target)!r}).open('a').write('\\\\n')\\nshow.open_questions("
    (shop / "notebooks" / "ErrorReview.ipynb").write_text(text.replace("show.open_questions(", line))
    before = {path: path.read_bytes() for path in (shop / "shop" / "docs" / "SRE").iterdir()}
    assert main(["render", "ErrorReview", "--params", str(shop / "shop.yaml")]) == 6
    assert "changed while the documents were being made, so nothing was written" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in (shop / "shop" / "docs" / "SRE").iterdir()} == before


def test_the_manifest_says_what_a_document_was_made_from(shop: Path) -> None:
    made = manifests.read(shop / "shop" / "docs" / "SRE" / "manifest.json").documents["ErrorReview"].inputs
    assert set(made) == {"docs/Project Manager/PRD.md", "params:shop.yaml", "params:incidents.jsonl"}
