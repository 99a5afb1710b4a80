"""``sre-kit slo``: files of other tools in which objectives stand, checked and taken over."""

from __future__ import annotations

import json as jsonlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from sre_kit.errors import ParameterError, ProtectedError

if TYPE_CHECKING:
    from sre_kit.load.slo_files import Contents


def validate(files: list[Path], json: bool) -> int:
    """List all that is wrong with the files; 2 when something is."""
    from sre_kit.load.slo_files import contents

    found = contents(files)
    if json:
        said = {
            "objects": found.objects,
            "problems": [{"file": one.file, "line": one.line, "text": one.text} for one in found.problems],
            "notes": [{"file": one.file, "line": one.line, "text": one.text} for one in found.notes],
        }
        print(jsonlib.dumps(said, indent=1, ensure_ascii=False))
        return 2 if found.problems else 0
    for problem in found.problems:
        print(problem)
    for note in found.notes:
        print(f"{note.file}:{note.line}: note: {note.text}")
    for left in found.not_imported:
        print(f"{left.file}:{left.line}: note: SLO {left.name!r} cannot be imported: {left.reason}")
    print(f"{len(found.objects)} objects, {len(found.problems)} problems")
    return 2 if found.problems else 0


def take_over(files: list[Path], params: Path | None) -> int:
    """Print the params lines of the objectives, or write them into a new file; say what is left out."""
    from sre_kit.emit.params_lines import params_lines
    from sre_kit.load.slo_files import contents

    if params and params.exists():
        raise ProtectedError(f"{params} is there already and is never written over; name a file that is not")
    found = contents(files)
    refuse(found)
    text = params_lines([one.slo for one in found.slos], {one.slo.name: one.left_out for one in found.slos})
    named = ", ".join(path.name for path in files)
    text = f"# Objectives of {named}, taken over by sre-kit slo import; look at each before you rely on it.\n{text}"
    for left in found.not_imported:
        print(f"{left.file}:{left.line}: left out: SLO {left.name!r}: {left.reason}", file=sys.stderr)
    for note in found.notes:
        print(f"{note.file}:{note.line}: note: {note.text}", file=sys.stderr)
    if not found.slos:
        raise ParameterError(f"{named}: no objective of it can be taken over; the lines above say why")
    if params is None:
        print(text, end="")
        return 0
    _write_new(params, text)
    print(f"{params}: {len(found.slos)} objectives; a params folder takes it as it is, a params file takes its lines")
    return 0


def rules(files: list[Path], period: str, kubernetes: bool) -> int:
    """Print the Prometheus rules of the objectives: Sloth's form for its own files, ours for OpenSLO."""
    from sre_kit import emit
    from sre_kit.load.slo_files import contents

    found = contents(files)
    refuse(found)
    theirs = {slo.id for slo in found.sloth}
    ours = [one.slo for one in found.slos if one.slo.name not in theirs]
    if ours and (theirs or kubernetes):
        raise ParameterError("OpenSLO files get rules of another form, and none for Kubernetes; ask for them alone")
    for left in found.not_imported:
        if left.name not in theirs:
            print(f"{left.file}:{left.line}: no rules: SLO {left.name!r}: {left.reason}", file=sys.stderr)
    refused = emit.without_rules(ours)
    for name, reason in refused.items():
        print(f"no rules: SLO {name!r}: {reason}", file=sys.stderr)
    if len(refused) == len(ours) and not theirs:
        raise ParameterError(
            f"{', '.join(path.name for path in files)}: there is no objective that rules can be made for"
        )
    print(_sloth_rules(found, period, kubernetes) if theirs else emit.prometheus_rules(ours, refused=False), end="")
    return 0


def _sloth_rules(found: Contents, period: str, kubernetes: bool) -> str:
    from dataclasses import replace

    from sre_kit.emit.sloth import prometheus_rule_object, sloth_rules
    from sre_kit.units import duration

    length = duration(period)
    specs = [(spec, [replace(one, period=length) for one in spec.slos]) for spec in found.specs]
    if not kubernetes:
        return sloth_rules([one for _, slos in specs for one in slos], found.windows)
    return "".join(
        "---\n" + prometheus_rule_object(slos, {"name": spec.service.lower(), **spec.metadata}, found.windows)
        for spec, slos in specs
    )


def refuse(found: Contents) -> None:
    """Stop at files that have problems, with all of them."""
    if found.problems:
        raise ParameterError("\n".join(["the files have problems", *(str(one) for one in found.problems)]))


def _write_new(path: Path, text: str) -> None:
    """Write a file that must not be there yet, not even since a moment ago."""
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise ProtectedError(f"{path} is there already and is never written over; name a file that is not") from None
    except OSError as error:
        raise ParameterError(f"{path}: cannot be written ({error.strerror}); give a path in a folder that is") from None
