"""
One notebook in a child of the warm parent: to its document, or executed.
"""

from __future__ import annotations

import base64
import json
import os
import re
import signal
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from sre_kit import errors
from sre_kit.errors import NotebookError
from sre_kit.render.document import document, joined
from sre_kit.render.rendered import Rendered, cell_seconds, check_complete, failure
from sre_kit.render.warm.client import Cancel, ChildDied, TooLong
from sre_kit.render.warm.standing import standing
from sre_kit.store import places

START_SECONDS: Final = 120
"""For the parent's imports and the shell's start, and for the export."""
RENDER: Final = "sre_kit.render.warm.notebooks:rendered"
EXECUTE: Final = "sre_kit.render.warm.notebooks:executed"
INJECTED: Final = "injected-parameters"

Tell = Callable[[Mapping[str, Any]], None]


def run(
    notebook: Path,
    given: Mapping[str, Any],
    *,
    seconds: int,
    keep: Path | None,
    cancel: Cancel | None,
    awaits: str = "",
) -> Rendered:
    """
    The document of `notebook`; parameters as `engine.run` has them.

    Raises
    ------
    NotebookError
        A cell failed, its process died or took too long.
    """
    began = time.perf_counter()
    notebook = notebook.absolute()
    wanted = {"notebook": str(notebook), "given": dict(given), "keep": str(keep.absolute()) if keep else ""}
    wanted["awaits"] = awaits
    cells = [cell.get("id", f"number {n}") for n, cell in enumerate(_read(notebook)["cells"])]
    watch = Watch(seconds)
    try:
        answer = standing().warm.call(
            RENDER, wanted, folder=notebook.parent, limit=START_SECONDS, event=watch, cancel=cancel
        )
    except ChildDied as died:
        raise NotebookError(f"{notebook.stem}: {watch.where(cells)}{cause(died)}; nothing was written") from None
    except TooLong as late:
        raise NotebookError(too_long(notebook, watch.where(cells), late.limit)) from None
    if "raised" in answer:
        raise _error(notebook, answer["raised"])
    if "failed" in answer:
        failed = answer["failed"]
        raise NotebookError(failure(notebook, failed["cell"], failed["source"], failed["error"]))
    spent = {
        "import": 0.0,
        "kernel": time.perf_counter() - began - sum(answer["seconds"].values()),
        **answer["seconds"],
    }
    files = {path: base64.b64decode(content) for path, content in answer["files"].items()}
    return Rendered(answer["name"], answer["text"], files, answer["machine"], spent, inputs=answer["inputs"])


class Watch:
    """Follows a child from cell to cell, and sets its limits."""

    def __init__(self, seconds: float | None) -> None:
        self._seconds = seconds
        self.cell: int | None = None

    def __call__(self, told: Mapping[str, Any]) -> float | None:
        """A cell begins or has ended, or what a cell needs is waited for: as long as others take to make it."""
        self.cell = told.get("begins")
        if "awaits" in told:
            return None
        return self._seconds if self.cell is not None else START_SECONDS

    def where(self, cells: list[str]) -> str:
        """The cell that runs, by its id."""
        return "" if self.cell is None else f"cell {cells[self.cell]!r}: "


def cause(died: ChildDied) -> str:
    """What ended a child that gave no answer."""
    if died.code is None:
        return f"the warm engine's parent ended{died.said}"
    if died.code == -signal.SIGKILL:
        return "its process was killed (SIGKILL: out of memory, or by somebody)"
    if died.code < 0:
        return f"its process died of {signal.Signals(-died.code).name}"
    return f"its process ended itself with exit code {died.code}"


def too_long(notebook: Path, where: str, seconds: float) -> str:
    """What is said of a notebook that gave no answer in time."""
    return (
        f"{notebook.stem}: {where}no answer within {seconds:g} s, so it was ended, with everything it had started; "
        "nothing was written"
    )


