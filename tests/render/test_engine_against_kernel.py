"""The warm engine against a real kernel: the same outputs cell by cell, and the same documents byte for byte."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from sre_kit.errors import NotebookError
from sre_kit.render import engine
from sre_kit.render.warm import standing

CELLS = (
    "1 + 1",
    "_ + 1, __name__",
    "print('a', end=''); print('b')",
    "import sys; print('error', file=sys.stderr)",
    "import os; os.write(1, b'by descriptor\\n'); None",
    "!echo from a program",
    "%%bash\necho from a script; echo and its errors >&2",
    "%%capture captured\nprint('caught')",
    "captured.stdout",
    "from IPython.display import HTML, Markdown, clear_output, display\n"
    "from IPython.display import update_display\n"
    "display(HTML('<b>1</b>'), Markdown('**2**'))",
    "handle = display('first', display_id='later')",
    "handle.update('second')",
    "update_display({'text/plain': 'third'}, display_id='later', raw=True)",
    "display('gone'); clear_output(); display('stays')",
    "display('gone'); clear_output(wait=True); display('stays too')",
    "import asyncio\nawait asyncio.sleep(0)\n'awaited'",
    "async def answer():\n    return 42\nawait answer()",
    "coroutine = answer()\n"
    "try:\n"
    "    asyncio.run(coroutine)\n"
    "except RuntimeError as error:\n"
    "    print(str(error)[:40])\n"
    "coroutine.close()",
    "class Rich:\n"
    "    def _repr_mimebundle_(self, include=None, exclude=None):\n"
    "        return {'text/markdown': '*x*', 'text/plain': 'x'}, {'a': 1}\n"
    "Rich()",
    "class Broken:\n"
    "    def __repr__(self):\n"
    "        raise ValueError('no words')\n"
    "try:\n"
    "    repr(Broken())\n"
    "except ValueError as error:\n"
    "    print(error)",
    "import pandas as pd\npd.DataFrame({'a': [1, 2]})",
    "import matplotlib.pyplot as plt\nplt.plot([1, 2]); plt.title('t'); None",
    "fig, ax = plt.subplots(); ax.plot([1, 3]); plt.close(fig); fig",
    "%matplotlib inline\nplt.plot([3, 1]);",
    "%precision 3\n3.14159",
    "%time 1",
    "x = 5;",
    "x;",
    "In[1], Out[1], len(In)",
    "from ipywidgets import IntSlider, Output, interact\nslider = IntSlider(3); slider.value",
    "out = Output()\nwith out:\n    print('into the widget')\n'after'",
    "len(out.outputs)",
    "interact(lambda a: print(a), a=3)\nNone",
    "try:\n    input('?')\nexcept Exception as error:\n    print(type(error).__name__)",
    "import multiprocessing\n"
    "def double(n):\n"
    "    return 2 * n\n"
    "with multiprocessing.get_context('fork').Pool(1) as pool:\n"
    "    print(pool.map(double, [1, 2]))",
    "get_ipython().__class__.__name__",
    "",
    "raise KeyError('on purpose')",
)
RAISES = {"tags": ["raises-exception"]}


def made() -> Any:
    cells = [new_code_cell(source, metadata=RAISES if "on purpose" in source else {}) for source in CELLS]
    return new_notebook(cells=[*cells, new_code_cell("'the end'")])


def seen(cell: Any) -> object:
    """A cell's outputs without what differs from process to process; streams of one name are one."""
    found: list[Any] = []
    for output in cell["outputs"]:
        one = json.loads(json.dumps(output))
        if one["output_type"] == "stream":
            if found and found[-1][0] == one["name"]:
                found[-1][1] += one["text"]
            else:
                found.append([one["name"], one["text"]])
            continue
        if one["output_type"] == "error":
            lines = re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(one["traceback"])).splitlines()
            one["traceback"] = [line for line in lines if "Cell In" in line or "--->" in line]
        widget = one.get("data", {}).get("application/vnd.jupyter.widget-view+json")
        if widget:
            widget["model_id"] = "?"
        found.append(one)
    if "%time" in cell["source"]:
        found = [["stdout", "times"] if one[0] == "stdout" else one for one in found if isinstance(one, list)]
    return cell["execution_count"], found


