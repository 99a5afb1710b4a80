"""
What a knowledge graph remembers of the documents that were published: enough to go on where their files are missing.

A checkout without docs/SRE, or another machine, then still counts versions on, and says what changed since. Each line
for machines is an observation of the entity ``<project>: SRE documents``: the memory server keeps nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sre_kit.store.knowledge import Entity, Graph
from sre_kit.store.manifest import Manifest, Published, values

TYPE: Final = "sre-documents"
_DOCUMENT: Final = "sre-kit document "
_INPUTS: Final = "sre-kit inputs "
_HASH: Final = 16
"""Digits of an input's hash that are kept; enough to tell two contents apart."""


@dataclass(frozen=True)
class DocumentState:
    """A notebook's document as it was published last; `version` is 0 where it never was."""

    name: str
    version: int = 0
    as_of: datetime | None = None
    since: Mapping[str, list[str]] = field(default_factory=dict)
    """Inputs of the project that are ``changed``, ``new`` or ``gone`` since then."""
    beside: bool = False
    """Whether the notebook lies in the working directory, where a link finds it."""


def entity_name(project: str) -> str:
    """The name of the entity about a project's documents."""
    return f"{project}: SRE documents"


def observations(manifest: Manifest) -> tuple[str, ...]:
    """The lines for machines about what `manifest` says was published."""
    inputs = {path: digest[:_HASH] for one in manifest.documents.values() for path, digest in one.inputs.items()}
    lines = [f"{_INPUTS}{_json(inputs)}"]
    for name, one in sorted(manifest.documents.items()):
        now = values(manifest, name)
        old: Mapping[str, Any] = one.before.get("records", {})
        differing = {key: old.get(key) for key in sorted({*old, *now}) if old.get(key) != now.get(key)}
        said = {
            "name": name,
            "path": one.path,
            "version": one.version,
            "as_of": one.as_of,
            "sha256": one.sha256,
            "body_sha256": one.body_sha256,
            "numbers": now,
            "decisions": dict(one.decisions),
            "before": {"version": one.before.get("version", 0), "differing": differing},
        }
        lines.append(f"{_DOCUMENT}{_json(said)}")
    return tuple(lines)


def manifest(graph: Graph, project: str) -> Manifest:
    """
    The published set as far as `graph` remembers it: versions, hashes, inputs and numbers; empty where it does not.

    Units and sources of the numbers, checks, gaps and findings are not remembered.
    """
    entity = next((one for one in graph.entities if one.name == entity_name(project) and one.type == TYPE), None)
    if entity is None:
        return Manifest()
    found: dict[str, Published] = {}
    records: dict[str, dict[str, Any]] = {}
    inputs: Mapping[str, str] = {}
    for said in _said(entity, _INPUTS):
        inputs = {str(path): str(digest) for path, digest in said.items()}
    for said in _said(entity, _DOCUMENT):
        try:
            name, now, before = str(said["name"]), dict(said["numbers"]), said["before"]
            old = {**now, **before["differing"]} if before["version"] else {}
            found[name] = Published(
                path=str(said["path"]),
                version=int(said["version"]),
                sha256=str(said["sha256"]),
                body_sha256=str(said["body_sha256"]),
                as_of=str(said["as_of"]),
                before={"version": int(before["version"]), "records": old},
                inputs=inputs,
                decisions=dict(said.get("decisions", {})),
            )
        except (KeyError, TypeError, ValueError):
            continue  # written by another version, or changed by hand
        records |= {str(key): {"value": value, "document": name} for key, value in now.items()}
    return Manifest(found, records)


def changed_inputs(published: Iterable[Published], now: Mapping[str, str]) -> dict[str, list[str]]:
    """
    Inputs that are ``changed``, ``new`` or ``gone`` since the documents were made from them.

    >>> one = Published("p", 1, "", "", "", inputs={"a": "12", "b": "34"})
    >>> changed_inputs([one], {"a": "99", "c": "56"})
    {'changed': ['a'], 'new': ['c'], 'gone': ['b']}
    """
    was = {path: digest for one in published for path, digest in one.inputs.items()}
    same = {path for path, digest in was.items() if digest and now.get(path, "")[: len(digest)] == digest}
    return {
        "changed": sorted((was.keys() & now.keys()) - same),
        "new": sorted(now.keys() - was.keys()),
        "gone": sorted(was.keys() - now.keys()),
    }


def changed_numbers(published: Manifest) -> list[dict[str, Any]]:
    """
    Numbers that differ between each document's last version and the one before, those that moved furthest first.

    What is new or gone is no number that changed. Words such as states come first.

    >>> one = Published("p", 2, "", "", "", before={"version": 1, "records": {"x": 2.0, "state": "ok", "y": 1}})
    >>> now = {"x": 3.0, "state": "gone", "y": 1}
    >>> records = {name: {"value": value, "unit": "h", "document": "A"} for name, value in now.items()}
    >>> [(c["number"], c["was"], c["is"]) for c in changed_numbers(Manifest({"A": one}, records))]
    [('state', 'ok', 'gone'), ('x', 2.0, 3.0)]
    """
    found = []
    for name, one in published.documents.items():
        was, now = one.before.get("records", {}), values(published, name)
        for number in sorted(was.keys() & now.keys()):
            if was[number] is not None and now[number] is not None and was[number] != now[number]:
                unit = published.records[number].get("unit", "")
                row = {"number": number, "was": was[number], "is": now[number], "unit": unit, "document": name}
                found.append({**row, "versions": [one.before.get("version", 0), one.version]})
    return sorted(found, key=lambda row: -_moved(row["was"], row["is"]))


def _moved(was: object, now: object) -> float:
    """How far, relative to the larger of both; words are further than any number."""
    if not (isinstance(was, int | float) and isinstance(now, int | float)):
        return 2.0
    return abs(now - was) / max(abs(now), abs(was))


def _said(entity: Entity, prefix: str) -> Iterable[dict[str, Any]]:
    for text in entity.observations:
        if text.startswith(prefix):
            try:
                value = json.loads(text.removeprefix(prefix))
            except (ValueError, RecursionError):
                continue
            if isinstance(value, dict):
                yield value


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
