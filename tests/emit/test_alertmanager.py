"""The routing tree, held against amtool."""

import shutil
import subprocess
from datetime import timedelta
from fractions import Fraction

import pytest
import yaml

from sre_kit.compute.incidents import Severity
from sre_kit.emit import alert_routes, alertmanager_config

HOUR = timedelta(hours=1)
LADDER = [
    Severity("SEV1", "", "", HOUR, HOUR, burn_rate=14.4, users=Fraction(1, 4)),
    Severity("SEV2", "", "", HOUR, HOUR, maps_from=["critical", "page"], burn_rate=6),
    Severity("SEV3", "", "", HOUR, timedelta(days=1), pages=False, maps_from=["warning", 'odd "word" \\ | x']),
]
LABELS = ["critical", "info"]


@pytest.fixture
def amtool(tmp_path):
    found = shutil.which("amtool")
    if not found:
        pytest.skip("amtool is not installed (Debian package prometheus-alertmanager)")
    config = tmp_path / "alertmanager.yml"
    config.write_text(alertmanager_config(LADDER, LABELS), encoding="utf-8")

    def run(*arguments):
        return subprocess.run([found, *arguments], capture_output=True, text=True, timeout=30, check=False)

    return run, str(config)


def test_amtool_accepts_the_configuration(amtool):
    run, config = amtool
    checked = run("check-config", config)
    assert checked.returncode == 0, checked.stderr


@pytest.mark.parametrize(("label", "receiver"), sorted(alert_routes(LADDER, LABELS).items()))
def test_amtool_routes_every_severity_to_its_receiver(amtool, label, receiver):
    run, config = amtool
    quoted = label.replace("\\", "\\\\").replace('"', '\\"')
    routed = run(
        "config", "routes", "test", f"--config.file={config}", f"--verify.receivers={receiver}", f'severity="{quoted}"'
    )
    assert routed.returncode == 0, routed.stdout + routed.stderr


def test_a_wrong_receiver_is_noticed_by_the_same_test(amtool):
    run, config = amtool
    routed = run("config", "routes", "test", f"--config.file={config}", "--verify.receivers=sre-chat", "severity=SEV1")
    assert routed.returncode != 0


def test_the_dead_mans_switch_has_a_receiver_of_its_own(amtool):
    run, config = amtool
    routed = run(
        "config", "routes", "test", f"--config.file={config}", "--verify.receivers=sre-deadman", "alertname=Watchdog",
        "severity=none",
    )  # fmt: skip
    assert routed.returncode == 0


def test_labels_of_no_level_are_not_lost():
    routes = alert_routes(LADDER, LABELS)
    assert routes["info"] == "sre-ungraded"
    assert {routes["SEV1"], routes["critical"]} == {"sre-pager"} and routes["warning"] == "sre-chat"
    assert yaml.safe_load(alertmanager_config(LADDER))["route"]["receiver"] == "sre-ungraded"
