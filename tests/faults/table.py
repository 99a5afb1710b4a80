"""
The table of faults, written from the tests: ``make faults-table``.

A test says which fault of the list it is about, and how that must end: ``@pytest.mark.fault("F14", "C")``. Whole files
that are about one fault are named here.
"""

from __future__ import annotations

import contextlib
import io
from collections import Counter
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parents[2]
PAGE: Final = ROOT / "docs" / "faults.md"
MARKED: Final = tuple(ROOT / "tests" / one for one in ("faults", "cli/test_verify.py", "cli/test_stopped.py"))
"""Where marked tests are."""
FILES: Final = {
    "tests/load/test_http.py": ("F1 to F4", "B"),
    "tests/load/test_metrics_prometheus.py": ("F5, F6, F9", "B"),
    "tests/load/test_knowledge.py": ("F19", "C"),
    "tests/load/test_documents.py": ("F20, F21", "B"),
    "tests/test_buildplan.py": ("F24", "C"),
    "tests/render/test_paths.py": ("T3", "C"),
    "tests/test_escape.py": ("T4", "A"),
}
"""Test file -> the faults or threats it is about, and how they end."""
HEAD: Final = """\
# Faults, and how they end

Written by `make faults-table` from the tests; each line is a test that runs, its cases are its parameters. A fault ends
in one of three ways:

- **A**: everything is done, complete and correct.
- **B**: the documents are written, what is missing is marked with its reason, and the exit code says so.
- **C**: a refusal in one line; the files that were there are there, whole, at once or after the next command.

"""


class _Collected:
    def __init__(self) -> None:
        self.items: list[pytest.Item] = []

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        self.items = list(items)


def rows() -> list[tuple[str, str, int, str]]:
    """Fault, what happens, number of cases, outcome; of the tests that are marked."""
    collected = _Collected()
    with contextlib.redirect_stdout(io.StringIO()):
        pytest.main(["--collect-only", "-q", "--rootdir", str(ROOT), *map(str, MARKED)], plugins=[collected])
    counted: Counter[tuple[str, str, str]] = Counter()
    for item in collected.items:
        name = getattr(item, "originalname", "") or item.name.partition("[")[0]
        if name == "runTest":  # a state machine
            name = "renders edits deletions and crashes in any order lose nothing of a person's"
        for mark in item.iter_markers("fault"):
            counted[mark.args[0], name.removeprefix("test_").replace("_", " "), mark.args[1]] += 1
    found = [(fault, what, count, outcome) for (fault, what, outcome), count in counted.items()]
    return sorted(found, key=lambda row: (row[0][0], int(row[0][1:]), row[1]))


def page() -> str:
    """The page as Markdown."""
    found = rows()
    lines = ["| Fault | What happens | Cases | Ends in |", "| :-- | :-- | --: | :-- |"]
    lines += [f"| {fault} | {what} | {count} | {outcome} |" for fault, what, count, outcome in found]
    total = sum(count for _, _, count, _ in found)
    more = [f"- {fault} ({outcome}): `{path}`" for path, (fault, outcome) in FILES.items()]
    return (
        f"{HEAD}{chr(10).join(lines)}\n\n{total} cases. The long form of the sweeps runs under `make faults`.\n\n"
        "Whole files of tests are about one fault or threat each:\n\n" + "\n".join(more) + "\n"
    )


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
