"""A project in which every text wants to be more than text, rendered whole: nothing in its documents is active."""

from __future__ import annotations

import csv
import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import mistune
import pytest
import yaml
from markdown_it import MarkdownIt

from sre_kit.cli import demo, main
from sre_kit.errors import ParameterError
from sre_kit.load import params as params_file
from sre_kit.render.batch import DELIVERABLES
from sre_kit.store import places
from tests.faults.hostile import ACTIVE, INVISIBLE
from tests.test_escape import Seen

PAYLOADS = [*ACTIVE, *(one for one in INVISIBLE if one.strip() and "\ud800" not in one and "\0" not in one)]
PARSERS = {
    "markdown-it": MarkdownIt("gfm-like", {"html": True, "linkify": False}).render,
    "mistune": mistune.create_markdown(escape=False, plugins=["table", "strikethrough", "url", "task_lists"]),
}
ALLOWED = {"a", "code", "em", "h1", "h2", "h3", "h4", "hr", "img", "input", "li", "ol", "p", "pre", "strong", "ul"} | {
    *("table", "thead", "tbody", "tr", "th", "td"),
}
# names that another tool reads; a strange one is refused by name where it is used, and stops the render
REFUSED = (".handoff", ".country", ".zone", ".component", ".service", ".resource", ".on", ".namespace", ".deployment")
OURS = re.compile(r"</?(?:details|summary|br)>|<!-- sre-kit:(?:begin sha256=[0-9a-f]{64} [A-Za-z ;.-]+|end) -->")


def hostile(text: str) -> str:
    """`text` and a payload; the same text gets the same one, so that names still agree with each other."""
    return f"{text} {PAYLOADS[sum(text.encode('utf-8', 'replace')) % len(PAYLOADS)]}"


def _mapped(value: Any, where: str, change: Callable[[str, str], str]) -> Any:
    if isinstance(value, str):
        return change(where, value)
    if isinstance(value, dict):
        return {key: _mapped(one, f"{where}.{key}", change) for key, one in value.items()}
    if isinstance(value, list):
        return [_mapped(one, f"{where}[]", change) for one in value]
    return value


def _places(value: Any, where: str = "") -> Iterator[str]:
    if isinstance(value, str):
        yield where
    elif isinstance(value, dict):
        for key, one in value.items():
            yield from _places(one, f"{where}.{key}")
    elif isinstance(value, list):
        for one in value:
            yield from _places(one, f"{where}[]")


