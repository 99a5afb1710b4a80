"""Whatever is read: folders, broken rows, and every row accounted for."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from sre_kit.load.incident_logs import incident_log
from tests.load.exports import (
    AS_OF,
    PAGE,
    alert,
    issue,
    matrix,
    opsgenie,
    pagerduty,
    read,
    series,
    statuspage,
    webhooks,
)


def test_a_folder_may_mix_tools_and_an_incident_counts_once(tmp_path):
    (tmp_path / "a.json").write_text(json.dumps([pagerduty(1)]), encoding="utf-8")
    (tmp_path / "b.json").write_text(json.dumps([pagerduty(1), pagerduty(2)]), encoding="utf-8")
    (tmp_path / "c.md").write_text(PAGE, encoding="utf-8")
    (tmp_path / "notes.txt").write_text("x", encoding="utf-8")
    log = incident_log(tmp_path, as_of=AS_OF)
    assert log.format == "PagerDuty REST v2, post-mortem pages"
    assert [i.id for i in log.incidents] == ["1", "2", "INC-42"]
    assert [(q.origin, q.id) for q in log.quarantine] == [("b.json#1", "1")]


def test_an_empty_folder_is_a_gap(tmp_path):
    (tmp_path / "empty").mkdir()
    assert "the folder empty holds no .json" in incident_log(tmp_path / "empty", as_of=AS_OF).gap


def test_a_first_line_that_is_broken_does_not_hide_the_others(tmp_path):
    text = '{"id": "1", "began":\n{"id": "2", "began": "2026-01-01T00:00Z"}\n'
    log = read(tmp_path, text, "log.jsonl")
    assert [i.id for i in log.incidents] == ["2"] and len(log.quarantine) == 1


WORDS = st.sampled_from(
    [
        "", "SEV1", "maintenance", "none", "closed", "resolved", "2026-01-01T00:00Z", "2026-01-02 10:00", "x",
        "2027-01-01T00:00Z", "N/A", "12.5", "0001-01-01T00:00:00Z", None, True, 7, 1_767_225_600, [], ["a"],
        {"summary": "x"}, [{"name": "y"}], [None], {"state": 3}, -1e300, "9" * 400,
    ]
)  # fmt: skip


SAMPLES = [
    pagerduty(1), opsgenie(1), statuspage("a"), issue(1, "sev1"), alert("firing", "2026-04-01T10:00:00Z"),
    json.loads(webhooks(alert("firing", "2026-04-01T10:00:00Z"))),
    matrix(series("ALERTS", range(3), alertstate="firing")),
    {"id": "g", "external_desc": "x", "begin": "2026-03-10T14:00:00+00:00", "end": "", "severity": "low"},
    {"id": "t", "began": "2026-03-10T14:00:00Z", "resolved": "2026-03-10T15:00:00Z", "actions": [{"text": "a"}]},
    {"incident_number": 7, "created_at": "2026-01-08T15:36:37", "seconds_to_first_ack": 42, "seconds_to_resolve": 195},
]  # fmt: skip


@st.composite
def damaged(draw):
    """A record of one of the tools with some of its values replaced by others'."""
    row = dict(draw(st.sampled_from(SAMPLES)))
    for key in draw(st.lists(st.sampled_from(sorted(row)), max_size=4)):
        row[key] = draw(WORDS)
    return row


@settings(max_examples=400)
@given(st.lists(damaged(), min_size=1, max_size=4), st.booleans())
def test_every_row_is_accounted_for_whatever_it_holds(tmp_path_factory, rows, lines):
    """Nothing is dropped and nothing raises: used + maintenance + others + put aside + later than the report."""
    path = tmp_path_factory.mktemp("any") / "any.json"
    path.write_text("\n".join(map(json.dumps, rows)) if lines else json.dumps(rows), encoding="utf-8")
    log = incident_log(path, as_of=AS_OF)
    counted = (*log.incidents, *log.maintenance, *log.others, *log.quarantine)
    assert log.rows == len(counted) + log.later_than_as_of
    assert all(q.reason and q.origin for q in log.quarantine)


@given(st.text(st.sampled_from("-#|:*\n 0123456789ZUTCabStartEnd@.\\`é"), max_size=300))
def test_no_page_raises(tmp_path_factory, text):
    path = tmp_path_factory.mktemp("page") / "page.md"
    path.write_text("# Outage\n\n" + text, encoding="utf-8")
    log = incident_log(path, as_of=AS_OF)
    assert log.rows >= 1
