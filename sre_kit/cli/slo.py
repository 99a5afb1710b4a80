"""``sre-kit slo``: files of other tools in which objectives stand, checked and taken over."""

from __future__ import annotations

import json as jsonlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from sre_kit.errors import ParameterError, ProtectedError
from sre_kit.escape import plain

if TYPE_CHECKING:
    from datetime import timedelta

    from sre_kit.load.slo_files import Contents

slo = typer.Typer(
    help="Objectives in files of other tools: OpenSLO, Sloth.",
    rich_markup_mode=None,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
Files = Annotated[list[Path], typer.Argument(help="OpenSLO or Sloth files, read together.", metavar="FILE...")]
RULES: Final = "slo.rules.yaml"
TESTS: Final = "slo.rules-test.yaml"
OURS: Final = "Generated; do not edit."
"""What a file says that we may write over."""


@slo.command("validate")
def validate(files: Files, json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> int:
    """List all that is wrong with them, by line.

    Exit 2 when something is. References are resolved across the files.
    """
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


@slo.command("import")
def take_over(
    files: Files,
    params: Annotated[
        Path | None, typer.Option("--params", help="A new file to write; never overwritten.", metavar="PATH")
    ] = None,
) -> int:
    """Print their objectives as lines of a params file.

    What a params file has no place for is named above each objective and on standard error.
    """
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


@slo.command("rules")
def rules(
    files: Files,
    period: Annotated[str, typer.Option("--period", help="Period of Sloth's objectives: 30d, 28d.")] = "30d",
    kubernetes: Annotated[
        bool, typer.Option("--kubernetes", help="As PrometheusRule objects of the Prometheus operator.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", help="Write them here, with tests, checked by promtool if it is there.", metavar="FOLDER"
        ),
    ] = None,
) -> int:
    """Print the Prometheus rules of their objectives.

    Those of a Sloth specification are the ones that Sloth makes. AlertWindows among the files replace its usual ones.
    With --out: exit 2 when promtool refuses a file or a test fails.
    """
    from sre_kit.load.slo_files import contents
    from sre_kit.units import duration

    if out and kubernetes:
        raise ParameterError("--out writes rule files with their tests; PrometheusRule objects are printed without it")
    found = contents(files)
    refuse(found)
    if out is None:
        print(_rules(found, files, duration(period), kubernetes), end="")
        return 0
    made = {RULES: _rules(found, files, duration(period), False), TESTS: _tests(found, duration(period))}
    return _written(out, made)


def _rules(found: Contents, files: list[Path], period: timedelta, kubernetes: bool) -> str:
    """Sloth's form for its own files, ours for OpenSLO; objectives without rules are told on standard error."""
    from sre_kit import emit

    theirs = {one.id for one in found.sloth}
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
    return _sloth_rules(found, period, kubernetes) if theirs else emit.prometheus_rules(ours, refused=False)


def _sloth_rules(found: Contents, period: timedelta, kubernetes: bool) -> str:
    from dataclasses import replace

    from sre_kit.emit.sloth import prometheus_rule_object, sloth_rules

    specs = [(spec, [replace(one, period=period) for one in spec.slos]) for spec in found.specs]
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


def _tests(found: Contents, period: timedelta) -> str:
    from dataclasses import replace

    from sre_kit.emit.rule_tests import prometheus_rule_tests
    from sre_kit.emit.sloth_tests import sloth_rule_tests

    if found.sloth:
        return sloth_rule_tests([replace(one, period=period) for one in found.sloth], RULES, found.windows)
    return prometheus_rule_tests([one.slo for one in found.slos], RULES)


def _written(folder: Path, made: dict[str, str]) -> int:
    """Check the files, write them, and say of each how far it was checked; 2 when a tool refuses one."""
    from sre_kit.render.validate import claims

    for name in made:
        path = folder / name
        if path.exists() and OURS not in path.read_text(encoding="utf-8", errors="replace")[:400]:
            raise ProtectedError(f"{path} is there already and was not generated; name another folder")
    checked = claims(made)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in made.items():
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise ParameterError(f"{folder}: cannot be written ({error.strerror}); give a folder that can") from None
    for name, text in made.items():
        claim = checked[name]
        said = f"refused by {claim.by}: {plain(claim.problem)}" if claim.problem else f"{claim.level} by {claim.by}"
        print(f"{folder / name}: {said}")
        for line in text.splitlines()[1:]:
            if line.startswith("# ") and ": no test, " in line:
                print(f"  {line[2:]}")
    return 2 if any(one.problem for one in checked.values()) else 0
