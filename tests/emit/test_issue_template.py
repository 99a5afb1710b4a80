"""The form for an incident: what people fill in is what the importer and the parser read back."""

from datetime import UTC, datetime, timedelta

import yaml

from sre_kit.compute.incidents import Severity
from sre_kit.compute.response.declaration import declaration
from sre_kit.emit import incident_issue
from sre_kit.load.incident_logs import incident_log

HOUR = timedelta(hours=1)
LADDER = [Severity("SEV1", "shop is down", "", HOUR, HOUR), Severity("SEV2", "shop is slow", "", HOUR, HOUR)]
FORM = incident_issue(LADDER, ["checkout", "search"])
FILLED = {
    "<SEV1 | SEV2>": "SEV2",
    "<checkout, search>": "checkout",
    "<when users first noticed>": "2026-10-30T16:20:00Z",
    "<when we first knew, and from what>": "2026-10-30T16:24:00Z",
    "<when somebody took it>": "2026-10-30T16:30:00Z",
    "<when users had it back>": "2026-10-30T17:00:00Z",
    "<when it was over>": "2026-10-30T18:20:00Z",
    "| <time> | <observation, hypothesis, action, decision, message> | <what, by which role, link> |": (
        "| 2026-10-30T16:40:00Z | action | scribe: release undone |"
    ),
    "<what> | <who> | <prevent, detect, mitigate, process> | <date> | <ticket>": (
        "Alert sooner | Ann | detect | 2026-11-30 | SHOP-1"
    ),
}


def filled():
    """The body of an issue, as somebody fills it in: front matter stays behind."""
    text = FORM.split("---\n", 2)[2]
    for old, new in FILLED.items():
        assert old in text, old
        text = text.replace(old, new)
    return text


def test_a_filled_form_is_read_back_as_the_incident(tmp_path):
    (tmp_path / "INC-7.md").write_text(filled(), encoding="utf-8")
    log = incident_log(tmp_path, as_of=datetime(2026, 11, 1, tzinfo=UTC))
    assert log.quarantine == ()
    one = log.incidents[0]
    milestones = (one.began, one.detected, one.acknowledged, one.mitigated, one.resolved)
    assert [(at.hour, at.minute) for at in milestones if at] == [(16, 20), (16, 24), (16, 30), (17, 0), (18, 20)]
    assert (one.impact, one.services) == ("SEV2", ("checkout",))
    assert [event.at.minute for event in one.timeline] == [40]
    assert [(a.text, a.owner, a.type, a.ticket) for a in one.actions] == [("Alert sooner", "Ann", "detect", "SHOP-1")]


def test_the_form_declares_in_the_fixed_words_and_its_head_is_yaml():
    head, body = FORM.split("---\n", 2)[1:]
    assert yaml.safe_load(head)["labels"] == "incident"
    assert declaration(body).severity == "SEV1"


def test_without_a_ladder_there_is_no_form():
    assert incident_issue([]) == ""
