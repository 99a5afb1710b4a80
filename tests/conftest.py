"""What tests share: other people's data, and real servers; each is absent with a reason, never silently."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import settings

# shared machines stall for a second now and then; a law is no stopwatch
settings.register_profile("house", deadline=None)
settings.load_profile("house")

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class PrometheusBinaries:
    """Paths of the programs."""

    prometheus: str
    promtool: str


def required(reason: str) -> None:
    """Skip, or fail where servers are required (SRE_KIT_REQUIRE_SERVERS=1)."""
    if os.environ.get("SRE_KIT_REQUIRE_SERVERS") == "1":
        pytest.fail(f"{reason}; SRE_KIT_REQUIRE_SERVERS=1 forbids to skip")
    pytest.skip(reason)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data, which is no part of the project."""
    found = ROOT.parent / "shared" / "data"
    if not found.is_dir():
        pytest.skip("no ../shared/data beside the project: real data is not part of it")
    return found


@pytest.fixture(scope="session")
def prometheus_binaries() -> PrometheusBinaries:
    """Prometheus and promtool as the machine has them (Debian: apt-get install prometheus)."""
    prometheus, promtool = shutil.which("prometheus"), shutil.which("promtool")
    if not prometheus or not promtool:
        required("prometheus or promtool is not installed (Debian: apt-get install --no-install-recommends prometheus)")
    assert prometheus
    assert promtool
    return PrometheusBinaries(prometheus, promtool)


@pytest.fixture(scope="session")
def mcp_packages() -> Path:
    """
    The folder ``node_modules`` with the MCP servers of ``tests/mcp/package.json``, from npm, kept between runs.

    Their scripts are not run. SRE_KIT_MCP_PACKAGES names another folder to keep them in.
    """
    npm, wanted = shutil.which("npm"), (ROOT / "tests" / "mcp" / "package.json").read_bytes()
    if not npm or not shutil.which("node"):
        required("npm or node is not installed (Debian: apt-get install --no-install-recommends npm)")
    assert npm
    kept = os.environ.get("SRE_KIT_MCP_PACKAGES") or Path("~/.cache/sre-kit-tests").expanduser()
    folder = Path(kept) / hashlib.sha256(wanted).hexdigest()[:16]
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "done").exists():
            (folder / "package.json").write_bytes(wanted)
            options = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error"]
            done = subprocess.run(
                [npm, "install", *options], cwd=folder, capture_output=True, text=True, timeout=600, check=False
            )
            if done.returncode:
                required(f"npm cannot install the MCP servers: {done.stderr.strip()[-300:]}")
            (folder / "done").touch()
    return folder / "node_modules"


@pytest.fixture(scope="session")
def openssl_binary() -> str:
    """openssl, which makes the certificates that tests of TLS need."""
    found = shutil.which("openssl")
    if not found:
        required("openssl is not installed, so no certificates can be made")
    assert found
    return found


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """
    The pretend project with its six documents, rendered once for all workers; no test may change it.

    SRE_KIT_DEMO names one that is rendered already, to spare the minutes while a test is being written.
    """
    if ready := os.environ.get("SRE_KIT_DEMO"):
        return Path(ready)
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base
    folder, done = shared / "demo", shared / "demo.done"
    with (shared / "demo.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            from sre_kit.cli import main

            done.write_text(str(main(["demo", str(folder)])), encoding="utf-8")
    code = done.read_text(encoding="utf-8")
    assert code == "0", f"sre-kit demo ended with {code}"
    return folder
