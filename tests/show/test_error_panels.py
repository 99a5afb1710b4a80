"""What a person sees when a cell ends in an error of ours, and what a program records of the same error."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

LOAD = "from sre_kit import compute, emit, load, show\n\nproject = load.project('nowhere.yaml')"
MISUSE = "about = None\nshow.header(about, 'SLODefinitions').markdown()"
MISSPELT = "load.projct"
CALLED_BACK = (
    "import ipywidgets\nfrom sre_kit.show.widgets import Explorer\n"
    "Explorer({'n': ipywidgets.IntSlider()}, lambda n: 1 / n).markdown()"
)
Run = Callable[[str, bool], dict[str, list[dict[str, Any]]]]


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """A real kernel; called with code and whether a person asks, it gives the outputs by their kind."""
    from jupyter_client.manager import start_new_kernel

    folder = tmp_path_factory.mktemp("kernel")
    with (folder / "log").open("w") as log:
        # started as a front end starts it, with the transport that every version has
        manager, client = start_new_kernel(kernel_name="python3", cwd=str(folder), stderr=log)
        try:
            yield lambda code, person: _outputs(client, code, person)
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)


def _outputs(client: Any, code: str, person: bool) -> dict[str, list[dict[str, Any]]]:
    asked, found = client.execute(code, allow_stdin=person), {"display_data": [], "error": [], "stream": []}
    while True:
        message = client.get_iopub_msg(timeout=60)
        if message["parent_header"].get("msg_id") != asked:
            continue
        if message["content"].get("execution_state") == "idle":
            return found
        if message["msg_type"] in found:
            found[message["msg_type"]].append(message["content"])


def test_a_person_reads_what_is_wrong_where_and_the_way_out(kernel: Run) -> None:
    said = kernel(LOAD, True)
    (shown,), (error,) = said["display_data"], said["error"]
    plain, html = shown["data"]["text/plain"], shown["data"]["text/html"]
    assert plain.startswith("A setting cannot be used (ParameterError)\n\nno params file 'nowhere.yaml'; looked for")
    assert "line 3: project = load.project('nowhere.yaml')" in plain
    assert "Way out: Correct it in the params file or in the parameters cell" in plain
    assert "\x1b" not in plain + html
    before, folded = html.split("<details", 1)
    assert "find_params" not in before and "find_params" in folded
    assert (error["ename"], len(error["traceback"])) == ("ParameterError", 1)
    assert error["evalue"].startswith("no params file 'nowhere.yaml'")
    (again,) = kernel("%tb", True)["error"]
    assert "find_params" in "".join(again["traceback"])


def test_a_program_records_the_same_error_as_ever(kernel: Run) -> None:
    kernel("from sre_kit.show import error_panels", False)
    with_panels = kernel(LOAD, False)
    kernel("error_panels.remove()", False)
    without = kernel(LOAD, False)
    kernel("error_panels.install()", False)
    assert with_panels["display_data"] == []
    assert [one["ename"] for one in with_panels["error"]] == [one["ename"] for one in without["error"]]
    frames = [len(one["error"][0]["traceback"]) for one in (with_panels, without)]
    assert frames[0] == frames[1] > 3


@pytest.mark.parametrize(
    ("code", "title"),
    [
        (MISUSE, "A defect in sre-kit, or a value that it cannot take"),
        (MISSPELT, ""),
        ("1 / 0", ""),
        ("undefined_name", ""),
        ("if True print()", ""),
        (CALLED_BACK, ""),
    ],
    ids=[
        "raised in our code",
        "a misspelt name",
        "the user's own",
        "unknown name",
        "syntax",
        "user's code called by us",
    ],
)
def test_only_errors_of_our_code_get_a_panel(kernel: Run, code: str, title: str) -> None:
    kernel("from sre_kit import load, show", True)
    said = kernel(code, True)
    shown = [one["data"]["text/plain"].split(" (")[0] for one in said["display_data"]]
    assert shown == ([title] if title else [])
    assert len(said["error"]) == 1
    assert bool(title) != (
        "Traceback" in "".join(said["error"][0]["traceback"]) or "Syntax" in said["error"][0]["ename"]
    )


def test_what_an_error_quotes_cannot_write_html(kernel: Run) -> None:
    kernel("from sre_kit import load, show", True)
    (shown,) = kernel("load.project('<img src=x onerror=alert(1)>')", True)["display_data"]
    assert "<img" not in shown["data"]["text/html"]
    assert "&lt;img" in shown["data"]["text/html"]


def test_panels_can_be_taken_away(kernel: Run) -> None:
    kernel("from sre_kit.show import error_panels; error_panels.remove(); error_panels.remove()", True)
    assert kernel(LOAD, True)["display_data"] == []
    kernel("error_panels.install(); error_panels.install()", True)
    assert len(kernel(LOAD, True)["display_data"]) == 1
    kernel("import os; os.environ['SRE_KIT_TRACEBACK'] = '1'", True)
    assert kernel(LOAD, True)["display_data"] == []
    kernel("del os.environ['SRE_KIT_TRACEBACK']", True)


def test_a_terminal_gets_the_same_as_text() -> None:
    command = [sys.executable, "-m", "IPython", "--quick", "--colors=NoColor", "-c", LOAD]
    environment = {**os.environ, "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=120)
    said = done.stdout + done.stderr
    assert "A setting cannot be used (ParameterError)" in said, said
    assert "Way out:" in said and "find_params" not in said