def rendered(wanted: Mapping[str, Any], folder: Path, tell: Tell) -> dict[str, Any]:
    """In the child: run and export."""
    from sre_kit.render.warm.inputs import Inputs
    from sre_kit.render.warm.shell import Shell

    path = Path(wanted["notebook"])
    notebook = with_parameters(_read(path), wanted["given"])
    shell, inputs = Shell(folder), Inputs(shipped=path.parent == places.bundled("notebooks"))
    waited = 0.0

    def told(number: int, cell: Mapping[str, Any] | None) -> None:
        nonlocal waited
        if cell is None and _asks(notebook["cells"][number], wanted["awaits"]):
            tell({"awaits": wanted["awaits"]})
            waited += arrived(Path(wanted["given"][wanted["awaits"]]))
        tell({"begins": _original(notebook, number)} if cell is None else {})

    with inputs.recorded():
        success = shell.run(notebook, told)
    if not success:
        return {"failed": _failed(notebook)}
    began = time.perf_counter()
    if wanted["keep"]:
        save(notebook, Path(wanted["keep"]))
    done = document(notebook, path.stem)
    check_complete(notebook, done)
    return {
        "name": done.name,
        "text": done.text,
        "files": {name: base64.b64encode(content).decode("ascii") for name, content in done.files.items()},
        "machine": done.machine,
        "inputs": inputs.as_json(),
        "seconds": {
            **cell_seconds(shell.seconds, notebook),
            "export": time.perf_counter() - began,
            **({"wait": waited} if waited else {}),
        },
    }


def arrived(path: Path, gone: Callable[[], bool] = lambda: False) -> float:
    """Seconds until the file `path` was there, or `gone` said that it will not come."""
    began = time.perf_counter()
    while not path.exists() and not gone():
        time.sleep(0.01)
    return time.perf_counter() - began


def _asks(cell: Mapping[str, Any], parameter: str) -> bool:
    """Whether a cell uses a parameter, rather than give it a value."""
    tags = cell.get("metadata", {}).get("tags", [])
    if not parameter or {INJECTED, "parameters"} & set(tags):
        return False
    return re.search(rf"(?<![\w.]){re.escape(parameter)}\b", joined(cell["source"])) is not None


def executed(wanted: Mapping[str, Any], folder: Path, tell: Tell) -> dict[str, Any]:
    """In the child: run, telling each cell."""
    from sre_kit.render.warm.shell import Shell

    notebook = wanted["notebook"]
    for cell in notebook["cells"]:
        cell["source"] = joined(cell["source"])

    def told(number: int, cell: Mapping[str, Any] | None) -> None:
        done = {} if cell is None else {key: cell[key] for key in ("execution_count", "outputs")}
        tell({"begins": number} if cell is None else {"ended_cell": number, "cell": done})

    Shell(folder).run(notebook, told)
    cells = [
        {key: cell[key] for key in ("execution_count", "outputs")} if cell["cell_type"] == "code" else {}
        for cell in notebook["cells"]
    ]
    return {"cells": cells, "widgets": notebook["metadata"].get("widgets", {})}


def with_parameters(notebook: dict[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """`notebook` with `given` assigned in a cell after its parameters, as papermill does it."""
    if not given:
        return notebook
    source = "\n".join(["# Parameters", *(f"{name} = {value!r}" for name, value in given.items())]) + "\n"
    cell = {"cell_type": "code", "id": INJECTED, "metadata": {"tags": [INJECTED]}, "source": source}
    kept = [one for one in notebook["cells"] if INJECTED not in one.get("metadata", {}).get("tags", [])]
    tagged = [n for n, one in enumerate(kept) if "parameters" in one.get("metadata", {}).get("tags", [])]
    place = tagged[0] + 1 if tagged else 0
    return {**notebook, "cells": [*kept[:place], cell, *kept[place:]]}


def save(notebook: Mapping[str, Any], path: Path) -> None:
    """The executed notebook, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    temporary.write_text(json.dumps(notebook, indent=1, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")
    temporary.replace(path)


def _read(path: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    for cell in read["cells"]:
        cell["source"] = joined(cell["source"])
    return read


def _original(notebook: Mapping[str, Any], number: int) -> int:
    """The number of a cell before the parameters were injected."""
    before = [INJECTED in cell["metadata"].get("tags", []) for cell in notebook["cells"][:number]]
    return number - sum(before)


def _failed(notebook: Mapping[str, Any]) -> dict[str, Any]:
    """The cell that failed last, its source and its error output."""
    ran = [(n, cell) for n, cell in enumerate(notebook["cells"]) if cell.get("execution_count") is not None]
    number, cell = ran[-1]
    said = [output for output in cell["outputs"] if output["output_type"] == "error"]
    nothing = {"ename": "Error", "evalue": "the cell failed without saying why", "traceback": []}
    name = cell.get("id", f"number {_original(notebook, number)}")
    return {"cell": name, "source": cell["source"], "error": said[-1] if said else nothing}


def _error(notebook: Path, raised: list[str]) -> Exception:
    """What the child's own code raised, here."""
    module, name, message = raised
    kind = getattr(errors, name, None) if module == errors.__name__ else None
    if isinstance(kind, type) and issubclass(kind, errors.SREKitError):
        return kind(message)
    return NotebookError(f"{notebook.stem}: {name}: {message}; nothing was written")
