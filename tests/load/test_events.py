"""Deployments from files and from git tags."""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sre_kit.compute.changes import Deploy
from sre_kit.errors import ParameterError
from sre_kit.load.events import deploy_log

AS_OF = datetime(2026, 3, 31, tzinfo=UTC)


def log(folder: Path, name: str, text: str):
    (folder / name).write_text(text, encoding="utf-8")
    return deploy_log(name, base=folder, as_of=AS_OF)


def test_a_csv_gives_deployments_in_order_of_time(tmp_path: Path):
    found = log(
        tmp_path,
        "deploys.csv",
        "time,service,version,outcome,committed_at,incident,unplanned\n"
        "2026-03-02T10:00:00Z,shop,1.1,Failure,2026-03-01T10:00:00Z,INC-7,yes\n"
        "2026-03-01T10:00:00+02:00,shop,1.0,success,,,\n",
    )
    assert found.deploys == (
        Deploy(datetime(2026, 3, 1, 8, tzinfo=UTC), "shop", "1.0", "succeeded", "deploys.csv:3"),
        Deploy(
            datetime(2026, 3, 2, 10, tzinfo=UTC),
            "shop",
            "1.1",
            "failed",
            "deploys.csv:2",
            datetime(2026, 3, 1, 10, tzinfo=UTC),
            "INC-7",
            True,
        ),
    )
    assert found.deploys[1].lead_time == timedelta(days=1)
    assert found.deploys[0].lead_time is None
    assert (found.later, found.problems, found.gap) == (0, (), "")


def test_json_lines_give_the_same(tmp_path: Path):
    found = log(
        tmp_path,
        "d.jsonl",
        '\ufeff{"time": "2026-03-01T08:00:00Z", "service": "shop", "version": 3, "outcome": null}\n\n',
    )
    assert found.deploys == (Deploy(datetime(2026, 3, 1, 8, tzinfo=UTC), "shop", "3", "", "d.jsonl:1"),)


def test_deployments_later_than_the_report_are_left_out_and_counted(tmp_path: Path):
    rows = "".join(f"2026-{month:02}-01T00:00:00Z,shop\n" for month in (1, 2, 3, 4, 5))
    found = log(tmp_path, "d.csv", "time,service\n" + rows)
    assert (len(found.deploys), found.later) == (3, 2)
    later = log(tmp_path, "d.csv", "time,service\n2027-01-01T00:00:00Z,shop\n")
    assert later.gap == "d.csv holds no deployment up to 2026-03-31 00:00Z"


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("2026-03-01T10:00:00,shop,,", "has no zone"),
        ("soon,shop,,", "a time was expected, got 'soon'"),
        (",shop,,", "no time"),
        ("2026-03-01T10:00:00Z,,,", "no service"),
        ("2026-03-01T10:00:00Z,shop,maybe,", "write yes or no"),
        ("2026-03-01T10:00:00Z,shop,,yesterday", "a time was expected"),
    ],
)
def test_a_row_that_cannot_be_used_is_shown_with_its_place_and_the_rest_goes_on(tmp_path: Path, row, said):
    good = "2026-03-02T10:00:00Z,shop,no,\n"
    found = log(tmp_path, "d.csv", f"time,service,unplanned,committed_at\n{row}\n{good}")
    assert len(found.deploys) == 1
    (problem,) = found.problems
    assert problem.startswith("d.csv:2: ")
    assert said in problem


def test_a_line_that_is_no_json_object_is_shown_and_the_rest_goes_on(tmp_path: Path):
    found = log(tmp_path, "d.jsonl", '{"time": "2026\n[1]\n{"time": "2026-03-01T00:00:00Z", "service": "a"}\n')
    assert len(found.deploys) == 1
    assert [problem.partition(": ")[0] for problem in found.problems] == ["d.jsonl:1", "d.jsonl:2"]