def test_a_notebook_of_tricky_cells_gives_what_a_kernel_gives(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from nbclient import NotebookClient

    monkeypatch.delenv("MPLBACKEND", raising=False)
    monkeypatch.delenv("PYTEST_CURRENT_TEST")  # with it a kernel leaves descriptors alone
    kernel, warm = made(), made()
    NotebookClient(kernel, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    answer = standing.standing().warm.call(
        "sre_kit.render.warm.notebooks:executed", {"notebook": warm}, folder=tmp_path
    )
    for cell, done, expected in zip(warm.cells, answer["cells"], kernel.cells, strict=True):
        assert seen({**done, "source": cell.source}) == seen(expected), cell.source
    assert answer["widgets"] and set(answer["widgets"]) == set(kernel.metadata.widgets)


def test_papermill_itself_has_the_engine(tmp_path: Path) -> None:
    path, out = tmp_path / "in.ipynb", tmp_path / "out.ipynb"
    cells = [new_code_cell("a = 1", metadata={"tags": ["parameters"]}), new_code_cell("print(a)\na * 2")]
    kernel = {"name": "python3", "language": "python", "display_name": "Python 3"}
    nbformat.write(new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)
    command = [sys.executable, "-m", "papermill", "--engine", "sre-warm", str(path), str(out), "-p", "a", "21"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    executed = nbformat.read(out, as_version=4)
    assert [output["data"]["text/plain"] for output in executed.cells[-1].outputs if "data" in output] == ["42"]
    assert [cell.execution_count for cell in executed.cells] == [1, 2, 3]
    assert executed.metadata.papermill.exception is None
    assert executed.cells[-1].metadata.papermill.status == "completed"


def test_papermill_tells_a_failing_cell(tmp_path: Path) -> None:
    import papermill

    path = tmp_path / "in.ipynb"
    kernel = {"name": "python3", "language": "python", "display_name": "Python 3"}
    cells = [new_code_cell("1"), new_code_cell("1 / 0"), new_code_cell("2")]
    nbformat.write(new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)
    with pytest.raises(papermill.PapermillExecutionError, match="ZeroDivisionError"):
        papermill.execute_notebook(str(path), str(tmp_path / "out.ipynb"), engine_name="sre-warm", progress_bar=False)


@pytest.mark.parametrize("how", [engine.WARM, engine.KERNEL])
def test_an_error_of_ours_names_cell_and_line_whatever_the_kernel_is_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """A kernel that is not installed, and a ``python3`` that is another program: both mean the Python that runs."""
    others = tmp_path / "kernels" / "python3"
    others.mkdir(parents=True)
    (others / "kernel.json").write_text(json.dumps({"argv": ["false"], "display_name": "Other", "language": "python"}))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    load = "from sre_kit import compute, emit, load, show\n\nproject = load.project('nowhere.yaml')"
    cells = [new_code_cell("params: str = ''", metadata={"tags": ["parameters"]}), new_code_cell(load)]
    cells[1]["id"] = "load"
    path = tmp_path / "Failing.ipynb"
    nbformat.write(new_notebook(cells=cells, metadata={"kernelspec": {"name": "shop-venv", "display_name": "?"}}), path)
    with pytest.raises(
        NotebookError, match=r"Failing: cell 'load', line 3: project = load\.project\(.*\n.*no params"
    ) as no:
        engine.run(path, {}, engine=how)
    assert no.value.exit_code == 4


@pytest.mark.slow
def test_every_document_is_the_same_by_a_kernel_byte_for_byte(demo: Path) -> None:
    from sre_kit.cli import main

    assert main(["render", "--params", str(demo / "params"), "--engine", "kernel", "--fresh", "--check"]) == 0


@pytest.mark.parametrize("first", ["papermill", "sre_kit.render.warm.papermill_engine"])
def test_papermill_and_its_warm_engine_may_be_imported_in_either_order(first: str) -> None:
    code = f"import {first}; import papermill.engines as e; e.papermill_engines.get_engine('sre-warm')"
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
