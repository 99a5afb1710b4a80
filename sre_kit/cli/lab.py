"""``sre-kit lab``: JupyterLab on the notebooks, on loopback, with a token."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
from pathlib import Path

from sre_kit.errors import ParameterError
from sre_kit.store import places


def run(params: str, port: int, browser: bool) -> int:
    """Start the server on a copy of the notebooks where they cannot be written; ends when the server ends."""
    if params:
        os.environ["SRE_KIT_PARAMS"] = str(places.find_params(params))
    folder = writable(places.bundled("notebooks"))
    token = os.environ.get("JUPYTER_TOKEN") or secrets.token_urlsafe(24)
    command = [
        sys.executable,
        "-m",
        "jupyterlab",
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
        f"--ServerApp.root_dir={folder}",
        "--LabApp.default_url=/lab/tree/Start.ipynb",
        "--LabApp.expose_app_in_browser=True",
    ]
    if not browser:
        command.append("--no-browser")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")
    # the token goes by the environment: a command line can be read by every process of the machine
    environment = {**os.environ, "JUPYTER_TOKEN": token}
    print(f"JupyterLab on {folder}; the link with its token follows. Stop with Ctrl+C.", file=sys.stderr)
    return subprocess.run(command, env=environment, check=False).returncode


def writable(folder: Path) -> Path:
    """`folder` itself in a checkout; a copy below the working directory when it lies inside an installed package."""
    if not folder.is_dir():
        raise ParameterError(f"no notebooks in {folder}; install sre-kit again")
    if not places.shipped(folder):
        return folder
    copy = Path.cwd() / "notebooks"
    copy.mkdir(exist_ok=True)
    for notebook in folder.glob("*.ipynb"):
        if not (copy / notebook.name).exists():
            shutil.copy(notebook, copy / notebook.name)
    return copy