@pytest.mark.parametrize(
    ("name", "raw", "said"),
    [
        ("d.csv", b"when,service\n", "no column time; there are when, service"),
        ("d.csv", b"", "no column time, service; there are none"),
        ("d.csv", b"time,service\n", "holds no deployment"),
        ("d.csv", b"time,service\n\xff,a\n", "byte 13 is no UTF-8"),
        ("d.jsonl", b"", "holds no deployment"),
        ("e.csv", None, "cannot read|no regular file"),
    ],
)
def test_a_file_that_cannot_be_read_is_a_gap(tmp_path: Path, name, raw, said):
    if raw is not None:
        (tmp_path / name).write_bytes(raw)
    found = deploy_log(name, base=tmp_path, as_of=AS_OF)
    assert found.deploys == ()
    assert found.gap
    import re

    assert re.search(said, found.gap)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    folder.mkdir()

    def git(*arguments: str, when: str = "2026-03-01T10:00:00Z") -> None:
        identity = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@example.org", "GIT_COMMITTER_NAME": "a"}
        dates = {"GIT_AUTHOR_DATE": when, "GIT_COMMITTER_DATE": when, "GIT_COMMITTER_EMAIL": "a@example.org"}
        environment = {**os.environ, **identity, **dates, "GIT_CONFIG_GLOBAL": os.devnull}
        subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True, env=environment)

    git("init", "-q")
    git("commit", "-q", "--allow-empty", "-m", "one")
    git("tag", "v1.0")
    git("tag", "-a", "v1.1", "-m", "release", when="2026-03-03T12:00:00Z")
    git("tag", "-a", "v2.0", "-m", "later", when="2026-05-03T12:00:00Z")
    git("tag", "nightly")
    return folder


def test_tags_are_deployments_when_they_were_made(repository: Path):
    found = deploy_log("git:shop?pattern=v*", base=repository.parent, as_of=AS_OF)
    assert [(one.version, one.time, one.service) for one in found.deploys] == [
        ("v1.0", datetime(2026, 3, 1, 10, tzinfo=UTC), "shop"),
        ("v1.1", datetime(2026, 3, 3, 12, tzinfo=UTC), "shop"),
    ]
    assert found.deploys[1].lead_time == timedelta(days=2, hours=2)
    assert found.deploys[0].source == "shop tag v1.0"
    assert found.later == 1
    assert {one.outcome for one in found.deploys} == {""}


def test_the_pattern_and_the_service_are_options(repository: Path):
    found = deploy_log("git:shop?pattern=night*&service=web", base=repository.parent, as_of=AS_OF)
    assert [(one.version, one.service) for one in found.deploys] == [("nightly", "web")]
    assert len(deploy_log("git:shop", base=repository.parent, as_of=AS_OF).deploys) == 3


def test_variables_of_the_environment_lead_to_no_other_repository(repository: Path, tmp_path: Path, monkeypatch):
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    assert len(deploy_log("git:shop", base=repository.parent, as_of=AS_OF).deploys) == 3


@pytest.mark.parametrize("pattern", ["--exec=x", "-n", "v$(touch x)", "v*;rm", "", "a b"])
def test_a_pattern_is_never_an_option_or_a_command(repository: Path, pattern):
    with pytest.raises(ParameterError, match="is no tag pattern"):
        deploy_log(f"git:shop?pattern={pattern}", base=repository.parent, as_of=AS_OF)


def test_what_is_no_repository_is_a_gap(tmp_path: Path):
    assert "there is no such folder" in deploy_log("git:none", base=tmp_path, as_of=AS_OF).gap
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain" / ".git").write_text("gitdir: nowhere\n")
    assert "git cannot list the tags of plain" in deploy_log("git:plain", base=tmp_path, as_of=AS_OF).gap


@pytest.mark.parametrize(
    ("written", "said"), [("deploys.txt", "write a .csv or .jsonl"), ("git:x?patern=v", "did you mean 'pattern'")]
)
def test_what_names_no_log_is_refused(tmp_path: Path, written, said):
    with pytest.raises(ParameterError, match=said):
        deploy_log(written, base=tmp_path, as_of=AS_OF)
