"""A server test that cannot run says why, and fails where servers are required."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(("required", "outcome", "exit_status"), [("", "1 skipped", 0), ("1", "1 error", 1)])
def test_without_prometheus_a_server_test_skips_unless_servers_are_required(tmp_path, required, outcome, exit_status):
    environment = {**os.environ, "PATH": str(tmp_path), "SRE_KIT_REQUIRE_SERVERS": required}
    test = "tests/real/test_prometheus_live.py::test_a_gauge_is_what_prometheus_says"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", test]
    found = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert outcome in found.stdout
    assert "prometheus or promtool is not installed" in found.stdout
    assert found.returncode == exit_status
