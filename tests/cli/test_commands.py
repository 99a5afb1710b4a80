"""The commands that run no notebook: what they print, what they refuse, how they exit."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from sre_kit.check.points import registered
from sre_kit.cli import main
from sre_kit.cli.plan import TASK_DOCUMENT, TASK_POINTS
from sre_kit.store.plan_words import TASKS

DEMO = "params/demo"


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(list(arguments))
    printed = capsys.readouterr()
    return code, printed.out, printed.err


def test_help_leads_with_examples_and_ends_with_the_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "--help")
    assert code == 0
    assert out.index("Examples:") < out.index("Options:") < out.index("Commands:") < out.index("Exit codes:")


def test_help_costs_less_than_a_third_of_a_second_and_imports_nothing_heavy() -> None:
    heavy = "pandas numpy matplotlib scipy nbconvert papermill duckdb httpx pydantic rich.console"
    script = (
        "import sys; from sre_kit.cli import main; main(['--help']);"
        f"print([m for m in {heavy.split()!r} if m in sys.modules], file=sys.stderr)"
    )
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.stderr.strip() == "[]"
    # a ceiling for the promise of 0.3 CPU seconds on a quiet machine; noise may double it here
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 0.9


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("rendr",), 2, "Did you mean 'render'"),
        (("render", "--parms", "x"), 2, "--params"),
        (("render",), 2, "for example --params params/shop.yaml"),
        (("render", "--params", "nowhere.yaml"), 2, "looked for"),
        (("render", "--params", DEMO, "SLODefinition", "--dry-run"), 2, "did you mean 'SLODefinitions'?"),
        (("render", "--params", DEMO, "--fail-on", "slo-breach"), 2, "did you mean 'slo-breached'?"),
        (("render", "--params", DEMO, "-p", "windowdays=3", "--dry-run"), 2, "no parameter 'windowdays'"),
        (("render", "--params", DEMO, "-p", "windowdays", "--dry-run"), 2, "write name=value"),
        (("render", "--params", DEMO), 6, "sre-kit demo"),
        (("render", "--params", DEMO, "--as-of", "2026-10-01T00:00"), 2, "has no zone"),
        (("render", "--params", DEMO, "--as-of", "2999-01-01"), 2, "lies in the future"),
        (("facts",), 2, "facts needs documents or --params"),
        (("params",), 2, "--schema"),
        (("new", "lower", "--params", DEMO), 2, "CamelCase"),
        (("new", "SREHandoff", "--params", DEMO), 2, "is shipped"),
        (("init", "/nowhere/at/all"), 2, "there is no folder"),
        (("check", "/nowhere/at/all"), 3, "no document here"),
    ],
)
def test_a_mistake_is_told_in_one_paragraph_with_the_way_out(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], code: int, said: str
) -> None:
    found, _, err = run(capsys, *arguments)
    assert (found, said in err, "Traceback" in err) == (code, True, False), err


def test_start_greets_and_tells_what_was_read_and_what_is_ready(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "start", "--params", DEMO)
    assert code == 0
    assert out.startswith("Hello! I'm your Site Reliability Engineer for this project.")
    code, out, _ = run(capsys, "start", "--params", DEMO, "--json")
    opening = json.loads(out)
    assert {one["phase"] for one in opening["documents"]} == {
        "Project Manager", "Technical Architecture", "DevOps Engineer", "QA Engineer", "Project"
    }  # fmt: skip
    assert all(len(one["sha256"]) == 64 for one in opening["documents"])
    assert "Define SLOs" in opening["readiness"]["sre_tasks_open"]


def test_facts_of_a_single_document_carry_their_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    document = tmp_path / "BusinessModel.md"
    document.write_text("# Plans\n\nUptime target: 99.9 %\n", encoding="utf-8")
    code, out, _ = run(capsys, "facts", str(document), "--json")
    found = json.loads(out)
    assert code == 0
    assert [(one["kind"], one["value"], one["line"]) for one in found] == [("availability_target", 0.999, 3)]


def test_a_document_without_facts_says_not_found(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    document = tmp_path / "Poem.md"
    document.write_text("# A poem\n\nThe rain it raineth every day.\n", encoding="utf-8")
    assert run(capsys, "facts", str(document))[:2] == (0, "not found: no fact of a known kind in these documents\n")


def test_an_unreadable_document_is_told_and_the_rest_goes_on(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    good, bad = tmp_path / "A.md", tmp_path / "B.md"
    good.write_text("Uptime target: 99.9 %\n", encoding="utf-8")
    bad.write_bytes(b"caf\xe9")
    code, out, err = run(capsys, "facts", str(bad), str(good), "--json")
    assert (code, len(json.loads(out))) == (3, 1)
    assert "not UTF-8" in err


def test_init_writes_a_usable_file_and_never_over_one(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "params" / "shop.yaml"
    assert run(capsys, "init", "sre_kit/demo/project", "--params", str(file))[0] == 0
    text = file.read_text(encoding="utf-8")
    assert "| Uptime target | 99.5% | 99.9% | 99.95% |" in text
    assert run(capsys, "params", str(file))[0] == 0
    code, _, err = run(capsys, "init", "sre_kit/demo/project", "--params", str(file))
    assert (code, file.read_text(encoding="utf-8")) == (6, text)
    assert "is not overwritten" in err


def test_init_takes_the_currency_of_the_documents(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    folder = tmp_path / "clinic" / "docs" / "Project Manager"
    folder.mkdir(parents=True)
    (folder / "BusinessModel.md").write_text("# Cost\n\n- Hosting: EUR 1.240 per month\n", encoding="utf-8")
    file = tmp_path / "clinic.yaml"
    assert run(capsys, "init", str(tmp_path / "clinic"), "--params", str(file))[0] == 0
    assert "currency: EUR\n" in file.read_text(encoding="utf-8")


def test_new_adds_a_notebook_that_list_knows_with_its_parameters(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    params = tmp_path / "shop.yaml"
    params.write_text("project: {name: Shop, path: .}\n", encoding="utf-8")
    assert run(capsys, "new", "ErrorReview", "--params", str(params))[0] == 0
    assert run(capsys, "new", "ErrorReview", "--params", str(params))[0] == 6
    _, out, _ = run(capsys, "list", "--params", str(params), "--json")
    assert json.loads(out)["ErrorReview"] == {"params": "../shop.yaml", "as_of": ""}


def test_the_schema_is_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert "slos" in json.loads(run(capsys, "params", "--schema")[1])["properties"]


def test_doctor_names_a_fix_for_each_problem(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, out, _ = run(capsys, "doctor", "--params", DEMO, "--json")
    assert code == 0, out
    params = tmp_path / "shop.yaml"
    params.write_text("project: {name: Shop, path: nowhere}\n", encoding="utf-8")
    code, out, _ = run(capsys, "doctor", "--params", str(params), "--json")
    problems = [one for one in json.loads(out) if one["state"] == "problem"]
    assert code == 2
    assert [one["what"] for one in problems] == ["params"]
    assert all(one["fix"] for one in problems)


def test_every_task_of_the_plan_has_a_document_as_evidence() -> None:
    assert set(TASK_DOCUMENT) == set(TASKS) == set(TASK_POINTS)
    for task, numbers in TASK_POINTS.items():
        assert {(TASK_DOCUMENT[task], number) for number in numbers} <= set(registered()), task


def test_a_closed_pipe_is_no_defect() -> None:
    command = f"{sys.executable} -m sre_kit params --schema | head -c 10"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr and "defect" not in done.stderr
