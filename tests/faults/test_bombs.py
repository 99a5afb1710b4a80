"""
Files made to exhaust whoever reads them: more than they seem, without end, or never answering.

All of them are read in one process whose memory is limited; a case that hangs ends that process and is named.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sre_kit.cli import main

HEAD = "project: {name: Shop, path: shop}\nas_of: 2026-10-01\n"
PRD = "shop/docs/Project Manager/PRD.md"
GRAPH = "project: {name: Shop, knowledge_graph: memory.jsonl}\n"
MEGABYTES = 400
"""Resident memory of a process that has read all of them; one that has read nothing has about 120."""


def laughs(first: str, nine: str) -> str:
    """Nine anchors, each nine times the one before: 9^9 values in 40 lines."""
    lines = [f"a0: &a0 {first}"]
    lines += [f"a{n}: &a{n} " + nine.format(*[f"*a{n - 1}"] * 9) for n in range(1, 10)]
    return "\n".join(lines) + "\n"


LISTS = laughs("[x, x, x]", "[{}, {}, {}, {}, {}, {}, {}, {}, {}]")
MAPS = laughs("{replicas: 3}", "{{a: {}, b: {}, c: {}, d: {}, e: {}, f: {}, g: {}, h: {}, i: {}}}")
MERGED = laughs("{replicas: 3}", "{{<<: [{}, {}, {}, {}, {}, {}, {}, {}, {}]}}")
ITSELF = "a: &a {b: *a, replicas: 3}\n"


def fenced(text: str, language: str = "yaml") -> str:
    """A document with a healthy fact, and `text` in a block of code."""
    return f"# PRD\n\nUptime target: 99.9 %\n\n```{language}\n{text}\n```\n"


Made = Callable[[Path], object]


def text(content: str) -> Made:
    return lambda path: path.write_text(content, encoding="utf-8")


def large(size: int, start: bytes = b"") -> Made:
    """A file of `size` bytes that takes no room on the disk."""

    def make(path: Path) -> None:
        path.write_bytes(start)
        os.truncate(path, size)

    return make


def link(target: str) -> Made:
    return lambda path: path.symlink_to(target)


FACTS = ("facts", PRD)
HAS_FACT = "99.9"
DOCUMENTS: dict[str, tuple[Made, int, str]] = {
    "lists of aliases in a document": (text(fenced(LISTS)), 0, HAS_FACT),
    "mappings of aliases in a document": (text(fenced(MAPS)), 0, HAS_FACT),
    "merges of aliases in a document": (text(fenced(MERGED)), 0, HAS_FACT),
    "a value that contains itself": (text(fenced(ITSELF)), 0, HAS_FACT),
    "deep YAML in a document": (text(fenced("[" * 100_000)), 0, HAS_FACT),
    "deep mappings in a document": (text(fenced("".join(" " * n + "a:\n" for n in range(500)))), 0, HAS_FACT),
    "deep JSON in a document": (text(fenced('{"a":' * 30_000, "json")), 0, HAS_FACT),
    "a number of a hundred thousand digits": (text(fenced("replicas: " + "9" * 100_000)), 0, HAS_FACT),
    "deep quotes": (text("Uptime target: 99.9 %\n\n" + "> " * 100_000 + "x\n"), 0, HAS_FACT),
    "deep lists": (text("Uptime target: 99.9 %\n\n" + "".join("  " * n + "- a\n" for n in range(1000))), 0, HAS_FACT),
    "open brackets": (text("Uptime target: 99.9 %\n\n" + "[" * 300_000 + "\n"), 0, HAS_FACT),
    "open code spans": (text("Uptime target: 99.9 %\n\n" + "` `` ``` " * 30_000 + "\n"), 0, HAS_FACT),
    "open tags": (text("Uptime target: 99.9 %\n\n" + "<a " * 100_000 + "<!--" * 50_000 + "\n"), 0, HAS_FACT),
    "open emphasis": (text("Uptime target: 99.9 %\n\n" + "*a _b " * 50_000 + "\n"), 0, HAS_FACT),
    "a line of nine megabytes": (text("Uptime target: 99.9 %\n\n" + "9,9 a " * 1_500_000 + "\n"), 0, HAS_FACT),
    "a row of fifty thousand cells": (
        text("Uptime target: 99.9 %\n\n" + "\n".join("|" + cell * 50_000 for cell in ("a|", "-|", "9 %|")) + "\n"),
        0,
        HAS_FACT,
    ),
    "a table of a hundred thousand rows": (
        text("| Service | Target |\n|---|---|\n" + "| api | 99.9 % |\n" * 100_000),
        3,
        "100,002 lines, at most 50,000 are read",
    ),
    "a line of fifty megabytes": (large(50_000_000, b"a"), 3, "50,000,000 bytes, at most 10,000,000 are read"),
    "a hundred megabytes": (large(100_000_000, b"# x\n"), 3, "100,000,000 bytes, at most 10,000,000 are read"),
    "a pipe": (os.mkfifo, 3, "not a regular file; not read"),
    "a device": (link("/dev/zero"), 3, "not followed"),
    "a link to itself": (link("PRD.md"), 3, "a loop of links"),
    "a folder": (Path.mkdir, 3, "Is a directory"),
}
"""What lies where a document is expected -> exit code of ``start`` (3: named and left out) and what is said."""


@dataclass(frozen=True)
class Case:
    """A file, the command that reads it, and how that ends."""

    path: str
    make: Made
    arguments: tuple[str, ...]
    code: int
    said: str
    params: str = HEAD


PARAMS = ("params", "shop.yaml")
INCIDENTS = ("incident", "list", "--params", "shop.yaml")
LOG = HEAD + "history: {incidents: log}\n"
OPENED = ("start", "--params", "shop.yaml")
OBJECTIVES = ("slo", "validate", "slo.yaml")
CALENDAR = ("oncall", "audit", "c.ics")
FILES: dict[str, Case] = {
    "aliases in params": Case("shop.yaml", text(HEAD + MAPS), PARAMS, 2, "YAML aliases are not read"),
    "deep params": Case("shop.yaml", text(HEAD + "x: " + "[" * 100_000), PARAMS, 2, "nested too deeply"),
    "large params": Case("shop.yaml", large(100_000_000), PARAMS, 2, "at most 1,000,000 are read"),
    "params are a pipe": Case("shop.yaml", os.mkfifo, PARAMS, 2, "not a regular file"),
    "params are a pipe, and a render": Case(
        "shop.yaml", os.mkfifo, ("render", "--params", "shop.yaml", "--as-of", "2026-10-01"), 2, "not a regular file"
    ),
    "params are a device": Case("shop.yaml", link("/dev/zero"), PARAMS, 2, "not a regular file"),
    "params are a link to themselves": Case("shop.yaml", link("shop.yaml"), PARAMS, 2, "no params file"),
    "incidents from a pipe": Case("log", os.mkfifo, INCIDENTS, 3, "not a regular file", LOG),
    "incidents from a device": Case("log", link("/dev/zero"), INCIDENTS, 3, "not a regular file", LOG),
    "deep incidents": Case("log", text("[" * 1_000_000), INCIDENTS, 3, "not JSON", LOG),
    "large incidents": Case("log", large(300_000_000), INCIDENTS, 3, "at most 200,000,000 are read", LOG),
    "a field of thirty megabytes": Case(
        "log", text('id,began\n"' + "x" * 30_000_000), INCIDENTS, 3, "field larger than field limit", LOG
    ),
    "deep front matter": Case(
        "log", text("---\na: " + "[" * 10_000 + "\n---\n# x\n"), INCIDENTS, 3, "front matter is not YAML", LOG
    ),
    "aliases in front matter": Case(
        "log", text(f"---\n{MAPS}---\n# x\n"), INCIDENTS, 3, "more than 100,000 values with its anchors", LOG
    ),
    "the graph is a pipe": Case("memory.jsonl", os.mkfifo, OPENED, 3, "not a regular file", GRAPH),
    "a deep graph": Case("memory.jsonl", text("[" * 1_000_000), OPENED, 2, "not a whole JSON object", GRAPH),
    "a graph of a million lines": Case(
        "memory.jsonl", text("{}\n" * 1_000_000), OPENED, 3, "1,000,000 lines, at most 200,000 are read", GRAPH
    ),
    "objectives from a pipe": Case("slo.yaml", os.mkfifo, OBJECTIVES, 2, "not a regular file"),
    "objectives from a device": Case("slo.yaml", link("/dev/zero"), OBJECTIVES, 2, "not a regular file"),
    "aliases in objectives": Case(
        "slo.yaml", text("apiVersion: openslo/v1\nkind: SLO\n" + MAPS), OBJECTIVES, 2, "no such field"
    ),
    "deep objectives": Case("slo.yaml", text("[" * 100_000), OBJECTIVES, 2, "nested deeper than 50 levels"),
    "a calendar from a pipe": Case("c.ics", os.mkfifo, CALENDAR, 2, "not a regular file"),
    "a deep calendar": Case(
        "c.ics", text("BEGIN:VCALENDAR\n" + "BEGIN:VEVENT\n" * 20_000), CALENDAR, 3, "not an iCalendar file"
    ),
    "a published document is a pipe": Case(
        "shop/docs/SRE/SLODefinitions.md", os.mkfifo, ("check", "shop/docs/SRE"), 2, "not a regular file"
    ),
    "a deep manifest": Case(
        "shop/docs/SRE/manifest.json", text("[" * 100_000), ("verify", "shop/docs/SRE"), 3, "the manifest is damaged"
    ),
}
DOCUMENT_CASES = {name: Case(PRD, make, OPENED, code, said) for name, (make, code, said) in DOCUMENTS.items()}
CASES = DOCUMENT_CASES | FILES
CHILD = """
import contextlib, io, json, os, resource, signal, sys
from pathlib import Path
from sre_kit.cli import main
import sre_kit.load.facts, sre_kit.load.params, sre_kit.load.slo_files
from tests.faults.test_bombs import CASES, PRD

