"""``sre-kit lab`` before a browser looks at it: copies, kernels by any name, dashboards, the opening notebook."""

from __future__ import annotations

import ast
import builtins
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from sre_kit import load
from sre_kit.cli import dashboards, lab, main
from sre_kit.cli.demo import copy
from sre_kit.render.kernels import Kernels, kernel_names
from sre_kit.show.opening import QUESTIONS, notebooks, urgent_findings
from sre_kit.units import instant
from tests.browser.served import TOKEN, served
from tests.conftest import required
from tests.test_notebook_contract import NOTEBOOKS, read, source

EXPLORERS = [path for path in NOTEBOOKS if "_explorer(" in path.read_text(encoding="utf-8")]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pretend project, not rendered; a project of one's own outside of the checkout."""
    folder = tmp_path_factory.mktemp("lab") / "shop"
    copy(folder)
    return folder


def test_a_copy_opens_the_project_and_follows_its_notebook_until_a_person_changes_it(shop: Path) -> None:
    folder = lab.copies(str(shop / "params"))
    assert {path.stem for path in folder.glob("*.ipynb")} == {path.stem for path in NOTEBOOKS}
    path = folder / "Start.ipynb"
    (cell,) = (cell for cell in read(path)["cells"] if cell["id"] == "parameters")
    written = f'params: str = "{(shop / "params").resolve()}"  # project file or folder'
    assert source(cell).splitlines()[0] == written

    def changed(how: str) -> dict[str, Any]:
        notebook: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        notebook["cells"][-1]["source"] = how
        return notebook

    older = changed("show.open_questions()")
    older["metadata"]["sre_kit"][lab.WRITTEN] = lab.digest(older)
    path.write_text(json.dumps(older), encoding="utf-8")
    lab.copies(str(shop / "params"))
    assert "gaps=project.gaps" in path.read_text(encoding="utf-8"), "an older copy is replaced"
    path.write_text(json.dumps(changed("my_own()")), encoding="utf-8")
    lab.copies(str(shop / "params"))
    assert "my_own()" in path.read_text(encoding="utf-8")
    path.write_text("no notebook", encoding="utf-8")
    lab.copies(str(shop / "params"))
    assert path.read_text(encoding="utf-8") == "no notebook"
    path.unlink()


def test_every_kernel_name_is_this_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = tmp_path / "jupyter" / "kernels" / "julia"
    other.mkdir(parents=True)
    (other / "kernel.json").write_text(json.dumps({"argv": ["julia"], "display_name": "J", "language": "julia"}))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    for name, written in (
        ("A", '{"metadata": {"kernelspec": {"name": "shop-venv"}}}'),
        ("B", '{"metadata": {"kernelspec": {"name": 3}}}'),
        ("C", "no notebook"),
        ("D", '{"metadata": {}}'),
    ):
        (tmp_path / f"{name}.ipynb").write_text(written)
    assert kernel_names(tmp_path) == {"shop-venv"}
    manager = Kernels()
    manager.parent = None
    specs = {name: manager.get_kernel_spec(name).argv[0] for name in ("python3", "shop-venv", "julia")}
    assert specs == {"python3": sys.executable, "shop-venv": sys.executable, "julia": "julia"}


@pytest.mark.parametrize("dashboard", [[], ["--dashboard", "CapacityPlanning"]])
def test_a_port_that_is_taken_or_none_is_said_before_a_server_starts(
    shop: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, dashboard: list[str]
) -> None:
    started: list[object] = []
    monkeypatch.setattr(lab.subprocess, "Popen", started.append)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert main(["lab", "--params", str(shop / "params"), "--port", str(port), *dashboard]) == 2
    assert f"port {port} cannot be used" in capsys.readouterr().err
    assert main(["lab", "--params", str(shop / "params"), "--port", "99999", *dashboard]) == 2
    assert "65535" in capsys.readouterr().err
    assert not started


