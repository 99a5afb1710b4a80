"""``sre-kit drift``: the generated rules against those that the project's Prometheus evaluates."""

from __future__ import annotations

import json as jsonlib
from pathlib import Path
from typing import Any

from sre_kit import load
from sre_kit.compute.operations.drift import Drift, drift
from sre_kit.errors import OutOfDateError, ParameterError
from sre_kit.escape import plain
from sre_kit.load.metrics.prometheus import PrometheusSource
from sre_kit.load.rules import declared_rules, loaded_rules
from sre_kit.store import places


def run(params: str, files: list[Path], json: bool) -> int:
    """Print what is not as declared; 5 when anything is."""
    project = load.project(params)
    if not isinstance(project.source, PrometheusSource):
        raise ParameterError(
            f"{project.params_path.name}: source.url names no Prometheus, so no rules can be asked for; "
            "write prometheus+http://HOST:PORT"
        )
    folder = project.root / places.DOCUMENTS / "artifacts"
    named = files or sorted(folder.glob("*.rules.yaml"))
    if not named:
        raise ParameterError(f"there is no rule file in {folder}; render first, or name files")
    declared, loaded = declared_rules(named), loaded_rules(project.source.server)
    found = drift(declared, loaded)
    if json:
        said = {
            "declared": len(declared),
            "loaded": len(loaded),
            "drift": [_as_json(one) for one in found],
        }
        print(jsonlib.dumps(said, indent=1, ensure_ascii=False))
    else:
        for one in found:
            _print(one)
        print(
            f"{len(declared)} rules of {len(named)} files, {len(loaded)} at {project.source.name}: {len(found)} differ"
        )
    return OutOfDateError.exit_code if found else 0


def _print(one: Drift) -> None:
    parts = f": {', '.join(one.parts)}" if one.parts else ""
    labels = ", ".join(f'{name}="{value}"' for name, value in one.rule.labels.items())
    rule = f"{one.rule.group}, {one.rule.kind} {one.rule.name}{f' {{{labels}}}' if labels else ''}"
    print(f"{one.what:12}  {plain(rule)}{parts}  ({one.rule.source})")
    if one.other is not None and "expression" in one.parts:
        for word, expression in (("declared", one.rule.expression), ("loaded", one.other.expression)):
            print(f"{'':14}{word:10}{plain(expression)}")


def _as_json(one: Drift) -> dict[str, Any]:
    row: dict[str, Any] = {"what": one.what, "group": one.rule.group, "kind": one.rule.kind, "name": one.rule.name}
    row |= {"labels": dict(one.rule.labels), "parts": list(one.parts), "source": one.rule.source}
    if one.other is not None:
        row |= {"declared": one.rule.expression, "loaded": one.other.expression}
    return row
