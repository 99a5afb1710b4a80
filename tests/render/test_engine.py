"""The warm engine: what a kernel would give, clean refusals, and nobody left behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from sre_kit.errors import NotebookError, ParameterError
from sre_kit.render import engine
from sre_kit.render.rendered import Rendered
from sre_kit.render.warm import standing

MIME = "application/vnd.sre-kit.v1+json"
END = f"display({{'text/markdown': 'None.', {MIME!r}: {{'sentinel': True}}}}, raw=True)"


def notebook(folder: Path, *sources: str, name: str = "Trial", end: str = END) -> Path:
    """A notebook of code cells ``cell-1``, ``cell-2`` ..., with the sentinel at its end."""
    cells: list[dict[str, Any]] = [{"cell_type": "markdown", "id": "title", "metadata": {}, "source": "# Trial"}]
    for number, source in enumerate([*sources, end] if end else sources, 1):
        cells.append(
            {
                "cell_type": "code",
                "id": f"cell-{number}",
                "metadata": {"tags": ["parameters"] if source.startswith("params") else []},
                "source": source,
                "outputs": [],
                "execution_count": None,
            }
        )
    path = folder / f"{name}.ipynb"
    path.write_text(
        json.dumps(
            {"cells": cells, "metadata": {"language_info": {"name": "python"}}, "nbformat": 4, "nbformat_minor": 5}
        )
    )
    return path


def run(path: Path, **how: Any) -> Rendered:
    return engine.run(path, how.pop("given", {}), **how)


def gone(process: int) -> bool:
    """Whether a process has ended, within a few seconds."""
    for _ in range(100):
        try:
            state = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False


def test_a_document_has_its_parameters_values_and_markdown(tmp_path: Path) -> None:
    path = notebook(tmp_path, 'params: str = ""', "display({'text/markdown': f'**{params}**'}, raw=True)")
    done = run(path, given={"params": 'it\'s "so"\\ 1'})
    assert done.markdown == '# Trial\n\n**it\'s "so"\\ 1**\n\nNone.\n'
    assert done.note == ""


def test_the_executed_notebook_can_be_kept(tmp_path: Path) -> None:
    import nbformat

    run(notebook(tmp_path, "print('a')\n7"), keep=tmp_path / "kept" / "Trial.ipynb")
    kept = nbformat.read(tmp_path / "kept" / "Trial.ipynb", as_version=4)
    nbformat.validate(kept)
    assert [output.output_type for output in kept.cells[1].outputs] == ["stream", "execute_result"]


def test_a_failing_cell_is_named_with_its_line_and_error(tmp_path: Path) -> None:
    with pytest.raises(NotebookError) as caught:
        run(notebook(tmp_path, "a = 1\nb = a / 0\nc = 1"))
    assert str(caught.value) == "Trial: cell 'cell-1', line 2: b = a / 0\nZeroDivisionError: division by zero"


def test_a_notebook_without_the_sentinel_is_not_complete(tmp_path: Path) -> None:
    with pytest.raises(NotebookError, match="not known to be complete"):
        run(notebook(tmp_path, "1", end=""))


@pytest.mark.parametrize(
    ("source", "cause"),
    [
        ("import os; os._exit(3)", "process ended itself with exit code 3"),
        ("import os; os._exit(0)", "process ended itself with exit code 0"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "killed (SIGKILL"),
        ("import ctypes; ctypes.string_at(0)", "died of SIGSEGV"),
        ("import os; os.closerange(3, 1000)", "exit code 1"),
    ],
)
def test_a_process_that_dies_is_a_refusal_with_its_cause(tmp_path: Path, source: str, cause: str) -> None:
    with pytest.raises(NotebookError) as caught:
        run(notebook(tmp_path, "1", source))
    assert cause in str(caught.value)
    assert "cell 'cell-2'" in str(caught.value)


def test_memory_that_runs_out_is_a_refusal(tmp_path: Path) -> None:
    source = "import resource\nresource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))\nhuge = bytearray(1 << 34)"
    with pytest.raises(NotebookError, match=r"cell 'cell-1', line 3: huge.*\n.*MemoryError"):
        run(notebook(tmp_path, source))


@pytest.mark.parametrize(
    "endless",
    [
        "import time\ntime.sleep(600)",
        "while True:\n    pass",
        "import ctypes\nctypes.PyDLL(None).pause()",  # holds the GIL: no Python code can run any more
        "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "while True:\n    pass",
    ],
)
def test_a_cell_over_its_time_is_ended_with_all_it_started(tmp_path: Path, endless: str) -> None:
    note = tmp_path / "processes"
    started = (
        "import os, subprocess\nchild = subprocess.Popen(['sleep', '600'])\n"
        f"with open({str(note)!r}, 'w') as file:\n    print(os.getpid(), child.pid, file=file)"
    )
    with pytest.raises(NotebookError, match=r"cell 'cell-2': no answer within 1 s"):
        run(notebook(tmp_path, started, endless), seconds=1)
    processes = [int(one) for one in note.read_text().split()]
    assert len(processes) == 2
    assert all(gone(one) for one in processes)


def test_what_a_notebook_leaves_running_is_ended_with_it(tmp_path: Path) -> None:
    note = tmp_path / "process"
    source = (
        "import subprocess\nchild = subprocess.Popen(['sleep', '600'])\n"
        f"with open({str(note)!r}, 'w') as file:\n    print(child.pid, file=file)"
    )
    run(notebook(tmp_path, source))
    assert gone(int(note.read_text()))


def test_the_parent_ends_with_its_client(tmp_path: Path) -> None:
    """Also when the client is killed in the middle of a cell."""
    note = tmp_path / "processes"
    path = notebook(
        tmp_path,
        f"import os, time\nwith open({str(note)!r}, 'w') as file:\n    print(os.getpid(), os.getppid(), file=file)",
        "time.sleep(600)",
    )
    code = f"from pathlib import Path\nfrom sre_kit.render import engine\nengine.run(Path({str(path)!r}), {{}})"
    with subprocess.Popen([sys.executable, "-c", code]) as client:
        for _ in range(1200):
            if note.exists() and len(note.read_text().split()) == 2:
                break
            time.sleep(0.05)
        client.kill()
    assert all(gone(int(one)) for one in note.read_text().split())


def test_memory_goes_with_the_child_that_took_it(tmp_path: Path) -> None:
    """However many notebooks run, the process that stays is as large as before."""

    def resident() -> int:
        status = Path(f"/proc/{standing.standing().warm.process}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0])

    run(notebook(tmp_path, "1"))
    before = resident()
    for _ in range(3):
        run(notebook(tmp_path, "taken = bytearray(256 << 20)\nlen(taken)"))
    assert resident() - before < 32 << 10  # KiB


def test_children_share_no_state(tmp_path: Path) -> None:
    first = "import os, sys, builtins\nbuiltins.left = 1\nos.environ['LEFT'] = '1'\nsys.modules['left'] = sys"
    run(notebook(tmp_path, first))
    run(
        notebook(
            tmp_path,
            "import os, sys, builtins\nassert not hasattr(builtins, 'left')\nassert 'left' not in sys.modules\n"
            "assert 'LEFT' not in os.environ",
        )
    )


def test_children_draw_different_random_numbers(tmp_path: Path) -> None:
    path = notebook(
        tmp_path,
        "import random, numpy\ndisplay({'text/markdown': f'{random.random()} {numpy.random.rand()}'}, raw=True)",
    )
    first, second = (run(path).markdown.split("\n")[2].split() for _ in range(2))
    assert first[0] != second[0]
    assert first[1] != second[1]


def test_a_child_has_the_environment_of_the_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = notebook(tmp_path, "import os\ndisplay({'text/markdown': os.environ['SRE_KIT_TRIAL']}, raw=True)")
    for value in ("one", "two"):
        monkeypatch.setenv("SRE_KIT_TRIAL", value)
        assert value in run(path).markdown


def test_a_shell_that_is_no_kernel_any_more_leaves_the_work_to_a_kernel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(standing.Standing, "problem", "the cell '1 + 1' gave nothing")
    done = run(notebook(tmp_path, "display({'text/markdown': 'seen'}, raw=True)"))
    assert done.markdown == "# Trial\n\nseen\n\nNone.\n"
    assert done.note == "the warm engine cannot be used, so a kernel ran the notebooks: the cell '1 + 1' gave nothing"


def test_where_fork_is_missing_a_kernel_runs_the_notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "fork")
    assert "this system cannot fork" in run(notebook(tmp_path, "1")).note


def test_the_conformance_run_tells_a_difference() -> None:
    from sre_kit.render.warm import conformance

    assert standing.standing().problem == ""
    cells = standing.standing().warm.call(conformance.CHECK, {}, folder=Path.cwd())
    assert conformance.problem(cells) == ""
    cells[0]["outputs"].pop()
    assert "a kernel gives" in conformance.problem(cells)


def test_an_unknown_engine_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="did you mean 'kernel'"):
        run(notebook(tmp_path, "1"), engine="kernels")
