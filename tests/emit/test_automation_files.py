"""Files that automate: what bounds a run stands in them, GitHub's and systemd's own programs accept them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib.metadata import PackageNotFoundError
from itertools import islice
from pathlib import Path

import pytest
import yaml

from sre_kit.cli import doctor
from sre_kit.compute.operations.automation import Automation
from sre_kit.compute.operations.tasks import runs
from sre_kit.emit.automation import automation_files, on_calendar
from sre_kit.errors import ParameterError
from sre_kit.render.validate import claims
from tests.conftest import required

SHA = "11bd71901bbe5b1630ceea73d27597364c9af683"
NIGHTLY = Automation("performance", form="workflow", cron="0 2 * * *", runs=["k6 run load.js"], action="Load test")
CHECK = Automation("backup", form="timer", name="backup-check", cron="45 9 * * *", zone="Europe/Amsterdam",
                   runs=['test "$(date +%s)" -gt 0'], action="Look at the 100 % of it")  # fmt: skip


def workflow(one: Automation) -> dict:  # type: ignore[type-arg]
    made = automation_files([one])
    assert not made.left_out
    read: dict = yaml.safe_load(made.files[0].content)  # type: ignore[type-arg]
    return read


def refused(one: Automation) -> str:
    made = automation_files([one])
    assert made.files == ()
    return made.left_out[0]


def test_a_workflow_bounds_its_runs_by_itself() -> None:
    read = workflow(replace(NIGHTLY, environment="production", longest=timedelta(minutes=7)))
    job = read["jobs"]["performance"]
    assert read["concurrency"] == {"group": "performance", "cancel-in-progress": False}
    assert read["permissions"] == {"contents": "read"}
    assert (job["timeout-minutes"], job["environment"]) == (7, "production")
    assert job["runs-on"] == "ubuntu-24.04"
    assert job["if"] == "vars.PERFORMANCE_OFF != 'true'"
    assert set(read["on"]) == {"workflow_dispatch", "schedule"}


def test_what_an_event_says_reaches_a_command_by_a_variable_alone() -> None:
    one = replace(
        NIGHTLY, cron="", events=["page", "push"], variables={"ALERT": "alert"}, permissions={"issues": "write"}
    )
    read = workflow(one)
    job = read["jobs"]["performance"]
    assert read["on"]["repository_dispatch"] == {"types": ["page"]}
    assert read["on"]["push"] == {}
    assert job["env"] == {"ALERT": "${{ github.event.client_payload.alert }}", "GH_TOKEN": "${{ github.token }}"}
    assert job["permissions"] == {"contents": "read", "issues": "write"}
    assert "paste an event's words" in refused(replace(one, runs=["echo ${{ github.event.client_payload.alert }}"]))


def test_an_action_is_pinned_to_a_commit_and_leaves_no_token_behind() -> None:
    (step, _) = workflow(replace(NIGHTLY, uses={"actions/checkout": SHA}))["jobs"]["performance"]["steps"]
    assert step == {"uses": f"actions/checkout@{SHA}", "with": {"persist-credentials": False}}
    assert "a tag can be moved" in refused(replace(NIGHTLY, uses={"actions/checkout": "v4"}))
    assert "is no action" in refused(replace(NIGHTLY, uses={"checkout": SHA}))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"runs": []}, "runs is empty"),
        ({"runs": ["a\nb"]}, "one printable line"),
        ({"cron": "61 * * * *"}, "cron"),
        ({"cron": "0 0 31 2 *"}, "Bad day-of-month"),
        ({"zone": "Europe/Amsterdam"}, "schedules in UTC"),
        ({"name": "My Job"}, "small letters"),
        ({"runner": "my machine"}, "is no label"),
        ({"longest": timedelta(0)}, "1 to 360 minutes"),
        ({"events": ["a b"]}, "no type of a repository_dispatch"),
        ({"variables": {"alert": "x"}}, "key_of_the_payload"),
        ({"form": "timer", "cron": ""}, "needs cron"),
        ({"form": "timer", "events": ["push"]}, "a timer has no actions"),
    ],
)
def test_what_could_not_run_or_not_be_bounded_is_left_out_with_the_reason(change: dict, why: str) -> None:  # type: ignore[type-arg]
    assert why in refused(replace(NIGHTLY, **change))


def test_what_has_no_form_makes_no_file() -> None:
    assert automation_files([Automation("backup", runs=["x"], state="prepared")]) == ((), ())


def test_a_service_takes_its_command_literally_and_is_stopped_by_a_file() -> None:
    timer, service = automation_files([CHECK]).files
    assert "OnCalendar=*-*-* 09:45:00 Europe/Amsterdam" in timer.content
    assert 'ExecStart=/bin/sh -ec "test \\"$$(date +%%s)\\" -gt 0"' in service.content
    assert "Description=Look at the 100 %% of it" in service.content
    assert "ConditionPathExists=!/etc/sre-automation/backup-check.off" in service.content
    assert "TimeoutStartSec=1800" in service.content
    assert "DynamicUser=true" in service.content


CRONS = ["45 9 * * *", "*/15 2 1 1,7 *", "0 6 * * MON-FRI", "30 2 1-7 * *", "5,35 */6 * * SUN,3", "0 5 */10 2-4 *"]


@pytest.mark.parametrize("cron", [*CRONS, "15 10 13 * 5"])
def test_systemd_fires_when_cron_does(cron: str) -> None:
    tool = shutil.which("systemd-analyze")
    if not tool:
        required("systemd-analyze is not installed (Debian: apt-get install systemd)")
    start = datetime(2026, 11, 1, tzinfo=UTC)
    ours = [f"{at:%Y-%m-%d %H:%M:00}" for at in islice(runs(cron, "UTC", start - timedelta(seconds=1)), 4)]
    theirs: set[str] = set()
    for expression in on_calendar(cron, "UTC"):
        command = [str(tool), "calendar", "--iterations=4", "--base-time=2026-10-31 23:59:59 UTC", expression]
        said = subprocess.run(
            command, capture_output=True, text=True, check=True, env={"TZ": "UTC", "LC_ALL": "C"}
        ).stdout
        theirs |= set(re.findall(r"(\d{4}-\d\d-\d\d \d\d:\d\d:00) UTC", said))
    assert sorted(theirs)[:4] == ours


@pytest.mark.parametrize("cron", ["0 10 * * TUE#2", "0 0 L * *", "0 0 * * */2", "0 0 */2 * MON"])
def test_what_oncalendar_cannot_say_is_refused(cron: str) -> None:
    with pytest.raises(ParameterError, match="cron"):
        on_calendar(cron, "UTC")


EVERYTHING = replace(NIGHTLY, uses={"actions/checkout": SHA}, events=["page", "push"], variables={"A": "a"},
                     permissions={"issues": "write"}, environment="production")  # fmt: skip


def test_githubs_schema_and_systemd_accept_what_is_made_and_refuse_what_is_wrong() -> None:
    if not shutil.which("systemd-analyze"):
        required("systemd-analyze is not installed")
    made = {one.name: one.content for one in automation_files([EVERYTHING, CHECK]).files}
    wrong = {
        "wrong.workflow.yaml": made["performance.workflow.yaml"].replace("runs-on", "runs_on"),
        "wrong.timer": made["backup-check.timer"].replace("09:45", "29:45"),
        "wrong.service": made["backup-check.service"].replace("/bin/sh", "/bin/no-such-shell"),
    }
    said = claims(made | wrong)
    assert said["performance.workflow.yaml"].level == "schema-validated"
    assert said["performance.workflow.yaml"].by.startswith("vendor.github-workflows of check-jsonschema ")
    for name in ("backup-check.timer", "backup-check.service"):
        assert (said[name].level, said[name].by) == ("tool-validated", "systemd-analyze verify --man=no"), name
    assert not any(said[name].problem for name in made)
    assert all(said[name].problem for name in wrong)


def test_check_jsonschema_itself_says_the_same(tmp_path: Path) -> None:
    right = tmp_path / "right.yaml"
    right.write_text(automation_files([EVERYTHING]).files[0].content, encoding="utf-8")
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(right.read_text(encoding="utf-8").replace("runs-on", "runs_on"), encoding="utf-8")
    command = [sys.executable, "-m", "check_jsonschema", "-o", "json", "--builtin-schema", "vendor.github-workflows"]
    said = subprocess.run([*command, str(right), str(wrong)], capture_output=True, text=True, check=False)
    assert {Path(one["filename"]).name for one in json.loads(said.stdout)["errors"]} == {"wrong.yaml"}


def test_without_the_package_that_has_the_schema_the_claim_is_smaller(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(name: str) -> str:
        raise PackageNotFoundError(name)

    content = automation_files([EVERYTHING]).files[0].content
    monkeypatch.setattr("importlib.metadata.version", nothing)
    said = claims({"a.workflow.yaml": content, "b.workflow.yaml": "a: ["})
    assert (said["a.workflow.yaml"].level, said["a.workflow.yaml"].by) == ("syntax-checked", "PyYAML")
    assert said["b.workflow.yaml"].problem
    monkeypatch.setattr("sre_kit.cli.doctor.version", nothing)
    examined = doctor._workflows()
    assert (examined.state, examined.fix) == ("note", "pip install check-jsonschema")
