"""
How far a generated file was checked, said by the code that checked it, in this run.

``executed`` > ``tool-validated`` > ``schema-validated`` > ``syntax-checked`` > ``unchecked``. A tool that is not
installed makes the claim smaller, never the file wrong.
"""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from sre_kit.escape import md_text

LEVELS: Final = ("unchecked", "syntax-checked", "schema-validated", "tool-validated", "executed")
TIMEOUT: Final = 60
_WORKFLOWS: Final = ("builtin_schemas", "vendor", "github-workflows.json")


@dataclass(frozen=True)
class Claim:
    """A level, by which tool; `problem` is what the tool said when the file failed."""

    level: str
    by: str = ""
    problem: str = ""

    def __str__(self) -> str:
        if self.problem:
            return f"**refused by {self.by}:** {md_text(self.problem)}"
        return f"{self.level} by {self.by}" if self.by else self.level

    def as_json(self) -> dict[str, str]:
        """For the manifest."""
        return asdict(self)


def claims(files: Mapping[str, str]) -> dict[str, Claim]:
    """The claim of each file, checked together: a rule test needs its rules beside it."""
    if not files:
        return {}
    with tempfile.TemporaryDirectory(prefix="sre-kit-check-") as folder:
        root = Path(folder)
        for name, content in files.items():
            (root / name).write_text(content, encoding="utf-8")
        together = _together(root, files)
        return {name: together.get(name) or _claim(root, name) for name in files}


def _together(root: Path, names: Iterable[str]) -> dict[str, Claim]:
    """Files that a tool passes in one run, because it starts longer than it checks; of those it refuses, none."""
    found: dict[str, Claim] = {}
    for endings, check in _TOGETHER:
        alike = [name for name in names if name.endswith(endings)]
        if len(alike) > 1 and (claim := check(root, *alike)) and not claim.problem:
            found |= dict.fromkeys(alike, claim)
    return found


def _claim(root: Path, name: str) -> Claim:
    for endings, check in _CHECKS:
        if name.endswith(endings):
            return check(root, name)
    return Claim("unchecked")


def _promtool(root: Path, *names: str) -> Claim | None:
    return _tool(root, "promtool", ["check", "rules"], names)


def _rules(root: Path, name: str) -> Claim:
    return _promtool(root, name) or _yaml(root, name)


def _rule_tests(root: Path, name: str) -> Claim:
    ran = _tool(root, "promtool", ["test", "rules"], [name], level="executed")
    return ran or _yaml(root, name)


def _alertmanager(root: Path, name: str) -> Claim:
    checked = _tool(root, "amtool", ["check-config"], [name])
    return checked or _yaml(root, name)


def _routes(root: Path, name: str) -> Claim:
    """Each alert of the file takes the way that it says, by Alertmanager's own routing."""
    if (read := _yaml(root, name)).problem:
        return read
    content = _documents(root / name)[0]
    if not (root / content["config"]).is_file():
        return Claim("unchecked")
    for test in content["tests"]:
        labels = [f"{label}={json.dumps(value, ensure_ascii=False)}" for label, value in test["labels"].items()]
        options = [f"--config.file={content['config']}", f"--verify.receivers={test['receiver']}"]
        ran = _tool(root, "amtool", ["config", "routes", "test", *options], labels, level="executed")
        if ran is None:
            return read
        if ran.problem:
            return Claim("unchecked", "amtool config routes test", f"{' '.join(labels)}: {ran.problem}")
    return Claim("executed", f"amtool config routes test, {len(content['tests'])} routes")