def status(what):
    line = next(one for one in Path("/proc/self/status").read_text().splitlines() if one.startswith(what))
    return int(line.split()[1]) << 10

limit = status("VmSize") + (1 << 30)
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
for name, case in CASES.items():
    print(json.dumps({"begins": name}), flush=True)
    os.chdir(Path(sys.argv[1]) / str(list(CASES).index(name)))
    out = io.StringIO()
    signal.alarm(120)
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        code = main(list(case.arguments))
        if case.path == PRD and not code:
            main(["facts", PRD])
    signal.alarm(0)
    print(json.dumps({"name": name, "code": code, "said": out.getvalue(), "peak": status("VmHWM")}), flush=True)
"""


def lay(folder: Path, case: Case) -> None:
    """A project with nothing but the bomb."""
    (folder / "shop" / "docs" / "Project Manager").mkdir(parents=True)
    (folder / "shop.yaml").write_text(case.params, encoding="utf-8")
    path = folder / case.path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    case.make(path)


@pytest.fixture(scope="module")
def endings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """How each case ended; the last one that began is without an end where the process died."""
    folder = tmp_path_factory.mktemp("bombs")
    for number, case in enumerate(CASES.values()):
        lay(folder / str(number), case)
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-c", CHILD, str(folder)], cwd=root, capture_output=True, text=True)
    found: dict[str, dict[str, Any]] = {}
    for line in done.stdout.splitlines():
        one = json.loads(line)
        found[one.get("name") or one["begins"]] = one if "name" in one else {"died": done.returncode}
    return found


@pytest.mark.slow
@pytest.mark.parametrize("name", DOCUMENTS)
@pytest.mark.fault("T8", "B")
def test_a_document_that_is_a_bomb_is_read_within_bounds_or_named(
    endings: dict[str, dict[str, Any]], name: str
) -> None:
    _ended(endings, name)


@pytest.mark.slow
@pytest.mark.parametrize("name", FILES)
@pytest.mark.fault("T8", "C")
def test_a_file_that_is_a_bomb_is_refused_by_its_reason(endings: dict[str, dict[str, Any]], name: str) -> None:
    _ended(endings, name)


def _ended(endings: dict[str, dict[str, Any]], name: str) -> None:
    case, end = CASES[name], endings.get(name, {"died": "before it"})
    assert "died" not in end, f"it took the process with it: {end['died']}"
    assert end["code"] == case.code, end["said"][-2000:]
    assert case.said in end["said"], end["said"][-2000:]
    assert "defect" not in end["said"]
    assert end["peak"] < MEGABYTES << 20, f"{end['peak'] >> 20} MB"


@pytest.mark.slow
@pytest.mark.fault("T8", "B")
def test_a_project_of_bombs_is_rendered_without_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "shop" / "docs" / "Project Manager"
    folder.mkdir(parents=True)
    (tmp_path / "shop.yaml").write_text(HEAD, encoding="utf-8")
    (folder / "BusinessModel.md").write_text("Uptime target: 99.95 %\n", encoding="utf-8")
    broken = {}
    for number, (what, (make, code, why)) in enumerate(DOCUMENTS.items()):
        if code or "aliases" in what:
            make(path := folder / f"Bomb{number}.md")
            if path.exists() and not path.is_dir():
                broken[path.name] = why
    assert main(["render", "SLODefinitions", "--params", str(tmp_path / "shop.yaml")]) == 3
    said = capsys.readouterr().err
    document = (tmp_path / "shop" / "docs" / "SRE" / "SLODefinitions.md").read_text(encoding="utf-8")
    assert "99.95" in document
    assert len(broken) == 8
    for name, why in broken.items():
        assert why == HAS_FACT or re.search(rf"incomplete: .*{name}: .*{re.escape(why)}", said), f"{name}: {said}"
        assert why == HAS_FACT or name in document
