"""``sre-kit render`` from end to end, on a small project with one notebook of its own and a real kernel."""

from __future__ import annotations

import json
import shutil
import socket
from pathlib import Path

import pytest

from sre_kit.cli import main
from sre_kit.cli.init import notebook

PLAN = b"""# Build Plan\r
\r
### 7. Production Operations Phase\r
**Agent:** Site Reliability Engineer  \r
**Status:** Not Started  \r
**Tasks:**\r
- [ ] Define SLOs\r
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A project folder, params and a notebook ``ErrorReview`` beside them."""
    (tmp_path / "shop" / "docs" / "Project Manager").mkdir(parents=True)
    (tmp_path / "shop" / "docs" / "Project Manager" / "BusinessModel.md").write_text("Uptime target: 99.9 %\n")
    (tmp_path / "shop" / "build-plan.md").write_bytes(PLAN)
    (tmp_path / "shop.yaml").write_text("project: {name: Shop, path: shop}\nas_of: 2026-10-01\n", encoding="utf-8")
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "ErrorReview.ipynb").write_text(notebook("ErrorReview", "../shop.yaml"), encoding="utf-8")
    return tmp_path


def render(shop: Path, *more: str) -> int:
    return main(["render", "ErrorReview", "--params", str(shop / "shop.yaml"), *more])


def change(shop: Path, old: str, new: str) -> None:
    path = shop / "notebooks" / "ErrorReview.ipynb"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def everything(shop: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(shop)): path.read_bytes()
        for path in sorted((shop / "shop").rglob("*"))
        if path.is_file() and ".sre_kit" not in path.parts
    }


