"""The page of faults says what the tests do."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.faults.table import PAGE, ROOT


def test_the_page_of_faults_is_what_the_tests_do() -> None:
    code = "from tests.faults.table import page; print(page(), end='')"
    # the page counts the cases of the short form, whichever form runs now
    short = {name: value for name, value in os.environ.items() if name != "SRE_KIT_FAULTS"}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=short, capture_output=True, text=True, check=True)
    assert done.stdout == PAGE.read_text(encoding="utf-8"), "run: make faults-table"
    for fault in ("F14", "F15", "F16", "F23", "F27", "T15"):
        assert f"\n| {fault} |" in done.stdout, f"no test says that it is about {fault}"
    assert int(done.stdout.partition(" cases. ")[0].split()[-1]) >= 100
