"""Every command of the README runs, and every example in it is valid."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
BIN = Path(sys.executable).parent


def fences(language: str) -> list[str]:
    """Code of the README in one language."""
    return re.findall(rf"^```{language}\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)


COMMANDS = [line for block in fences("sh") for line in block.splitlines()]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the project ``code/shop``, and a working directory with the notebooks and the params beside them."""
    folder = tmp_path_factory.mktemp("home")
    ignored = shutil.ignore_patterns(".sre_kit", "SRE")
    shutil.copytree(ROOT / "sre_kit" / "demo" / "project", folder / "code" / "shop", ignore=ignored)
    shutil.copytree(ROOT / "notebooks", folder / "notebooks")
    shutil.copytree(ROOT / "params", folder / "params")
    (folder / "outputs").mkdir()
    return folder


def _run(command: str, home: Path) -> subprocess.CompletedProcess[str]:
    environment = {"HOME": str(home), "PATH": f"{BIN}:/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}
    return subprocess.run(command, shell=True, cwd=home, env=environment, capture_output=True, text=True, check=False)


def test_the_two_commands_are_make_demo_and_make_test() -> None:
    assert [command for command in COMMANDS if command.startswith("make")] == ["make demo", "make test"]
    for target in ("demo", "test"):
        dry = subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, text=True, check=False)
        assert dry.returncode == 0, dry.stderr


@pytest.mark.slow
def test_every_other_command_runs_in_the_order_of_the_readme(home: Path) -> None:
    """No Prometheus listens on the example's port, so the documents are written with marked gaps (exit 3)."""
    after = {"sre-kit init": lambda: _written(home / "params")}
    allowed = {
        "sre-kit render": {0, 3},
        "sre-kit doctor": {0, 3},
        "sre-kit check": {0, 1},
        "sre-kit oncall audit": {0, 1},
        "sre-kit oncall digest": {0, 3},
        "sre-kit canary": {3},
        "sre-kit drill": {0} if shutil.which("restic") else {2},
    }
    for command in COMMANDS:
        if command.startswith(("make", "sre-kit lab")):
            continue
        done = _run(command, home)
        known = next((codes for start, codes in allowed.items() if command.startswith(start)), {0})
        assert done.returncode in known, f"{command}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr
        for start, then in after.items():
            if command.startswith(start):
                then()
    assert len(list((home / "code" / "shop" / "docs" / "SRE").glob("*.md"))) >= 6
    assert (home / "outputs" / "SLODefinitions.md").is_file()


def _written(folder: Path) -> None:
    """The params of the README, and the logs that they name, empty."""
    (folder / "shop.yaml").write_text(_params(), encoding="utf-8")
    for name in ("incidents.jsonl", "deploys.csv"):
        (folder / name).write_text("time,service,version,result\n" if name.endswith("csv") else "", encoding="utf-8")


def _params() -> str:
    return next(block for block in fences("yaml") if block.startswith("# params/shop.yaml"))


def test_the_params_file_is_complete_and_usable(tmp_path: Path) -> None:
    from sre_kit.load import params

    (tmp_path / "shop.yaml").write_text(_params(), encoding="utf-8")
    read = params.read(tmp_path / "shop.yaml")
    assert read.slos[0].name == "checkout-availability"
    assert {"project", "source", "history", "slos", "oncall", "incidents", "capacity", "operations"} <= set(
        yaml.safe_load(_params())
    )


def test_the_cron_line_parses() -> None:
    from datetime import UTC, datetime

    from cronsim import CronSim

    (line,) = "".join(fences("cron")).splitlines()
    fields = " ".join(line.split()[:5])
    assert next(CronSim(fields, datetime(2026, 1, 1, 7, tzinfo=UTC))) == datetime(2026, 1, 2, 6, tzinfo=UTC)
    assert "sre-kit render --params" in line


def test_the_systemd_units_are_accepted(tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if not analyze:
        pytest.skip("systemd-analyze is not installed: the units are only read as text")
    for block in fences("ini"):
        name = block.splitlines()[0].rsplit("/", 1)[1]
        block = block.replace("/srv/shop-sre/.venv/bin/sre-kit", "/bin/true").replace(
            "EnvironmentFile=/", "EnvironmentFile=-/"
        )
        (tmp_path / name).write_text(block, encoding="utf-8")
    units = [str(tmp_path / "sre-kit.service"), str(tmp_path / "sre-kit.timer")]
    done = subprocess.run([analyze, "verify", *units], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_systemd_units_have_what_a_timer_needs() -> None:
    service, timer = fences("ini")
    assert re.search(r"^OnCalendar=", timer, re.MULTILINE) and "WantedBy=timers.target" in timer
    assert "Type=oneshot" in service


def test_the_workflow_matches_its_schema(tmp_path: Path) -> None:
    workflow = next(block for block in fences("yaml") if block.startswith("# .github/workflows"))
    path = tmp_path / "sre-documents.yml"
    path.write_text(workflow, encoding="utf-8")
    command = [str(BIN / "check-jsonschema"), "--builtin-schema", "vendor.github-workflows", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_every_exit_code_of_the_table_is_in_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    from sre_kit.cli import main

    main(["--help"])
    shown = capsys.readouterr().out
    for code in re.findall(r"^\| (\d) \|", TEXT, re.MULTILINE):
        assert re.search(rf"^\s+{code}  ", shown, re.MULTILINE)


def test_the_pictures_are_there_small_and_say_what_they_show() -> None:
    pictures = re.findall(r"!\[([^\]]+)\]\(([^)]+)\)", TEXT)
    assert [path for _, path in pictures] == ["docs/rendered-page.png", "docs/explorer.png"]
    made = (ROOT / "tests" / "picture.py").read_text(encoding="utf-8")
    for alt, path in pictures:
        assert (ROOT / path).stat().st_size < 300_000
        assert path in made, "made by make picture"
        assert len(alt.split()) > 12 and ":" in alt, "a conclusion, for who cannot see it"


def test_the_numbers_in_the_words_under_the_pictures_are_those_of_the_demo() -> None:
    golden = (ROOT / "tests" / "golden" / "SLODefinitions.md").read_text(encoding="utf-8")
    assert re.search(r"^\| checkout-availability +\|.+\| -59\.9 % \| 2026-10-15 ", golden, re.MULTILINE), (
        "60 % below zero"
    )
    (row,) = re.findall(r"^\| checkout-availability +\| 99\.8 % .+ (\S+ %) \| at risk", golden, re.MULTILINE)
    assert row == "20.1 %"
    found = re.findall(
        r"^\| checkout-availability +\| \**99\.[89] %\** +\| rolling 30 d .+\| +([\d.]+) \| +([\d.]+) \|$",
        golden,
        re.MULTILINE,
    )
    (pages, tickets), (pages_in_force, tickets_in_force) = found
    assert pages == pages_in_force and float(tickets) < float(tickets_in_force)
