"""``sre-kit demo``: the pretend project, copied and rendered."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from sre_kit import load
from sre_kit.cli import unchanged
from sre_kit.cli.options import Options
from sre_kit.cli.render import render
from sre_kit.errors import ProtectedError
from sre_kit.store import places
from sre_kit.store.manifest import ranked

MARK = "This folder is a copy of the pretend project; sre-kit demo makes it anew.\n"
MARK_NAME = ".sre-kit-demo"


def run(folder: Path, jobs: int) -> int:
    """Copy the project to `folder`, render it, print the documents and the five most important findings."""
    copy(folder)
    options = Options(params=str(folder / "params"), jobs=jobs, force=True)
    unchanged.begin(options)
    project = load.project(str(folder / "params"))
    print(
        f"{project.name}, a pretend project with synthetic measurements, as of {project.as_of:%Y-%m-%d}",
        file=sys.stderr,
    )
    report, code = render(project, options)
    for one in report.outcome.documents:
        print(folder / places.DOCUMENTS / f"{one.name}.md")
    print("\nThe five findings that matter most:")
    for number, finding in enumerate(ranked(report.outcome.manifest.findings)[:5], 1):
        print(f"{number}. {finding['text']}")
    return code


def copy(folder: Path) -> None:
    """
    The pretend project at `folder`, with its params in ``params/``.

    Raises
    ------
    ProtectedError
        There is something in `folder` that is not a copy of ours.
    """
    if folder.exists() and any(folder.iterdir()):
        if not (folder / MARK_NAME).is_file():
            raise ProtectedError(
                f"{folder} is not empty and no copy of the demo; name another folder: sre-kit demo FOLDER"
            )
        shutil.rmtree(folder)
    ignored = shutil.ignore_patterns(".sre_kit", "SRE", "__pycache__")
    shutil.copytree(places.demo() / "project", folder, ignore=ignored, dirs_exist_ok=True)
    (folder / MARK_NAME).write_text(MARK, encoding="utf-8")
    (folder / "params").mkdir()
    for file in sorted((places.bundled("params") / "demo").glob("*.yaml")):
        text = file.read_text(encoding="utf-8").replace("path: demo:project", "path: ..")
        (folder / "params" / file.name).write_text(text, encoding="utf-8")
