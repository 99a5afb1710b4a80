"""``sre-kit init`` and ``sre-kit new``: a params file from what is there, a notebook of one's own."""

from __future__ import annotations

import json as jsonlib
import os
import re
import shlex
from collections import Counter
from pathlib import Path

from sre_kit.compute.vocabulary import Fact, Kind
from sre_kit.errors import ParameterError, ProtectedError
from sre_kit.load import facts as reading
from sre_kit.load.documents import documents
from sre_kit.render.batch import DELIVERABLES
from sre_kit.store import places


def run(project: Path, params: Path) -> int:
    """Write the params file; never over a file."""
    root = project.expanduser()
    if not root.is_dir():
        raise ParameterError(f"there is no folder {project}; name the project's folder")
    text = template(root.resolve(), params.absolute().parent)
    params.parent.mkdir(parents=True, exist_ok=True)
    try:
        with open(params, "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise ProtectedError(f"{params} exists and is not overwritten; name another with --params") from None
    print(f"{params} written. Look through it, then: sre-kit render --params {shlex.quote(str(params))}")
    return 0


def template(root: Path, base: Path) -> str:
    """A commented params file for the project at `root`, as seen from the folder `base`."""
    texts, missing = documents(root)
    found = [fact for text in texts for fact in reading.facts(text.text, text.document.path) if not fact.refused]
    parts = [
        _HEAD.format(name=_yaml(root.name), path=_yaml(os.path.relpath(root, base)), currency=_currency(found)),
        f"# Found: {len(texts)} documents, {len(found)} facts; {len(missing)} expected documents are missing.\n",
        _SOURCE,
        "# Objectives. Targets found in the documents:\n",
        *_hints(found, Kind.AVAILABILITY_TARGET, Kind.LATENCY_TARGET, Kind.ERROR_RATE_TARGET),
        *_hints(found, Kind.CRITICAL_USER_JOURNEY),
        _SLOS,
        "# Who carries the pager. People found in the documents:\n",
        *_hints(found, Kind.TEAM_MEMBER),
        _ONCALL,
        "# Backups. Stateful components and recovery objectives found in the documents:\n",
        *_hints(found, Kind.RTO, Kind.RPO, Kind.BACKUP_SCHEDULE),
        *(f"#   {fact.name} ({fact.source})\n" for fact in found if fact.details.get("stateful") in ("yes", "true")),
        _OPERATIONS,
    ]
    return "".join(parts)


def new(name: str, params: str) -> int:
    """Write ``notebooks/NAME.ipynb`` beside the params file; never over a file."""
    if not re.fullmatch(r"[A-Z][A-Za-z0-9]{2,63}", name):
        raise ParameterError(f"the document's name {name!r} must be CamelCase letters and digits, such as ErrorReview")
    if name in (*DELIVERABLES, "Start"):
        raise ParameterError(f"{name} is shipped; give a document of your own another name")
    found = places.find_params(params)
    folder = (found if found.is_dir() else found.parent) / "notebooks"
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.ipynb"
    try:
        with open(path, "x", encoding="utf-8") as file:
            file.write(notebook(name, os.path.relpath(found, folder)))
    except FileExistsError:
        raise ProtectedError(f"{path} exists and is not overwritten") from None
    print(f"{path} written; sre-kit render --params {shlex.quote(params)} {name} renders it")
    return 0


def notebook(name: str, params: str) -> str:
    """A notebook that keeps the contract: parameters, load, compute, show, open questions."""
    load = (
        "from sre_kit import load, show\n\nproject = load.project(params, as_of=as_of)\nlog = load.incidents(project)"
    )
    guide = (
        f"# {name}\n\n*What does it answer? Write the question here.*\n\n"
        "- **To change:** set `params` below to another params file, and `as_of` for another moment; then choose\n"
        "  **Run › Run All Cells**. Of this cell the document has the heading alone."
    )
    cells = [
        {**_cell("title", guide), "metadata": {"tags": ["guide"]}},
        _cell(
            "parameters",
            f'params: str = "{params}"  # project file or folder\n'
            'as_of: str = ""  # report time, ISO 8601; empty: the last complete hour',
            "parameters",
        ),
        _cell("load", load, "load"),
        _cell("header", f'show.header(project.about, "{name}")', "show"),
        _cell("first-heading", "## Incidents so far\n\nReplace this section by what your document is about."),
        _cell("incidents", 'show.Note(f"{len(log.incidents)} incidents are on record.")', "show"),
        _cell("questions-heading", "## Open questions"),
        _cell("open-questions", "show.open_questions(gaps=project.gaps, read=project.read)", "show"),
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    metadata = {"kernelspec": kernel, "sre_kit": {"document": name}}
    return jsonlib.dumps({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}, indent=1) + "\n"


def _cell(id_: str, source: str, tag: str = "") -> dict[str, object]:
    cell: dict[str, object] = {"cell_type": "code" if tag else "markdown", "id": id_}
    cell["metadata"] = {"tags": [tag]} if tag else {}
    if tag:
        cell |= {"execution_count": None, "outputs": []}
    return cell | {"source": source}


def _hints(found: list[Fact], *kinds: Kind) -> list[str]:
    """Facts as comment lines, so that a person decides and nothing is invented."""
    lines = []
    for fact in found:
        if fact.kind in kinds:
            quote = " ".join(fact.quote.split())[:90]
            lines.append(f"#   {fact.source}: {quote}\n")
    return list(dict.fromkeys(lines)) or [f"#   no {kinds[0].value.replace('_', ' ')} was found\n"]


def _currency(found: list[Fact]) -> str:
    """The currency in which the documents state most costs and budgets."""
    units = Counter(fact.unit for fact in found if fact.kind in (Kind.COST, Kind.BUDGET) and fact.unit)
    return units.most_common(1)[0][0] if units else "USD"


def _yaml(text: str) -> str:
    return jsonlib.dumps(text, ensure_ascii=False)


_HEAD = """\
# Everything that a person decides about this project. Unknown keys are refused; times carry their zone, durations
# their unit. The JSON Schema for editors: sre-kit params --schema
project:
  name: {name}
  path: {path}
  zone: UTC
  currency: {currency}
  # knowledge_graph: memory.jsonl   # instead of path: where the graph with ProjectMetadata lies

"""
_SOURCE = """
# Where measurements come from. Secrets are named, never written: token_env or token_file (mode 0600).
# source:
#   url: prometheus+https://prometheus.example.org
#   auth:
#     token_env: PROMETHEUS_TOKEN
#   step: 5min

# What happened: an export of incidents, or a folder of them; deployments as CSV, JSON lines or git tags.
# history:
#   incidents: incidents.jsonl
#   deploys: git:..?pattern=v*
#   drills: drills.jsonl            # sre-kit drill restic --params appends to it

"""
_SLOS = """\
# slos:
#   - name: checkout-availability
#     service: checkout
#     target: 99.9 %
#     window: 30d                     # or calendar: quarter
#     good: http_requests_total{job="checkout",code!~"5.."}
#     total: http_requests_total{job="checkout"}
#     good_means: HTTP responses other than 5xx
#     total_means: all HTTP requests
#     journey: a customer pays for a basket
#     owner: checkout team

"""
_ONCALL = """\
# oncall:
#   people:
#     - {name: Ada Example, zone: Europe/London, country: GB}
#   rotations:
#     - {name: primary, members: [Ada Example], start: 2026-01-05, zone: Europe/London, handoff: "MON 10:00"}

"""
_OPERATIONS = """\
# operations:
#   backups:
#     - {component: orders-db, every: 24h, takes: 20min, rpo: 24h, rto: 4h, size: 40 GiB, retention: 30d}
"""
