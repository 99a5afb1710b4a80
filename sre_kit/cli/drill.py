"""``sre-kit drill``: a restore that really happens, and its record, which the next render shows."""

from __future__ import annotations

import json as jsonlib
import os
import stat
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sre_kit.errors import ParameterError, ProtectedError, nearest
from sre_kit.store import places

if TYPE_CHECKING:
    from sre_kit.compute.operations.drills import Drill

drill = typer.Typer(
    help="Drills: bring something back for real, and record it.",
    rich_markup_mode=None,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@drill.callback()
def group() -> None:
    """Drills: bring something back for real, and record it."""


@drill.command("restic")
def restic(
    params: Annotated[
        str, typer.Option("--params", help="Append the record to history.drills of these params.", metavar="PATH")
    ] = "",
    tree: Annotated[
        Path | None, typer.Option("--tree", help="Drill with a copy of this folder; default: a made-up one.")
    ] = None,
    component: Annotated[
        str, typer.Option(help="The component whose backup the folder of --tree is.", metavar="NAME")
    ] = "",
    size: Annotated[str, typer.Option(help="Of the made-up tree.")] = "16 MiB",
    by: Annotated[str, typer.Option("--by", help="Who drilled, for the record.", metavar="NAME")] = "",
    json: Annotated[bool, typer.Option("--json", help="JSON on standard output.")] = False,
) -> int:
    """Back up, damage, restore and compare a small tree with restic.

    Works in a temporary folder and touches nothing else but the record: content, modes, links and times are compared
    one by one. Exit 1 when something did not come back.
    """
    from sre_kit import load
    from sre_kit.cli import restic as real
    from sre_kit.load.drills import as_line
    from sre_kit.units import size as bytes_of

    if component and (tree is None or not params):
        raise ParameterError("--component says whose backup --tree is; give --tree and --params with it")
    program = real.restic_path()
    project = load.project(params) if params else None
    record = None
    if project is not None:
        known = [one.component for one in project.params.operations.backups]
        if component and component not in known:
            raise ParameterError(f"--component: no backup of {component!r} in the params{nearest(component, known)}")
        if not project.params.history.drills:
            raise ParameterError(
                f"{project.params_path.name}: set history.drills, for example to drills.jsonl; the record is kept there"
            )
        record = project.file(project.params.history.drills)
        if places.shipped(record):
            raise ProtectedError(f"{record} ships with sre-kit; copy the project, or name a file of your own")
        _writable(record)
    done = real.drill(program, datetime.now(UTC), _ours(), tree=tree, size=bytes_of(size))
    done = replace(done, component=component, who=by)
    line = as_line(done, project.name if project else "")
    if record is not None:
        _append(record, line)
    if json:
        print(jsonlib.dumps(jsonlib.loads(line), indent=1, ensure_ascii=False))
    else:
        _print(done, record)
    return 0 if done.passed else 1


def _ours() -> str:
    from sre_kit import __version__

    return f"sre-kit {__version__}"


def _writable(record: Path) -> None:
    """Refuse before the drill what could not be recorded after it."""
    try:
        status = record.lstat()
    except FileNotFoundError:
        if not record.parent.is_dir():
            raise ParameterError(f"history.drills: there is no folder {record.parent}; make it first") from None
        return
    if not stat.S_ISREG(status.st_mode):
        raise ProtectedError(
            f"{record} is no regular file, so no record is written there; name another in history.drills"
        )
    if not os.access(record, os.W_OK):
        raise ParameterError(f"history.drills: {record} cannot be written; correct its rights")


def _append(record: Path, line: str) -> None:
    """One line, whole, at the end; a line that was cut off before is ended first."""
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        descriptor = os.open(record, flags, 0o644)
    except OSError as error:
        raise ParameterError(f"history.drills: {record} cannot be written ({error.strerror})") from None
    with os.fdopen(descriptor, "rb+", buffering=0) as file:
        end = file.seek(0, os.SEEK_END)
        torn = b""
        if end:
            file.seek(end - 1)
            torn = b"" if file.read(1) == b"\n" else b"\n"
        file.write(torn + line.encode("utf-8"))
        os.fsync(file.fileno())


def _print(done: Drill, record: Path | None) -> None:
    from sre_kit.escape import plain
    from sre_kit.units import number, span

    print(f"{done.tool}: {done.files} files, {done.folders} folders, {done.links} links, {done.size:,} bytes")
    if done.backup is not None and done.restore is not None:
        print(f"backed up in {span(done.backup)}, restored in {span(done.restore)}", end="")
        rate = done.bytes_per_second
        print(f", {number(rate / 2**20)} MiB/s" if rate else "")
        print(f"{done.compared} compared, {done.different} different; {done.damaged} were damaged before the restore")
    print("passed" if done.passed else f"FAILED: {plain(done.why_not)}")
    for one in done.differences:
        print(f"  {plain(one)}")
    print(f"recorded in {record}" if record else "not recorded: --params names the project whose record keeps it")
