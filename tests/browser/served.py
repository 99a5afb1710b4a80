"""``sre-kit lab`` on a free loopback port, and the browser that the machine has."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from tests.conftest import required

TOKEN = "only-for-this-test"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # whatever a page asks for elsewhere is not even looked up
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]


def chromium() -> str:
    """The path of Debian's browser."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if not path:
        required("chromium is not installed (Debian: apt-get install --no-install-recommends chromium)")
    assert path
    return path


@contextlib.contextmanager
def served(params: Path, folder: Path, *options: str) -> Iterator[str]:
    """The address of the server, started in `folder`; ended with its kernels by its process group."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = folder / "server.log"
    command = [sys.executable, "-m", "sre_kit", "lab", "--params", str(params), "--port", str(port), "--no-browser"]
    with log.open("wb") as out:
        server = subprocess.Popen(
            [*command, *options],
            cwd=folder,
            env={**os.environ, "JUPYTER_TOKEN": TOKEN},
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(240):
            try:
                with urllib.request.urlopen(f"{address}/api?token={TOKEN}", timeout=2):
                    break
            except OSError:
                assert server.poll() is None, log.read_text(errors="replace")
                time.sleep(0.5)
        yield address
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()