def poison_params(folder: Path) -> int:
    """Payloads into every value of the params that may be free text; returns in how many places."""
    whole = params_file.raw(folder)
    taken = []
    for place in sorted(set(_places(whole))):
        if place.endswith(
            (
                ".handoff",
                ".country",
                ".zone",
                ".component",
                ".service",
                ".resource",
                ".on",
                ".namespace",
                ".deployment",
                ".workload",
                ".kind",
            )
        ):  # refused by name where they are used
            continue
        if place.startswith((".project.path", ".source", ".history", ".performance.load", ".performance.statements")):
            continue
        trial = _mapped(whole, "", lambda where, text, place=place: hostile(text) if where == place else text)
        try:
            params_file.checked(trial, "trial")
        except (ParameterError, ValueError):
            continue
        taken.append(place)
        whole = trial
    for file in folder.glob("*.yaml"):
        file.unlink()
    (folder / "all.yaml").write_text(yaml.safe_dump(whole, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return len(taken)


def poison_documents(project: Path) -> int:
    """Payloads at the end of items and cells of every document, and documents with hostile names."""
    count = 0
    for path in sorted(project.rglob("*.md")):
        lines = path.read_text(encoding="utf-8").split("\n")
        for number, line in enumerate(lines):
            if re.match(r"\s*(?:[-*]|\d+\.) \S", line) and "[ ]" not in line and "[x]" not in line:
                lines[number] = hostile(line).replace("\n", " ").replace("\r", " ")
                count += 1
        path.write_text("\n".join(lines), encoding="utf-8")
    folder = project / "docs" / "Project Manager"
    for name in ("@someone `x` <b>.md", "[a](javascript:alert(1)) | b.md", "![x](..).md"):
        (folder / name.replace("/", "_")).write_text("# Notes\n\n- Uptime target: 99.9 %\n", encoding="utf-8")
    return count


def poison_incidents(folder: Path) -> None:
    rows = [json.loads(line) for line in (places.demo() / "incidents.jsonl").read_text(encoding="utf-8").splitlines()]
    free = {"title", "cause", "impact", "service", "summary", "component", "root_cause", "lesson", "customer_impact"}
    for row in rows:
        for key, value in row.items():
            if key in free and isinstance(value, str):
                row[key] = hostile(value)
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (folder / "incidents.jsonl").write_text(text, encoding="utf-8")
    file = folder / "all.yaml"
    params = file.read_text(encoding="utf-8").replace("demo:incidents.jsonl", "incidents.jsonl")
    file.write_text(params, encoding="utf-8")


def poison_tables(folder: Path) -> int:
    """Payloads into what other programs wrote: statements, deploys, requests; returns how many."""
    count = 0
    for name, columns in {"statements.csv": {"query"}, "deploys.csv": {"version", "incident"}}.items():
        with (places.demo() / name).open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        for row in rows:
            row.update({column: hostile(row[column]) for column in columns & set(row) if row[column]})
            count += 1
        with (folder / name).open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(rows)
    lines = (places.demo() / "access.log").read_text(encoding="utf-8").split("\n")
    for number, line in enumerate(lines):
        if number % 7 == 0 and " HTTP/" in line:
            payload = re.sub(r'[\s"\\]', "", PAYLOADS[number % len(PAYLOADS)])
            lines[number] = line.replace(" HTTP/", f"/{payload} HTTP/", 1)
            count += 1
    (folder / "access.log").write_text("\n".join(lines), encoding="utf-8")
    file = folder / "all.yaml"
    params = file.read_text(encoding="utf-8")
    for name in ("statements.csv", "deploys.csv", "access.log"):
        assert f"demo:{name}" in params
        params = params.replace(f"demo:{name}", name)
    file.write_text(params, encoding="utf-8")
    return count


def poison_memory(folder: Path, project: Path) -> None:
    """The project is found by a graph whose every other name and observation is a payload."""
    entities = [
        {"type": "entity", "name": one, "entityType": one, "observations": [one, f"see {one}", f"path: {one}"]}
        for one in PAYLOADS
    ]
    relations = [{"type": "relation", "from": one, "to": "ProjectMetadata", "relationType": one} for one in PAYLOADS]
    observations = [*PAYLOADS, f"project_path: {project}", "../../etc/passwd"]
    ours = {"type": "entity", "name": "ProjectMetadata", "entityType": "project", "observations": observations}
    text = "".join(json.dumps(one) + "\n" for one in [*entities, ours, *relations]) + '{"type": "<script>'
    (folder / "memory.jsonl").write_text(text, encoding="utf-8")
    file = folder / "all.yaml"
    params = yaml.safe_load(file.read_text(encoding="utf-8"))
    del params["project"]["path"]
    params["project"]["knowledge_graph"] = "memory.jsonl"
    file.write_text(yaml.safe_dump(params, allow_unicode=True, sort_keys=False), encoding="utf-8")


@pytest.fixture(scope="module")
def poisoned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile") / "shop"
    demo.copy(folder)
    shutil.rmtree(folder / "docs" / "SRE", ignore_errors=True)
    assert poison_documents(folder) > 50
    assert poison_params(folder / "params") > 100
    poison_incidents(folder / "params")
    assert poison_tables(folder / "params") > 100
    poison_memory(folder / "params", folder)
    assert main(["render", "--params", str(folder / "params")]) in {0, 3}
    return folder


def texts(folder: Path) -> dict[str, str]:
    found = {name: folder / "docs" / "SRE" / f"{name}.md" for name in DELIVERABLES} | {"plan": folder / "build-plan.md"}
    return {name: path.read_text(encoding="utf-8") for name, path in found.items()}


def harmless(name: str, text: str) -> None:
    """Neither parser sees anything that acts, leads away or calls somebody."""
    shown = OURS.sub("", text)
    for parser, parse in PARSERS.items():
        try:
            seen = Seen(str(parse(shown)))
        except AssertionError as error:
            raise AssertionError(f"{name}, {parser}: {error}") from None
        where = f"{name} by {parser}"
        strange = set(seen.tags) - ALLOWED
        assert not strange, f"{where}: {strange}"
        assert not seen.mentions, f"{where}: {seen.mentions[:5]}"
        bad = [one for one in seen.links if re.match(r"(?i)\s*(?!https?:)[a-z][a-z0-9+.-]*:|//", one)]
        assert not bad, f"{where}: {bad[:5]}"
        assert not [one for one in seen.links if "evil.example" in one], where
        foreign = [source for source, _ in seen.images if not source.startswith("images/")]
        assert not foreign, f"{where}: {foreign[:5]}"


@pytest.mark.slow
@pytest.mark.fault("T4", "A")
def test_a_hostile_project_makes_six_harmless_documents(poisoned: Path) -> None:
    for name, text in texts(poisoned).items():
        if name == "plan":  # its other lines are the project's own
            text = text[text.index("<!-- sre-kit:begin") : text.index("<!-- sre-kit:end -->")]
        harmless(name, text)


OBJECTIVE = "  - {{name: {0}, service: api, target: 99 %, window: 2d, good: {1}, total: all, owner: Ada}}\n"


@pytest.mark.slow
@pytest.mark.fault("T4", "A")
def test_hostile_columns_cells_and_labels_of_measurements_do_no_harm(tmp_path: Path) -> None:
    """Each table cannot be used for a reason that repeats what it holds."""
    metrics, shop = tmp_path / "metrics", tmp_path / "shop"
    metrics.mkdir()
    shop.mkdir()
    payloads = [one for one in PAYLOADS if '"' not in one][::4]
    hours = [f"2026-08-30T{hour:02}:00:00Z" for hour in range(24)]
    (metrics / "all.csv").write_text("time,value\n" + "".join(f"{one},100\n" for one in hours), encoding="utf-8")
    objectives, samples = "", []
    for number, payload in enumerate(payloads):
        label = payload.replace("\\", "\\\\").replace("\n", "\\n")
        sample = f'x_total{{path="{label}"}}'
        samples += [f"{sample} 1 1788048060", f"{sample} 1 1788048000"]
        bad = (
            f'"{payload}",other\n2026-08-30,1\n',
            f'time,value\n2026-08-30T00:00:00Z,"{payload}"\n',
            f'time,value\n"{payload}",1\n',
        )
        if number % 4 < 3:
            (metrics / f"bad{number}.csv").write_text(bad[number % 4], encoding="utf-8", newline="")
        objectives += OBJECTIVE.format(f"bad{number}", json.dumps(f"bad{number}" if number % 4 < 3 else sample))
    (metrics / "labels.om").write_text("\n".join([*samples, "# EOF", ""]), encoding="utf-8", newline="")
    head = "project: {name: Shop, path: shop}\nas_of: 2026-09-01\nsource: {url: 'file:metrics', step: 1h}\nslos:\n"
    (tmp_path / "shop.yaml").write_text(head + objectives, encoding="utf-8")
    assert main(["render", "SLODefinitions", "--params", str(tmp_path / "shop.yaml")]) == 3
    text = (shop / "docs" / "SRE" / "SLODefinitions.md").read_text(encoding="utf-8")
    harmless("SLODefinitions", text)
    assert text.count("alert") > 10, "nothing of what the tables hold is repeated"


@pytest.mark.slow
@pytest.mark.fault("T4", "A")
def test_a_hostile_project_leaves_every_table_its_shape(poisoned: Path) -> None:
    count = 0
    for name, text in texts(poisoned).items():
        for parser, parse in PARSERS.items():
            for table in re.findall(r"<table>.*?</table>", str(parse(text)), re.DOTALL):
                rows = re.findall(r"<tr>.*?</tr>", table, re.DOTALL)
                widths = {len(re.findall(r"<t[dh]\b", row)) for row in rows}
                assert len(widths) == 1, f"{name}, {parser}: {table[:400]}"
                count += 1
        if name != "plan":
            pipes = [line for line in text.split("\n") if line.startswith(("|:", "| :", "|-"))]
            parsed = len(re.findall("<table>", str(PARSERS["markdown-it"](text))))
            assert parsed == len(pipes), f"{name}: {len(pipes)} tables were written, {parsed} are read"
    assert count > 100


@pytest.mark.slow
@pytest.mark.fault("T10", "A")
def test_no_invisible_letter_and_no_template_of_a_hostile_project_reaches_a_document(poisoned: Path) -> None:
    for name, text in texts(poisoned).items():
        if name != "plan":
            hidden = "\u200b\u202e\u2066\u2063\u00ad\ufeff"
            found = sorted({c for c in text if c in hidden or (ord(c) < 32 and c != "\n")})
            assert not found, f"{name}: {found!r}"
            assert "{x.__class__}" not in text or "{{7\\*7}}" in text or "{{7*7}}" in text
    assert any("{{7" in text for text in texts(poisoned).values()), "no template text was seen at all"
