"""Markdown as it comes: line numbers, headings, odd bytes, sizes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sre_kit.compute.vocabulary import Kind
from sre_kit.errors import DocumentError
from sre_kit.load.facts import facts
from sre_kit.load.facts.reading import MOST_BYTES, Fence, Line, Table, blocks, plain

SLA = "# Service\n\n## Levels\n\n- Uptime: 99.9%\n"
TOKENS = [
    "# ",
    "## ",
    "- ",
    "| a | b |\n",
    "|---|---|\n",
    "```yaml\n",
    "```",
    "\n",
    "\r\n",
    "> ",
    "- [ ] ",
    "**",
    "`",
    "\\|",
    "99.9% uptime",
    "RTO: 4h",
    "{{x}}",
    "&",
    "*a",
    "\u2028",
    "\x00",
    "alert: x",
]


def test_a_fact_knows_document_heading_line_and_quote():
    (fact,) = facts(SLA, "docs/SLA.md")
    assert (fact.document, fact.heading, fact.line, fact.quote) == (
        "docs/SLA.md",
        ("Service", "Levels"),
        5,
        "- Uptime: 99.9%",
    )


@pytest.mark.parametrize(
    "text",
    [
        "\ufeff" + SLA,
        SLA.replace("\n", "\r\n"),
        SLA.replace("Service", "Ser\x00vice"),
        SLA.replace("Service", "Ser\u2028vice"),
        SLA.rstrip("\n"),
    ],
)
def test_marks_line_ends_and_odd_characters_move_no_line(text: str):
    assert [(fact.line, fact.kind) for fact in facts(text, "a.md")] == [(5, Kind.AVAILABILITY_TARGET)]


def test_a_wrapped_sentence_is_read_whole_and_cited_at_its_number():
    (fact,) = facts("The service shall provide\nan availability of\n99.9 % every month.\n", "a.md")
    assert (fact.line, fact.kind) == (3, Kind.AVAILABILITY_TARGET)


def test_front_matter_and_comments_are_not_read():
    assert facts("---\nuptime: 99.9% availability\n---\n\n<!-- Uptime: 99.9% -->\n", "a.md") == []


def test_blocks_carry_what_stands_over_them():
    text = (
        "# A\n\n**Backups** (RDS):\n\n- **Database**\n  - Retention: "
        "7 days\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```yaml\nx: "
        "1\n```\n"
    )
    lines = [block for block in blocks(text) if isinstance(block, Line)]
    assert (lines[-1].lead, lines[-1].parents, lines[-1].heading) == ("Backups (RDS)", ("Database",), ("A",))
    (table,) = [block for block in blocks(text) if isinstance(block, Table)]
    (fence,) = [block for block in blocks(text) if isinstance(block, Fence)]
    assert (table.rows[0].line, fence.line, fence.language) == (10, 13, "yaml")


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("**Uptime**: [99.9 %](sla.md)", "Uptime: 99.9 %"),
        ("~~99 %~~ 99.9 %", "99.9 %"),
        ('`rate(x{a="b"}[5m]) * 2`', 'rate(x{a="b"}[5m]) * 2'),
        ("a<br>b &lt; 5", "a / b < 5"),
        ("✅ done", "done"),
        ("___ ms", "… ms"),
        ("snake_case_name", "snake_case_name"),
    ],
)
def test_inline_marks_go_and_code_stays(source: str, text: str):
    assert plain(source) == text


def test_a_document_beyond_ten_megabytes_is_refused():
    with pytest.raises(DocumentError, match="10,000,001 characters"):
        facts("x" * (MOST_BYTES + 1), "a.md")


@pytest.mark.parametrize(
    "text", ["1" * 200_000, "1." * 50_000, "|" * 50_000, "*" * 50_000, "(" * 50_000, "[a](b" * 20_000, "> " * 5_000]
)
def test_very_long_lines_are_cut_not_chewed(text: str):
    assert facts(text, "a.md") == []


def test_twice_the_text_is_twice_the_facts():
    text = SLA + "\n## Recovery\n\n| Scenario | RTO |\n|---|---|\n| Zone | 1 hour |\n"
    assert len(facts(text * 20, "a.md")) == 20 * len(facts(text, "a.md"))


@given(st.lists(st.one_of(st.sampled_from(TOKENS), st.text(max_size=10)), max_size=25).map("".join))
def test_no_text_raises_and_every_line_exists(text: str):
    found = facts(text, "a.md")
    count = text.replace("\r\n", "\n").replace("\r", "\n").count("\n") + 1
    assert all(1 <= fact.line <= count for fact in found)
    assert found == facts(text, "a.md")
