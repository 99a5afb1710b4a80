"""A question that several cells ask: whole once, then short, under every heading that has nothing else."""

from __future__ import annotations

from sre_kit.render.repeats import once

ASKED = "**Not known:** the incident log: ask DevOps Engineer (expected in params: history.incidents)"


def test_under_one_heading_a_question_stands_once() -> None:
    assert (
        once(f"## A\n\n{ASKED}\n\nText.\n\n{ASKED}\n\n### B\n\nText.") == f"## A\n\n{ASKED}\n\nText.\n\n### B\n\nText."
    )


def test_under_another_heading_it_says_so_and_where_it_is_asked() -> None:
    """The link is the one that GitHub gives the second heading of that name."""
    text = once(f"# D\n\n## Steps\n\nText.\n\n## Steps\n\n{ASKED}\n\n### B\n\n{ASKED}\n\n{ASKED}\n\n## C\n\n{ASKED}")
    short = "**Not known:** the incident log, as asked under [Steps](#steps-1)"
    assert text == f"# D\n\n## Steps\n\nText.\n\n## Steps\n\n{ASKED}\n\n### B\n\n{short}\n\n## C\n\n{short}"


def test_what_is_code_or_asks_something_else_stays() -> None:
    fenced = f"```text\n## Not a heading\n\n{ASKED}\n\n{ASKED}\n```"
    other = ASKED + "; no incident log is configured"
    listed = f"- {ASKED}\n- {ASKED}"
    text = f"## A\n\n{fenced}\n\n{ASKED}\n\n{other}\n\n{listed}\n\n{listed}"
    assert once(text) == text