def _documents(path: Path) -> list[Any]:
    """What a YAML file says, by libyaml where PyYAML has it: ten times faster."""
    return list(yaml.load_all(path.read_text(encoding="utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader)))


def _yaml(root: Path, name: str) -> Claim:
    try:
        _documents(root / name)
    except yaml.YAMLError as error:
        return Claim("unchecked", "PyYAML", str(error).splitlines()[0])
    return Claim("syntax-checked", "PyYAML")


def _json(root: Path, name: str) -> Claim:
    try:
        json.loads((root / name).read_text(encoding="utf-8"))
    except ValueError as error:
        return Claim("unchecked", "json", str(error))
    return Claim("syntax-checked", "json")


def _csv(root: Path, name: str) -> Claim:
    with (root / name).open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file, strict=True))
    uneven = next((number for number, row in enumerate(rows, 1) if len(row) != len(rows[0])), 0)
    if uneven:
        return Claim("unchecked", "csv", f"row {uneven} has {len(rows[uneven - 1])} cells, the head {len(rows[0])}")
    return Claim("syntax-checked", "csv") if rows else Claim("unchecked")


def _workflow(root: Path, name: str) -> Claim:
    """By GitHub's schema as check-jsonschema carries it; read here, because that program takes a second to start."""
    from importlib.metadata import PackageNotFoundError, version
    from importlib.util import find_spec

    if (read := _yaml(root, name)).problem:
        return read
    try:
        by = f"vendor.github-workflows of check-jsonschema {version('check-jsonschema')}"
        # found without being imported: the program's own imports take longer than the check
        package = find_spec("check_jsonschema")
        schema = Path((package and package.origin) or "").parent.joinpath(*_WORKFLOWS).read_bytes()
    except (PackageNotFoundError, OSError):
        return read
    from jsonschema import Draft7Validator

    return _judged(Draft7Validator(json.loads(schema)), by, _documents(root / name))


def _systemd(root: Path, *names: str) -> Claim | None:
    return _tool(root, "systemd-analyze", ["verify", "--man=no"], [f"./{name}" for name in names])


def _unit(root: Path, name: str) -> Claim:
    """By systemd itself; a timer is checked together with the service beside it."""
    return _systemd(root, name) or Claim("unchecked")


def _openslo(root: Path, name: str) -> Claim:
    return _documents_by_schema("openslo", root / name)


def _kubernetes(root: Path, name: str) -> Claim:
    return _documents_by_schema("kubernetes", root / name)


def _documents_by_schema(kind: str, path: Path) -> Claim:
    try:
        documents = _documents(path)
    except yaml.YAMLError as error:
        return Claim("unchecked", "PyYAML", str(error).splitlines()[0])
    return _by_schema(kind, documents)


def _analysis(root: Path, name: str) -> Claim:
    return _documents_by_schema("analysis", root / name)


def _dashboard(root: Path, name: str) -> Claim:
    try:
        document = json.loads((root / name).read_text(encoding="utf-8"))
    except ValueError as error:
        return Claim("unchecked", "json", str(error))
    return _by_schema("dashboard", [document])


def _by_schema(kind: str, documents: Iterable[Any]) -> Claim:
    """What our own schema of a format says; it is smaller than the format, and says what we write of it."""
    from jsonschema import Draft202012Validator

    schema = json.loads((Path(__file__).parent / "schemas" / f"{kind}.schema.json").read_text(encoding="utf-8"))
    return _judged(Draft202012Validator(schema), f"sre-kit's schema {kind}", documents)


def _judged(validator: Any, by: str, documents: Iterable[Any]) -> Claim:
    for number, document in enumerate(documents, 1):
        # times are text to a schema, and YAML reads them as times
        for error in validator.iter_errors(json.loads(json.dumps(document, default=str))):
            where = ".".join(str(part) for part in error.absolute_path)
            return Claim("unchecked", by, f"document {number}, {where or 'whole'}: {error.message}")
    return Claim("schema-validated", by)


def _calendar(root: Path, name: str) -> Claim:
    from icalendar import Calendar

    try:
        read: Any = Calendar.from_ical((root / name).read_bytes())
    except ValueError as error:
        return Claim("unchecked", "icalendar", str(error))
    return Claim("syntax-checked", "icalendar") if read.walk("VEVENT") else Claim("unchecked")


def _tool(
    root: Path, tool: str, arguments: Sequence[str], of: Sequence[str], level: str = "tool-validated"
) -> Claim | None:
    """What `tool` says of files (or labels); None where it is not installed or does not answer."""
    path = shutil.which(tool)
    if path is None:
        return None
    try:
        done = subprocess.run(
            [path, *arguments, *of],
            cwd=root,
            env={"GOGC": "400", **os.environ},  # a rule test spends a quarter of its time on collecting garbage
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    command = " ".join([tool, *arguments])
    if done.returncode == 0:
        return Claim(level, command)
    said = (done.stderr or done.stdout).strip().splitlines()
    return Claim("unchecked", command, said[-1] if said else f"exit code {done.returncode}")


_RULES: Final = (".rules.yaml", ".rules.yml")
_UNITS: Final = (".timer", ".service")
_TOGETHER: Final = ((_RULES, _promtool), (_UNITS, _systemd))
_CHECKS: Final = (
    (_RULES, _rules),
    ((".rules-test.yaml", ".rules-test.yml"), _rule_tests),
    (("alertmanager.yaml", "alertmanager.yml"), _alertmanager),
    (("alertmanager.routes-test.yaml",), _routes),
    ((".openslo.yaml", ".openslo.yml"), _openslo),
    (("autoscalers.yaml", "event-scalers.yaml", "disruption-budgets.yaml"), _kubernetes),
    ((".workflow.yaml", ".workflow.yml"), _workflow),
    (_UNITS, _unit),
    (("analysis-templates.yaml",), _analysis),
    ((".dashboard.json",), _dashboard),
    ((".yaml", ".yml"), _yaml),
    ((".json",), _json),
    ((".csv",), _csv),
    ((".ics",), _calendar),
)
