"""Deployments from a CSV file, from JSON lines, or from the tags of a git repository."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, unquote

from sre_kit.compute.changes import Deploy, DeployLog
from sre_kit.errors import DataError, ParameterError, SourceError, nearest
from sre_kit.load.metrics.tables import content
from sre_kit.units import instant, utc

_REQUIRED: Final = ("time", "service")
_OUTCOMES: Final = {
    "success": "succeeded", "successful": "succeeded", "succeeded": "succeeded",
    "ok": "succeeded", "passed": "succeeded",
    "fail": "failed", "failure": "failed", "failed": "failed", "error": "failed",
    "rollback": "rolled back", "rolled back": "rolled back", "rolled_back": "rolled back", "reverted": "rolled back",
}  # fmt: skip
_TRUTHS: Final = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False, "": None}
_PATTERN: Final = re.compile(r"[A-Za-z0-9._+*?\[\]/][A-Za-z0-9._+*?\[\]/-]{0,199}")
_OPTIONS: Final = ("pattern", "service")
_GIT_LIMIT: Final = timedelta(seconds=30)


def deploy_log(written: str, *, base: Path, as_of: datetime) -> DeployLog:
    """
    The deployments up to `as_of`, from ``deploys.csv``, ``deploys.jsonl`` or ``git:PATH?pattern=v*&service=NAME``.

    A row needs ``time`` and ``service``; ``version``, ``outcome``, ``committed_at``, ``incident`` and ``unplanned``
    are taken where they are. A tag's time is when it was made; a repository says nothing about the outcome. A file or a
    repository that cannot be read becomes the log's `gap`, a row that cannot be used one of its `problems`.

    Raises
    ------
    ParameterError
        `written` names no such thing.
    """
    problems: list[str] = []
    try:
        if written.startswith("git:"):
            rows = _tags(written, base)
        elif written.endswith(".csv"):
            rows = _csv_rows(content(base / written), written)
        elif written.endswith((".jsonl", ".ndjson")):
            rows = _json_rows(content(base / written), written, problems)
        else:
            raise ParameterError(f"deploys {written!r}: write a .csv or .jsonl file, or git:PATH?pattern=v*")
        found = sorted(_deploys(rows, problems), key=lambda one: (one.time, one.service, one.version))
    except (SourceError, DataError) as error:
        return DeployLog((), gap=str(error))
    known = tuple(one for one in found if one.time <= as_of)
    gap = "" if found else f"{written} holds no deployment"
    if found and not known:
        gap = f"{written} holds no deployment up to {utc(as_of)}"
    return DeployLog(known, len(found) - len(known), tuple(problems), gap)


def _deploys(rows: Iterator[tuple[str, Mapping[str, Any]]], problems: list[str]) -> Iterator[Deploy]:
    for where, row in rows:
        try:
            yield _deploy(
                where, {str(name): "" if value is None else str(value).strip() for name, value in row.items()}
            )
        except ParameterError as error:
            problems.append(f"{where}: {error}")


def _deploy(where: str, row: Mapping[str, str]) -> Deploy:
    for name in _REQUIRED:
        if not row.get(name):
            raise ParameterError(f"no {name}")
    committed, unplanned = row.get("committed_at", ""), row.get("unplanned", "").lower()
    if unplanned not in _TRUTHS:
        raise ParameterError(f"unplanned is {unplanned[:20]!r}; write yes or no")
    outcome = row.get("outcome", "").lower()
    return Deploy(
        time=instant(row["time"]),
        service=row["service"],
        version=row.get("version", ""),
        outcome=_OUTCOMES.get(outcome, outcome),
        source=where,
        committed_at=instant(committed) if committed else None,
        incident=row.get("incident", ""),
        unplanned=_TRUTHS[unplanned],
    )


def _csv_rows(raw: bytes, where: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    reader = csv.DictReader(io.StringIO(_text(raw, where), newline=""))
    columns = list(reader.fieldnames or [])
    missing = [name for name in _REQUIRED if name not in columns]
    if missing:
        raise DataError(f"{where}: no column {', '.join(missing)}; there are {', '.join(columns) or 'none'}")
    try:
        for row in reader:
            yield f"{where}:{reader.line_num}", {name: value for name, value in row.items() if isinstance(name, str)}
    except csv.Error as error:
        raise DataError(f"{where}:{reader.line_num}: no CSV ({error})") from None


def _json_rows(raw: bytes, where: str, problems: list[str]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for number, line in enumerate(_text(raw, where).split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            row = None
        if isinstance(row, dict):
            yield f"{where}:{number}", row
        else:
            problems.append(f"{where}:{number}: no JSON object: {line[:60]!r}")


def _text(raw: bytes, where: str) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{where}: byte {error.start} is no UTF-8; save the file as UTF-8") from None


def _tags(written: str, base: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    place, _, query = written.removeprefix("git:").partition("?")
    options = dict(parse_qsl(query, keep_blank_values=True))
    for option in options:
        if option not in _OPTIONS:
            raise ParameterError(f"deploys {written!r}: no option {option!r}" + nearest(option, _OPTIONS))
    pattern = options.get("pattern", "*")
    if not _PATTERN.fullmatch(pattern):
        raise ParameterError(f"deploys {written!r}: pattern {pattern!r} is no tag pattern; write for example v*")
    folder = base / unquote(place)
    service = options.get("service", "") or folder.resolve().name
    return iter([(f"{place} tag {row['version']}", {**row, "service": service}) for row in _tag_rows(folder, pattern)])


def _tag_rows(folder: Path, pattern: str) -> list[dict[str, str]]:
    if not folder.is_dir():
        raise SourceError(f"no repository at {folder.name}: there is no such folder; correct history.deploys")
    command = ["git", "-C", str(folder), "for-each-ref", "--sort=creatordate"]
    command += ["--format=%(refname:strip=2)%09%(creatordate:unix)%09%(*committerdate:unix)%09%(committerdate:unix)"]
    # variables such as GIT_DIR would lead to another repository
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        found = subprocess.run(
            [*command, f"refs/tags/{pattern}"],
            env={**environment, "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_GIT_LIMIT.total_seconds(),
            check=False,
        )
    except FileNotFoundError:
        raise SourceError(
            "git is not installed, so tags cannot be read; install it, or export deploys to CSV"
        ) from None
    except subprocess.TimeoutExpired:
        raise SourceError(f"git did not list the tags of {folder.name} within {_GIT_LIMIT.seconds} s") from None
    if found.returncode:
        said = found.stderr.decode("utf-8", "replace").strip().partition("\n")[0][:200]
        raise SourceError(f"git cannot list the tags of {folder.name}: {said}")
    rows = []
    for line in found.stdout.decode("utf-8", "replace").splitlines():
        tag, made, of_commit, of_itself = line.split("\t")
        committed = of_commit or of_itself
        rows.append({"version": tag, "time": _moment(made), "committed_at": _moment(committed)})
    return rows


def _moment(seconds: str) -> str:
    return datetime.fromtimestamp(int(seconds), tz=UTC).isoformat() if seconds else ""
