"""No text makes the reader fail, and twice the text takes about twice the work."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sre_kit.load.facts import facts

TOKENS = [
    "|", "`", "```", "~~~", "\r\n", "\u2028", "\u0085", "\n", "\n\n", "  ", "- ", "* ", "1. ", "# ", "### ",
    "> ", ": ", "<", ">",
    "≤", "$", "\\le ", "{", "}", "[", "]", "(", ")", "**", "__", "~~", "|---|---|", "p95 ", "99.9 %", "99,9",
    "500 ms", "RTO ",
    "RPO", "uptime ", "latency ", "Alert", "Severity", "critical", "warning", "$5", "/month", " users",
    "scale ", "CPU ", "min ",
    "max ", "daily backup ", "保留30天", "每日", "┌──┬──┐\n", "│ a │ b │\n", "├──┼──┤\n", "└──┴──┘\n", "+---+---+\n",
    "apiVersion: apps/v1\n", "kind: Deployment\n", "- alert: X\n", "expr: up == 0\n", "for: 5m\n", "yaml\n",
    "javascript\n",
    "'http_req_duration': ['p(95)<500']", "'http_reqs': ['rate>5']", "- [ ] ", "- [x] ", "✅", "CVSS 7.5",
    "SEC-001: ", "&lt;",
    "<br>", "<!--", "-->", "TBD", "e.g. ", "1.000", "15-30 min", "three nines", "four hours", "–", "\t",
    "\x00", "\ufeff",
    "Scenario 1: ", "Tier 1", "prod", "x" * 60,
]  # fmt: skip
DOCUMENTS = ["MonitoringAlerts.md", "SLO.md", "PerformanceTestPlan.md", "DisasterRecovery.md", "SecurityTestReport.md"]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(TOKENS), max_size=60), st.sampled_from(DOCUMENTS))
def test_no_text_makes_the_reader_fail_and_every_fact_has_a_line_of_it(parts: list[str], document: str):
    text = "".join(parts)
    lines = text.replace("\r\n", "\n").replace("\r", "\n").count("\n") + 1
    for fact in facts(text, document):
        assert 1 <= fact.line <= lines
        assert fact.document == document


@pytest.mark.parametrize("ending", ["\r\n", "\r"])
def test_line_endings_change_nothing(ending: str):
    text = "## Backups\n\n- **Retention**: 30 days\n\n| Service | RTO |\n|---|---|\n| Ledger | 2 h |\n"
    assert facts(text.replace("\n", ending), "Recovery.md") == facts(text, "Recovery.md") != []


def _lines_run(work: Callable[[], object]) -> int:
    """How many lines of the reader run: a measure of work that no busy machine disturbs."""
    count = 0

    def trace(frame, event, argument):
        nonlocal count
        if "load/facts" not in frame.f_code.co_filename.replace("\\", "/"):
            return None
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize(
    "unit",
    [
        "RTO: 4 h\n",
        "| Part | Target |\n|---|---|\n| Booking p95 latency | < 500 ms |\n\n",
        "- CPU > 80% for 5 minutes (warning), > 90% (critical)\n",
        "- alert: X\n  expr: up == 0\n",
        "```\n┌──┬──┐\n│ a │ b │\n├──┼──┤\n│ 1 │ 2 │\n└──┴──┘\n```\n",
        "1. **No limit on login** CVSS 7.5\n",
        "$\\le ",
        "[a](",
        "**a ",
        "1-",
    ],
)
def test_four_times_the_text_takes_about_four_times_the_work(unit: str):
    small, large = unit * 40, unit * 160
    facts(small, "SLO.md")  # what is read once is read
    few, many = _lines_run(lambda: facts(small, "SLO.md")), _lines_run(lambda: facts(large, "SLO.md"))
    assert many <= 4.5 * few + 2_000


@pytest.mark.parametrize(
    "unit", ["|", "`", "$\\", "(", "[", "**a", "latency ", "9", "1-", "_", "<a ", "a: ", "seat map checkout "]
)
def test_one_endless_line_takes_no_more_than_one_of_the_longest_that_is_read(unit: str):
    long, endless = (unit * 4_000)[:4_000], (unit * 400_000)[:400_000]
    facts(long, "SLO.md")
    spent = []
    for text in (long + "x", endless):
        begin = time.process_time()
        facts(text, "SLO.md")
        spent.append(time.process_time() - begin)
    assert spent[1] <= 10 * spent[0] + 0.5  # a hundred times the text: the rest of the line is not read


def test_a_line_without_figures_takes_at_most_half_the_work_of_one_with_them():
    names = [f"{first}{second}" for first in "abcdefgh" for second in "klmnopqr"]
    told = "".join(f"- The {name} service talks to the ledger over the bus\n" for name in names)
    sized = "".join(f"- The {name} service answers in 250 ms at 900 req/s for $40 a month\n" for name in names)
    facts("a", "SLO.md")
    assert 2 * _lines_run(lambda: facts(told, "SLO.md")) <= _lines_run(lambda: facts(sized, "SLO.md"))
