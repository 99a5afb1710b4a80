"""A notebook that dies, hangs or is interrupted, by both engines: refused with its cause, and nobody is left."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from sre_kit.cli import main
from sre_kit.cli.init import notebook
from sre_kit.render.engine import KERNEL, WARM

LONG = os.environ.get("SRE_KIT_FAULTS") == "long"
DEAF = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"
LIMITED = "import resource\nresource.setrlimit(resource.RLIMIT_AS, (1 << 32, 1 << 32))\n"
TOO_LONG = "cell 'load': no answer within 2 s, so it was ended, with everything it had started"
ENDINGS = {
    "it is killed": ("os.kill(os.getpid(), 9)", "cell 'load': its process was killed (SIGKILL"),
    "it ends itself": ("os._exit(0)", "cell 'load': its process ended itself with exit code 0"),
    "a library crashes": ("import ctypes\nctypes.string_at(0)", "cell 'load': its process died of SIGSEGV"),
    "memory runs out": (f"{LIMITED}huge = bytearray(1 << 40)", "huge = bytearray(1 << 40)\nMemoryError"),
    "it is interrupted": ("os.kill(os.getpid(), 2)\nimport time\ntime.sleep(1)", "KeyboardInterrupt"),
    "it waits": ("import time\ntime.sleep(600)", TOO_LONG),
    "it loops and hears no signal": (f"{DEAF}while True:\n    pass", TOO_LONG),
    "C code holds the interpreter": ("import ctypes\nctypes.PyDLL(None).pause()", TOO_LONG),
}
SHORT = ("it is killed", "C code holds the interpreter")
"""Of a kernel, which takes seconds to start; all of them in `make faults`."""
CASES = [(how, WARM) for how in ENDINGS] + [(how, KERNEL) for how in ENDINGS if LONG or how in SHORT]


def gone(process: int) -> bool:
    """Whether a process has ended, within a few seconds."""
    for _ in range(100):
        try:
            if Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z":
                return True
        except (FileNotFoundError, ProcessLookupError):
            return True
        time.sleep(0.05)
    return False


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.slow
@pytest.mark.parametrize(("how", "engine"), CASES)
@pytest.mark.fault("F17", "C")
def test_a_notebook_that_does_not_come_to_its_end_is_refused_with_its_cause(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], how: str, engine: str
) -> None:
    source, cause = ENDINGS[how]
    project, note = tmp_path / "shop", tmp_path / "processes"
    (project / "docs" / "SRE").mkdir(parents=True)
    (project / "docs" / "SRE" / "Mine.md").write_text("mine\n", encoding="utf-8")
    (project / "build-plan.md").write_text("# Plan\n", encoding="utf-8")
    (tmp_path / "shop.yaml").write_text("project: {name: Shop, path: shop}\nas_of: 2026-10-01\n", encoding="utf-8")
    (tmp_path / "notebooks").mkdir()
    started = (
        "import os, subprocess\nchild = subprocess.Popen(['sleep', '600'])\n"
        f"with open({str(note)!r}, 'w') as file:\n    print(os.getpid(), child.pid, file=file)\n"
    )
    content = json.loads(notebook("Trial", "../shop.yaml"))
    cell = next(one for one in content["cells"] if one["id"] == "load")
    cell["source"] = f"{started}{source}\n{cell['source']}"
    (tmp_path / "notebooks" / "Trial.ipynb").write_text(json.dumps(content), encoding="utf-8")
    before = files(project)
    arguments = ["Trial", "--params", str(tmp_path / "shop.yaml"), "--engine", engine, "--timeout", "2"]
    assert main(["render", *arguments]) == 4
    said = capsys.readouterr().err
    assert f"Trial: {cause}" in said or ("cell 'load', line" in said and cause in said), said
    after = files(project)
    assert {path: content for path, content in after.items() if not path.startswith(".sre_kit/")} == before
    processes = [int(one) for one in note.read_text().split()]
    assert len(processes) == 2
    assert all(gone(one) for one in processes)
