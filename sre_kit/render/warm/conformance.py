"""
A short run that shows whether the shell still behaves as a kernel: IPython's insides are no public interface.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

CHECK: Final = "sre_kit.render.warm.conformance:check"
_RICH: Final = (
    "type('Rich', (), {'_repr_mimebundle_': lambda self, **_: ({'text/markdown': 'm', 'text/plain': 'p'}, {})})()"
)
CELLS: Final = (
    "import os, sys\nprint('out')\nprint('err', file=sys.stderr)\nos.write(1, b'written\\n')\n1 + 1",
    "from IPython.display import display",
    f"shown = display({_RICH}, display_id=True)\nshown.update({{'a': 1}}, raw=True)",
    "import asyncio\nawait asyncio.sleep(0)\n_ + 1",
    # Plain, because the colours of the next cell's traceback take IPython longer than all else here
    "%precision 2\n%xmode Plain\n%system echo said",
    "1 / 0",
    "'never'",
)


def check(given: Mapping[str, Any], folder: Path, tell: Callable[[Mapping[str, Any]], None]) -> list[dict[str, Any]]:
    """The cells, run; called in a child."""
    from sre_kit.render.warm.shell import Shell

    cells: list[dict[str, Any]] = [{"cell_type": "code", "source": source, "metadata": {}} for source in CELLS]
    Shell(folder).run({"cells": cells, "metadata": {}}, lambda *_: None)
    return cells


def problem(cells: list[dict[str, Any]]) -> str:
    """What differs from a kernel in cells that `check` ran; empty when nothing does."""
    for cell, expected in zip(cells, _EXPECTED, strict=True):
        found = (cell["execution_count"], [_seen(output) for output in cell["outputs"]])
        if found != expected:
            return f"the cell {cell['source'].splitlines()[0]!r} gave {str(found)[:300]}, a kernel gives {expected}"
    return ""


def _seen(output: Mapping[str, Any]) -> object:
    kind = output["output_type"]
    if kind == "stream":
        return output["name"], output["text"]
    if kind == "error":
        return kind, output["ename"], output["evalue"], any("line 1" in line for line in output["traceback"])
    return kind, output["data"], output.get("execution_count")


_EXPECTED: Final[tuple[tuple[int | None, list[object]], ...]] = (
    (
        1,
        [
            ("stdout", "out\n"),
            ("stderr", "err\n"),
            ("stdout", "written\n"),
            ("execute_result", {"text/plain": "2"}, 1),
        ],
    ),
    (2, []),
    (3, [("display_data", {"a": 1}, None)]),
    (4, [("execute_result", {"text/plain": "3"}, 4)]),
    (5, [("stdout", "Exception reporting mode: Plain\n"), ("execute_result", {"text/plain": "['said']"}, 5)]),
    (6, [("error", "ZeroDivisionError", "division by zero", True)]),
    (None, []),
)
