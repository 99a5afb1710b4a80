"""The wheel carries everything: installed into an empty environment elsewhere, it renders the demo."""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
pytestmark = pytest.mark.slow


def _run(*command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an environment that has the wheel and nothing of this checkout."""
    home = tmp_path_factory.mktemp("elsewhere")
    built = _run(sys.executable, "-m", "build", "--wheel", "--outdir", str(home), str(ROOT), cwd=home)
    if built.returncode:
        pytest.skip(f"no wheel could be built (is there a package registry?): {built.stderr[-300:]}")
    environment = home / "environment"
    venv.create(environment, with_pip=True)
    python = str(environment / "bin" / "python")
    assert _run(python, "-m", "pip", "install", "-q", "uv", cwd=home).returncode == 0
    (wheel,) = home.glob("*.whl")
    constraints = str(ROOT / "constraints.txt")
    done = _run(python, "-m", "uv", "pip", "install", "-q", "-p", python, "-c", constraints, str(wheel), cwd=home)
    assert done.returncode == 0, done.stderr
    return environment


def test_the_demo_runs_from_a_wheel(installed: Path) -> None:
    home = installed.parent
    done = _run(str(installed / "bin" / "sre-kit"), "demo", "shop", cwd=home)
    assert done.returncode == 0, done.stderr
    documents = sorted(path.stem for path in (home / "shop" / "docs" / "SRE").glob("*.md"))
    assert documents == [
        "CapacityPlanning",
        "IncidentResponse",
        "OperationalPlaybook",
        "PerformanceOptimization",
        "SLODefinitions",
        "SREHandoff",
    ]
    assert str(ROOT) not in "".join(path.read_text() for path in (home / "shop" / "docs" / "SRE").glob("*.md"))


def test_the_exporter_is_registered(installed: Path) -> None:
    code = "from nbconvert.exporters import get_exporter; print(get_exporter('sre-markdown').__module__)"
    done = _run(str(installed / "bin" / "python"), "-c", code, cwd=installed.parent)
    assert done.stdout.strip() == "sre_kit.render.export", done.stderr