def test_a_life_of_a_document(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Dry run, first render, nothing to do, changed, out of date, written again, edited by hand, forced."""
    before = everything(shop)
    assert render(shop, "--dry-run") == 0
    assert "+# ErrorReview" in capsys.readouterr().out
    assert everything(shop) == before

    assert render(shop) == 0
    document = shop / "shop" / "docs" / "SRE" / "ErrorReview.md"
    first = document.read_text(encoding="utf-8")
    assert "- **Version:** 1" in first
    assert "0 documents used" in first and "[BusinessModel]" not in first, (
        "its notebook asked for nothing that is in one"
    )
    plan = (shop / "shop" / "build-plan.md").read_bytes()
    assert b"- [ ] Define SLOs\r\n" in plan, "no SLODefinitions.md was rendered, so nothing proves the task"
    assert "SLODefinitions.md is not rendered" in capsys.readouterr().out

    written = everything(shop)
    assert render(shop, "--check") == 0
    assert render(shop) == 0
    assert everything(shop) == written

    change(shop, "are on record", "are known")
    assert render(shop, "--check") == 5
    assert "-0 incidents are on record." in capsys.readouterr().out
    assert everything(shop) == written
    assert render(shop) == 0
    assert "- **Version:** 2" in document.read_text(encoding="utf-8")

    document.write_text("mine\n", encoding="utf-8")
    edited = everything(shop)
    assert render(shop) == 6
    assert "changed by a person" in capsys.readouterr().err
    assert "0 incidents are known" in document.with_name("ErrorReview.proposed.md").read_text(encoding="utf-8")
    after = everything(shop)
    after.pop("shop/docs/SRE/ErrorReview.proposed.md")
    assert after == edited
    assert render(shop, "--force") == 0
    assert "0 incidents are known" in document.read_text(encoding="utf-8")


def test_a_failing_cell_writes_nothing_and_is_named(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(shop, "len(log.incidents)", "log.incidents[7].title")
    before = everything(shop)
    assert render(shop) == 4
    said = capsys.readouterr().err
    assert "ErrorReview: cell 'incidents', line 1: show.Note(" in said
    assert "IndexError: tuple index out of range" in said
    assert everything(shop) == before


def test_a_notebook_without_its_sentinel_is_not_published(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(shop, "show.open_questions(gaps=project.gaps, read=project.read)", "None")
    assert render(shop) == 4
    assert "open_questions" in capsys.readouterr().err


def test_a_cell_that_hangs_is_ended_and_named(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(shop, 'show.Note(f\\"{len(log.incidents)}', 'while True: pass\\nshow.Note(f\\"{len(log.incidents)}')
    assert render(shop, "--timeout", "2") == 4
    assert "no answer within 2 s" in capsys.readouterr().err


def test_a_printing_cell_stays_out_of_the_document_and_fails_a_strict_render(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change(shop, "show.header(project", "print('hello')\\nshow.header(project")
    assert render(shop, "--strict") == 4
    assert "printed 'hello'" in capsys.readouterr().err
    assert render(shop) == 0
    assert "hello" not in (shop / "shop" / "docs" / "SRE" / "ErrorReview.md").read_text(encoding="utf-8")


def test_an_unreachable_source_still_gives_documents_and_exit_3(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: every connection is refused
        url = f"prometheus+http://127.0.0.1:{taken.getsockname()[1]}"
        with (shop / "shop.yaml").open("a", encoding="utf-8") as file:
            file.write(f"source: {{url: '{url}', timeout: 2s}}\n")
        change(
            shop,
            "log = load.incidents(project)",
            "log = load.incidents(project)\\ncpu = load.reading(project, 'cpu', 'up')",
        )
        change(
            shop,
            "show.open_questions(gaps=project.gaps, read=project.read)",
            "show.open_questions(show.sources(cpu), gaps=project.gaps, read=project.read)",
        )
        assert render(shop, "--json") == 3
    report = json.loads(capsys.readouterr().out)
    assert report["written"] and "cpu" in report["degraded"][0]
    text = (shop / "shop" / "docs" / "SRE" / "ErrorReview.md").read_text(encoding="utf-8")
    assert "measurements of cpu" in text and "127.0.0.1" in text


def test_a_document_that_is_not_utf_8_is_told_and_the_rest_is_published(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (shop / "shop" / "docs" / "Project Manager" / "PRD.md").write_bytes(b"caf\xe9")
    assert render(shop) == 3
    assert "docs/Project Manager/PRD.md: not UTF-8" in capsys.readouterr().err
    assert "the content of PRD" in (shop / "shop" / "docs" / "SRE" / "ErrorReview.md").read_text(encoding="utf-8")


def test_documents_can_be_written_elsewhere_and_the_project_stays_as_it_is(shop: Path) -> None:
    before = everything(shop)
    assert render(shop, "--out", str(shop / "elsewhere")) == 0
    assert (shop / "elsewhere" / "ErrorReview.md").is_file()
    assert everything(shop) == before


def test_damaged_markers_refuse_and_lose_nothing(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = shop / "shop" / "build-plan.md"
    plan.write_bytes(PLAN + b"<!-- sre-kit:begin -->\r\nmine\r\n")
    before = everything(shop)
    assert render(shop) == 6
    assert "build-plan.md" in capsys.readouterr().err
    assert everything(shop) == before


def test_papermill_and_nbconvert_by_hand_give_the_same_document(shop: Path) -> None:
    import subprocess
    import sys

    assert render(shop) == 0
    ours = (shop / "shop" / "docs" / "SRE" / "ErrorReview.md").read_bytes()
    shutil.rmtree(shop / "shop" / "docs" / "SRE")
    source, executed = shop / "notebooks" / "ErrorReview.ipynb", shop / "out.ipynb"
    for command in (
        ["papermill", str(source), str(executed), "-p", "params", str(shop / "shop.yaml"), "--no-progress-bar"],
        ["jupyter", "nbconvert", "--to", "sre-markdown", str(executed), "--output-dir", str(shop / "by-hand")],
    ):
        done = subprocess.run(
            [str(Path(sys.executable).parent / command[0]), *command[1:]], capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
    assert (shop / "by-hand" / "out.md").read_bytes() == ours


def test_a_parameter_chooses_the_shift_that_is_handed_over(shop: Path) -> None:
    rotation = "{name: r, members: [Ann, Ben], start: 2026-09-07}"
    with (shop / "shop.yaml").open("a", encoding="utf-8") as params:
        params.write(f"oncall:\n  people: [{{name: Ann}}, {{name: Ben}}]\n  rotations: [{rotation}]\n")
    given = ["--params", str(shop / "shop.yaml"), "--out", str(shop / "out")]
    assert main(["render", "SREHandoff", *given, "-p", "shift=last"]) == 0
    text = (shop / "out" / "SREHandoff.md").read_text(encoding="utf-8")
    assert "**Shift of Ann**: primary from 2026-09-21 10:00Z to 2026-09-28 10:00Z. Next: Ben" in text
    assert "**Not known:** the incidents of the shift" in text


def test_a_life_of_a_page(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Asked for, kept true without being asked for, not overwritten when edited, taken away."""
    page = shop / "shop" / "docs" / "SRE" / "html" / "ErrorReview.html"
    assert render(shop, "--to", "html") == 0
    assert (
        page.is_file()
        and page.with_name("index.html").is_file()
        and page.parents[1].joinpath("ErrorReview.md").is_file()
    )
    first = everything(shop)
    assert render(shop, "--to", "md", "--to", "html") == 0
    assert everything(shop) == first

    change(shop, "are on record", "are known")
    capsys.readouterr()
    assert render(shop, "--check") == 5
    said = capsys.readouterr().out
    assert "docs/SRE/html/ErrorReview.html: changed\n" in said and "</html>" not in said
    assert render(shop) == 0
    assert "are known" in page.read_text(encoding="utf-8")

    page.write_text(page.read_text(encoding="utf-8").replace("are known", "are a guess"), encoding="utf-8")
    assert render(shop) == 6
    assert "are a guess" in page.read_text(encoding="utf-8")
    assert page.with_name("ErrorReview.proposed.html").is_file()

    assert render(shop, "--to", "md", "--force") == 0
    assert not page.exists() and not page.with_name("index.html").exists()
    assert main(["render", "--params", str(shop / "shop.yaml"), "--to", "htm"]) == 2
    assert "did you mean 'html'?" in capsys.readouterr().err
