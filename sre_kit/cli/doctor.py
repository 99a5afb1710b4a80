"""``sre-kit doctor``: is this machine, and this project, fit for a render; each problem with its fix."""

from __future__ import annotations

import json as jsonlib
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Final, Literal

from sre_kit.cli.start import owed
from sre_kit.errors import SREKitError
from sre_kit.store import places

FLOORS: Final = {"nbconvert": (7, 17), "jupyter-server": (2, 21), "papermill": (2, 6), "pandas": (2, 2)}
"""Versions below have known security or correctness faults."""
TOOLS: Final = {
    "promtool": ("rules and their tests are checked", "prometheus"),
    "amtool": ("alert routing is checked", "prometheus-alertmanager"),
    "restic": ("restores are drilled", "restic"),
    "systemd-analyze": ("timers and services are checked", "systemd"),
}
"""Optional tools: what they add, and the Debian package that has them."""
_ASKED: Final = {"restic": "version"}
"""How a tool is asked for its version, where not by ``--version``."""


@dataclass(frozen=True)
class Examined:
    """One thing that was looked at; `fix` is empty when all is well."""

    what: str
    state: Literal["ok", "note", "problem"]
    found: str
    fix: str = ""


def run(params: str, json: bool) -> int:
    """Print what was found; 2 when something must be mended before a render, 3 when only the source does not answer."""
    examined = [*_machine(), *(_project(params) if params else ())]
    if json:
        print(jsonlib.dumps([asdict(one) for one in examined], indent=1, ensure_ascii=False))
    else:
        for one in examined:
            print(f"{one.state:8} {one.what}: {one.found}" + (f"\n         fix: {one.fix}" if one.fix else ""))
    problems = [one.what for one in examined if one.state == "problem"]
    return 0 if not problems else 3 if problems == ["source"] else 2


def _machine() -> Iterator[Examined]:
    here = ".".join(map(str, sys.version_info[:3]))
    yield Examined("Python", "ok", here)  # an older one does not come this far: pip refuses the package
    yield from (_package(name, floor) for name, floor in FLOORS.items())
    yield _kernel()
    yield _fonts()
    for tool, (adds, package) in TOOLS.items():
        path = shutil.which(tool)
        if path:
            said = subprocess.run(
                [path, _ASKED.get(tool, "--version")], capture_output=True, text=True, timeout=20, check=False
            )
            lines = (said.stdout + said.stderr).strip().splitlines()
            yield Examined(tool, "ok", lines[0] if lines else path)
        else:
            yield Examined(tool, "note", f"not installed; with it {adds}", f"apt-get install {package}")
    yield _workflows()


def _package(name: str, floor: tuple[int, int]) -> Examined:
    least = ".".join(map(str, floor))
    try:
        found = version(name)
    except PackageNotFoundError:
        return Examined(name, "problem", "not installed", f"pip install '{name}>={least}'")
    numbers = tuple(int(part) for part in found.split(".")[:2] if part.isdigit())
    if numbers < floor:
        return Examined(name, "problem", f"{found}, at least {least} is needed", f"pip install '{name}>={least}'")
    return Examined(name, "ok", found)


def _workflows() -> Examined:
    """The package whose copy of GitHub's schema judges workflows; without it they are only parsed."""
    name = "check-jsonschema"
    try:
        return Examined(name, "ok", version(name))
    except PackageNotFoundError:
        adds = "not installed; with it workflows are checked by GitHub's schema"
        return Examined(name, "note", adds, f"pip install {name}")


def _kernel() -> Examined:
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    fix = f"{sys.executable} -m ipykernel install --sys-prefix"
    try:
        spec = KernelSpecManager().get_kernel_spec("python3")
    except NoSuchKernel:
        return Examined("kernel python3", "problem", "not found", fix)
    command = spec.argv[0]
    if command not in {"python", "python3"} and command != sys.executable:
        return Examined("kernel python3", "note", f"runs {command}, not {sys.executable}", fix)
    return Examined("kernel python3", "ok", str(spec.resource_dir))


def _fonts() -> Examined:
    from matplotlib import font_manager

    try:
        path = font_manager.findfont("DejaVu Sans", fallback_to_default=False)
    except ValueError:
        return Examined("fonts", "problem", "DejaVu Sans is missing", "pip install --force-reinstall matplotlib")
    return Examined("fonts", "ok", path.rsplit("/", 1)[-1])


def _project(params: str) -> Iterator[Examined]:
    from sre_kit import load

    try:
        project = load.project(params)
    except SREKitError as error:
        yield Examined("params", "problem", str(error), "correct the params file, then run doctor again")
        return
    yield Examined("params", "ok", f"{project.params_path}; project at {project.root} ({project.found_by})")
    unread = [d for d in project.documents if not d.found]
    yield Examined("documents", "ok", f"{len(project.documents) - len(unread)} read, {len(project.missing)} missing")
    for document in unread:
        yield Examined("document", "problem", f"{document.path}: {document.problem}", f"ask {document.owner}")
    for owner, paths in owed([{"ask": one.owner, "path": one.path} for one in project.missing]).items():
        yield Examined("documents", "note", f"missing: {', '.join(paths)}", f"ask {owner}")
    try:
        if project.source is None:
            yield Examined("source", "note", "none configured", "set source.url in the params")
        else:
            yield Examined("source", "ok", project.source.check())
    except SREKitError as error:
        yield Examined("source", "problem", str(error), "correct source.url and source.auth in the params")
    writable = places.state(project.root)
    yield Examined("state", "ok", str(writable))