def test_jupyter_sre_is_the_same_command() -> None:
    folder = Path(sys.executable).parent
    environment = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}
    command = [str(folder / "jupyter"), "sre", "--version"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert (done.returncode, done.stdout) == (0, f"sre-kit {lab.__version__}\n"), done.stderr


@pytest.mark.parametrize("path", EXPLORERS, ids=lambda path: path.stem)
def test_a_dashboard_has_all_that_its_explorers_need_and_nothing_that_shows(path: Path) -> None:
    cut = dashboards.dashboard(read(path))
    assert cut
    known = {*dir(builtins)}
    shown = []
    for cell in cut["cells"]:
        if cell["cell_type"] == "markdown":
            assert re.fullmatch(r"#+ .+", source(cell)), source(cell)
            continue
        tree = ast.parse(source(cell))
        names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
        local = {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
        known |= {node.id for node in names if isinstance(node.ctx, ast.Store)}
        known |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names}
        assert {node.id for node in names} <= known | local, source(cell)
        if isinstance(tree.body[-1], ast.Expr):
            shown.append(ast.unparse(tree.body[-1]))
    assert len(shown) == path.read_text(encoding="utf-8").count("_explorer(")
    assert all("_explorer(" in one for one in shown)


def test_a_dashboard_that_cannot_be_is_refused_with_the_way_out(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dashboards, "find_spec", lambda _: object())
    assert main(["lab", "--params", "params/demo", "--dashboard", "CapacityPlaning"]) == 2
    assert "no notebook 'CapacityPlaning' with an explorer; did you mean 'CapacityPlanning'?" in capsys.readouterr().err
    monkeypatch.setattr(dashboards, "find_spec", lambda _: None)
    assert main(["lab", "--params", "params/demo", "--dashboard", "CapacityPlanning"]) == 2
    assert 'pip install "sre-kit[voila]"' in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.server
def test_voila_shows_an_explorer_to_who_has_the_token(shop: Path, tmp_path: Path) -> None:
    if not dashboards.find_spec("voila"):
        required('Voila is not installed (pip install "sre-kit[voila]")')
    with served(shop / "params", tmp_path, "--dashboard", "IncidentResponse") as address:
        page = f"{address}/voila/render/dashboards/IncidentResponse.ipynb"
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.build_opener(_Stay).open(page, timeout=20)
        with refused.value as answer:
            assert answer.code in {302, 401, 403}
        with urllib.request.urlopen(f"{page}?token={TOKEN}", timeout=120) as answer:
            text, policy = answer.read().decode(), answer.headers["Content-Security-Policy"]
    assert text.count('"application/vnd.jupyter.widget-view+json"') >= 2
    assert "load.project(" not in text, "no code is shown"
    assert "default-src 'self'" in policy and "https:" not in policy


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


def test_the_opening_says_what_matters_where_to_go_on_and_in_which_state(
    demo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(NOTEBOOKS[0].parent)
    project = load.project(str(demo / "params"))
    states = load.document_states(project)
    urgent = urgent_findings(project.published, states).markdown()
    assert len(re.findall(r"^\| +\d \|.+\[(\w+)\]\(\1\.ipynb\) +\|$", urgent, re.MULTILINE)) == 5
    assert re.search(r"^5 of \d+ findings of the last render, as of \d{4}-", urgent, re.MULTILINE)
    going_on = notebooks(states, project.as_of).markdown()
    assert re.findall(r"^\| \[(\w+)\]\(\1\.ipynb\).+\| version 1, as of .+\| nothing ", going_on, re.MULTILINE) == [
        *QUESTIONS
    ]


def test_what_changed_since_the_last_render_is_named(demo: Path, tmp_path: Path) -> None:
    shutil.copytree(demo, tmp_path / "shop", ignore=shutil.ignore_patterns(".sre_kit", "images", "artifacts", "html"))
    before = load.project(str(tmp_path / "shop" / "params"))
    with (before.params_path / "capacity.yaml").open("a") as file:
        file.write("# one more line\n")
    (before.root / "docs" / "QA Engineer" / "TestStrategy.md").unlink()
    (before.params_path / "notebooks").mkdir()
    shutil.copy(NOTEBOOKS[0], before.params_path / "notebooks" / "ErrorReview.ipynb")
    project = load.project(str(before.params_path))
    text = notebooks(load.document_states(project), project.as_of).markdown()
    assert text.count("changed: params:capacity.yaml<br>gone: docs/QA Engineer/TestStrategy.md") == len(QUESTIONS)
    assert re.search(
        r"^\| ErrorReview +\| A document of this project's own\. +\| \*\*never\*\* +\| – ", text, re.MULTILINE
    )
    later = notebooks(load.document_states(project), instant("2126-01-01T00:00Z")).markdown()
    assert re.search(r"as of \d{4}-\d\d-\d\d \d\d:00Z, \d+ d( \d+ h)? ago", later)


def test_before_the_first_render_nothing_is_said_to_be_fine(shop: Path) -> None:
    project = load.project(str(shop / "params"))
    states = load.document_states(project)
    assert "Not known before the first render" in urgent_findings(project.published, states).markdown()
    assert notebooks(states, project.as_of).markdown().count("**never**") == len(QUESTIONS)


def test_the_first_cell_asks_what_the_opening_says_it_answers() -> None:
    for path in NOTEBOOKS:
        first = source(read(path)["cells"][0])
        assert (
            first.splitlines()[2]
            == f"*{QUESTIONS.get(path.stem, 'What is there, what is missing, and where do I go on?')}*"
        )
        assert "`params`" in first and "Run All Cells" in first
        linked = re.findall(r"\]\(#([^)]+)\)", first)
        there = [line.lstrip("# ") for cell in read(path)["cells"] for line in source(cell).splitlines()[:1]]
        assert {one.replace("-", " ") for one in linked} <= {one.replace("-", " ") for one in there}, linked
        assert bool(linked) == (path in EXPLORERS or path.stem == "OperationalPlaybook")
