"""
The contract that every notebook keeps: logic lives in the package, the notebook reads like the document it becomes.

``python tests/test_notebook_contract.py`` writes the notebooks in their one form: nbformat 4.5 JSON, indented by one,
without outputs, a newline at the end.
"""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest

from sre_kit.check.whole import HEADINGS

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
TAGS = ("parameters", "load", "compute", "show")
LINES = 10
BANNED = (
    ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda, ast.For, ast.AsyncFor, ast.While, ast.Try,
    ast.TryStar, ast.With, ast.AsyncWith, ast.If, ast.Global,
)  # fmt: skip
DOCUMENTS = (*HEADINGS, "SREHandoff")


def canonical(notebook: dict[str, Any]) -> str:
    """The one way a notebook is written to disk."""
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def source(cell: dict[str, Any]) -> str:
    return "".join(cell["source"])


def code_cells(path: Path) -> list[dict[str, Any]]:
    return [cell for cell in read(path)["cells"] if cell["cell_type"] == "code"]


def tag(cell: dict[str, Any]) -> str:
    (one,) = cell["metadata"]["tags"]
    return str(one)


def statements(cell: dict[str, Any]) -> list[ast.stmt]:
    return ast.parse(source(cell)).body


def headings(path: Path) -> list[str]:
    text = "\n".join(source(cell) for cell in read(path)["cells"] if cell["cell_type"] == "markdown")
    return re.findall(r"^## (.+)$", text, flags=re.MULTILINE)


def each(names: tuple[str, ...] = ()) -> pytest.MarkDecorator:
    """A test of every notebook, or of those with one of `names`."""
    chosen = [path for path in NOTEBOOKS if not names or path.stem in names]
    return pytest.mark.parametrize("path", chosen, ids=lambda path: path.stem)


every, documents, deliverables = each(), each(DOCUMENTS), each(tuple(HEADINGS))


def test_there_are_notebooks() -> None:
    assert NOTEBOOKS


@every
def test_a_notebook_is_written_in_its_one_form(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == canonical(read(path))


@every
def test_a_notebook_is_nbformat_4_5_and_says_which_document_it_is(path: Path) -> None:
    notebook = read(path)
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
    if path.stem in DOCUMENTS:
        assert notebook["metadata"]["sre_kit"]["document"] == path.stem


@every
def test_no_outputs_are_committed(path: Path) -> None:
    for cell in code_cells(path):
        assert cell["outputs"] == []
        assert cell["execution_count"] is None


@every
def test_cell_ids_are_unique_and_readable(path: Path) -> None:
    ids = [cell["id"] for cell in read(path)["cells"]]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-z][a-z0-9-]{0,63}", one) for one in ids)


@every
def test_the_first_cell_is_the_title(path: Path) -> None:
    first = read(path)["cells"][0]
    assert first["cell_type"] == "markdown"
    assert re.match(r"# \S", source(first))


@every
def test_every_code_cell_has_one_of_four_tags_and_they_come_in_order(path: Path) -> None:
    tags = [tag(cell) for cell in code_cells(path)]
    assert set(tags) <= set(TAGS)
    assert tags[:2] == ["parameters", "load"]
    assert tags.count("parameters") == 1
    # what other documents leave behind is loaded where it is needed: until then a notebook need not wait for them
    assert tags.count("load") == (2 if path.stem == "SREHandoff" else 1)


@every
def test_parameters_are_annotated_literals_with_a_comment(path: Path) -> None:
    cell = code_cells(path)[0]
    for statement in statements(cell):
        assert isinstance(statement, ast.AnnAssign), ast.unparse(statement)
        assert statement.value is not None
        ast.literal_eval(statement.value)
        assert "#" in source(cell).splitlines()[statement.lineno - 1]
    names = [statement.target.id for statement in statements(cell) if isinstance(statement.target, ast.Name)]  # type: ignore[attr-defined]
    assert names[:2] == ["params", "as_of"]


@every
def test_only_the_load_cell_imports_and_only_from_the_package(path: Path) -> None:
    for cell in code_cells(path):
        imports = [node for node in ast.walk(ast.parse(source(cell))) if isinstance(node, ast.Import | ast.ImportFrom)]
        if cell["id"] != "load":
            assert not imports, f"{cell['id']}: {ast.unparse(imports[0])}: move it to the load cell"
        for node in imports:
            assert isinstance(node, ast.ImportFrom)
            assert node.module == "sre_kit"
            assert {name.name for name in node.names} <= {"compute", "emit", "load", "show"}


@every
def test_logic_lives_in_the_package(path: Path) -> None:
    for cell in code_cells(path):
        found = [node for node in ast.walk(ast.parse(source(cell))) if isinstance(node, BANNED)]
        assert not found, f"line {getattr(found[0], 'lineno', 0)} of {cell['id']}: move it to sre_kit and test it there"


@every
def test_a_cell_has_at_most_ten_lines(path: Path) -> None:
    for cell in code_cells(path):
        assert len(source(cell).splitlines()) <= LINES, cell["id"]


@every
def test_a_cell_ends_in_at_most_one_expression(path: Path) -> None:
    for cell in code_cells(path):
        *before, last = statements(cell)
        assert not [one for one in before if isinstance(one, ast.Expr)], cell["id"]
        if tag(cell) == "show":
            assert isinstance(last, ast.Expr), f"{cell['id']} shows nothing"
        else:
            assert not isinstance(last, ast.Expr), f"{cell['id']} shows something: tag it show"


@every
def test_a_cell_does_not_call_print_or_display(path: Path) -> None:
    for cell in code_cells(path):
        called = {
            node.func.id
            for node in ast.walk(ast.parse(source(cell)))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        assert not called & {"print", "display", "input", "exec", "eval", "open"}, cell["id"]


@documents
def test_a_document_ends_with_its_sources_and_open_questions(path: Path) -> None:
    assert headings(path)[-2:] == ["Sources", "Open questions"]
    assert "show.open_questions(" in source(code_cells(path)[-1])


@deliverables
def test_the_headings_are_what_the_mission_asks_for_in_its_order(path: Path) -> None:
    wanted = HEADINGS[path.stem]
    assert tuple(headings(path)[: len(wanted)]) == wanted


if __name__ == "__main__":
    for one in NOTEBOOKS:
        one.write_text(canonical(read(one)), encoding="utf-8", newline="\n")
