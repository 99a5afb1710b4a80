"""The routing tree, held against amtool."""

import shutil
import subprocess
from datetime import timedelta
from fractions import Fraction

import pytest
import yaml

from sre_kit.compute.incidents import Severity
from sre_kit.emit import alert_routes, alertmanager_config, route_tests, watchdog_rules
from sre_kit.render.validate import claims

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


def test_every_route_of_the_test_file_is_taken_and_the_claim_says_how_many(amtool):
    files = {
        "alertmanager.yml": alertmanager_config(LADDER, LABELS),
        "alertmanager.routes-test.yaml": route_tests(LADDER, LABELS),
    }
    found = claims(files)
    assert str(found["alertmanager.routes-test.yaml"]) == "executed by amtool config routes test, 7 routes"
    swapped = files["alertmanager.routes-test.yaml"].replace("sre-pager", "sre-chat", 1)
    refused = claims({**files, "alertmanager.routes-test.yaml": swapped})["alertmanager.routes-test.yaml"]
    assert refused.level == "unchecked" and "severity" in refused.problem
    alone = claims({"alertmanager.routes-test.yaml": files["alertmanager.routes-test.yaml"]})
    assert alone["alertmanager.routes-test.yaml"].level == "unchecked"


def test_the_dead_mans_switch_always_fires():
    rule = yaml.safe_load(watchdog_rules())["groups"][0]["rules"][0]
    assert (rule["alert"], rule["expr"]) == ("Watchdog", "vector(1)")
    if shutil.which("promtool"):
        assert claims({"watchdog.rules.yaml": watchdog_rules()})["watchdog.rules.yaml"].level == "tool-validated"
