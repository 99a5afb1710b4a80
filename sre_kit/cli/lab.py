"""``sre-kit lab``: JupyterLab on the notebooks, or explorers alone as a page, on loopback, with a token."""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from sre_kit import __version__
from sre_kit.cli import dashboards
from sre_kit.errors import ParameterError
from sre_kit.store import places

WRITTEN: Final = "written_sha256"
"""Metadata of a copy: the hash of its cells as we wrote them, to tell whether a person has changed one since."""
CONFIG: Final = Path(__file__).parent
"""Holds ``labconfig``: JupyterLab does not ask, in front of everything, whether it may fetch news."""


def run(params: str, port: int, browser: bool, dashboard: str) -> int:
    """Start the server; ends when the server ends."""
    _free(port)
    if dashboard:
        folder, page = dashboards.laid(copies(params or str(places.bundled("params") / "demo")), dashboard)
    else:
        folder, page = copies(params) if params else writable(places.bundled("notebooks")), "/lab/tree/Start.ipynb"
    token = os.environ.get("JUPYTER_TOKEN") or secrets.token_urlsafe(24)
    command = [
        sys.executable,
        "-m",
        "jupyterlab",
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
        f"--ServerApp.root_dir={folder}",
        f"--LabApp.default_url={page}",
        "--ServerApp.kernel_spec_manager_class=sre_kit.render.kernels.Kernels",
        "--LabApp.expose_app_in_browser=True",
        # neither news nor updates are asked for: nothing is sent anywhere but to the metrics source
        "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]
    if dashboard:
        headers = {"Content-Security-Policy": dashboards.POLICY}
        # an error of ours is told in a panel with one line below it; Voila would tell people to start it otherwise
        command += [
            f"--ServerApp.tornado_settings={ {'headers': headers}!r}",
            "--VoilaConfiguration.show_tracebacks=True",
        ]
    if not browser:
        command.append("--no-browser")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")
    # the token goes by the environment: a command line can be read by every process of the machine
    config = os.pathsep.join(filter(None, (os.environ.get("JUPYTER_CONFIG_PATH"), str(CONFIG))))
    environment = {**os.environ, "JUPYTER_TOKEN": token, "JUPYTER_CONFIG_PATH": config}
    print(f"JupyterLab on {folder}; the link with its token follows. Stop with Ctrl+C.", file=sys.stderr)
    server = subprocess.Popen(command, env=environment)
    try:
        return server.wait()
    finally:
        # ends its kernels and then itself; nothing happens to a server that has ended
        server.terminate()
        server.wait()


def _free(port: int) -> None:
    """A port that is taken is said at once, not below a page of the server's log."""
    with socket.socket() as tried:
        # as the server does: a port whose last connection was closed a moment ago is free
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind(("127.0.0.1", port))
        except OSError as error:
            raise ParameterError(
                f"port {port} cannot be used: {error.strerror}; leave --port out for any free one"
            ) from None


def copies(params: str) -> Path:
    """
    Copies of all notebooks that open the project of `params`, in its state folder.

    A copy that a person has changed is kept; another one follows the notebook that it was made from.
    """
    from sre_kit import load
    from sre_kit.cli.render import own_notebooks
    from sre_kit.render.batch import notebooks

    project = load.project(params)
    folder = places.state(project.root) / f"lab-{__version__}"
    folder.mkdir(exist_ok=True)
    sources = {"Start": places.bundled("notebooks") / "Start.ipynb", **notebooks(own_notebooks(project))}
    for name, path in sources.items():
        made, target = pointed(path.read_text(encoding="utf-8"), str(project.params_path)), folder / f"{name}.ipynb"
        if _replaceable(target, made):
            target.write_text(json.dumps(made, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return folder


def pointed(notebook: str, params: str) -> dict[str, Any]:
    """A notebook whose parameter ``params`` is another file."""
    content: dict[str, Any] = json.loads(notebook)
    written = f"params: str = {json.dumps(params, ensure_ascii=False)}"
    for cell in content["cells"]:
        if "parameters" in cell["metadata"].get("tags", []):
            # up to the comment, which says what the parameter is
            cell["source"] = re.sub(r"^params:.*?(?=  #|$)", lambda _: written, "".join(cell["source"]), flags=re.M)
    content["metadata"].setdefault("sre_kit", {})[WRITTEN] = digest(content)
    return content


def digest(notebook: dict[str, Any]) -> str:
    """Of its cells, outputs left out."""
    cells = [(cell["cell_type"], "".join(cell["source"])) for cell in notebook["cells"]]
    return hashlib.sha256(json.dumps(cells).encode()).hexdigest()


def _replaceable(copy: Path, made: dict[str, Any]) -> bool:
    """Whether `made` may be written over `copy`: nobody has changed a cell of it, and it is an older one."""
    try:
        there = json.loads(copy.read_text(encoding="utf-8"))
        found, written = digest(there), there["metadata"]["sre_kit"][WRITTEN]
    except FileNotFoundError:
        return True
    except (OSError, ValueError, KeyError, TypeError):
        return False  # no notebook of ours any more, so it is somebody's
    return bool(found == written != made["metadata"]["sre_kit"][WRITTEN])


def writable(folder: Path) -> Path:
    """`folder` itself in a checkout; copies below the working directory when it lies inside an installed package."""
    if not folder.is_dir():
        raise ParameterError(f"no notebooks in {folder}; install sre-kit again")
    if not places.shipped(folder):
        return folder
    copy = Path.cwd() / "notebooks"
    copy.mkdir(exist_ok=True)
    for notebook in folder.glob("*.ipynb"):
        if not (copy / notebook.name).exists():
            (copy / notebook.name).write_bytes(notebook.read_bytes())
    return copy
