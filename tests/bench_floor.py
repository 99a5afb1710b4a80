"""The floor of ``make bench``: the notebooks' cells as plain Python, in two forks of a process that has the imports."""

from __future__ import annotations

import ast
import json
import os
import pkgutil
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from sre_kit.render.warm import modules


def imported() -> None:
    """What the warm parent imports, without what runs notebooks."""
    engine = ("sre_kit.render", "ipykernel", "comm")
    for name in (one for one in modules.MODULES if not one.startswith(engine)):
        import_module(name)
    for package in modules.WHOLE:
        for module in pkgutil.walk_packages(import_module(package).__path__, f"{package}."):
            import_module(module.name)


def cells(path: Path, given: dict[str, str]) -> None:
    """Run the code cells, and show what each ends with."""
    os.chdir(path.parent)
    space: dict[str, Any] = {}
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] != "code":
            continue
        tree = ast.parse("".join(cell["source"]))
        last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, path.name, "exec"), space)
        if "parameters" in cell["metadata"]["tags"]:
            space |= given
        if isinstance(last, ast.Expr):
            eval(compile(ast.Expression(last.value), path.name, "eval"), space)._repr_mimebundle_()  # noqa: S307


def main(params: str, *notebooks: str) -> None:
    """The subject notebooks in two forks, each taking the next that is left; then the hand-off."""
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    imported()
    early = sorted((Path(one) for one in notebooks if "SREHandoff" not in one), key=lambda one: -one.stat().st_size)
    left, give = os.pipe()
    os.write(give, bytes(range(len(early))))
    os.close(give)
    forks = []
    for _ in range(2):
        forks.append(os.fork())
        if not forks[-1]:
            while taken := os.read(left, 1):
                cells(early[taken[0]], {"params": params})
            os._exit(0)
    if any(os.waitpid(fork, 0)[1] for fork in forks):
        raise SystemExit("a fork failed")
    for path in (Path(one) for one in notebooks if "SREHandoff" in one):
        cells(path, {"params": params})


if __name__ == "__main__":
    main(*sys.argv[1:])
