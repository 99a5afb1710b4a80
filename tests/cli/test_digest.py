"""``sre-kit oncall digest``: what the demo hands over, and what a project without a log says."""

from pathlib import Path

import pytest

from sre_kit.cli import main

DEMO = str(Path(__file__).resolve().parents[2] / "params" / "demo")


@pytest.fixture(scope="module")
def printed():
    import contextlib
    import io

    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        assert main(["oncall", "digest", "--params", DEMO, "--as-of", "2026-11-01"]) == 0
    return out.getvalue()


def part(text, heading):
    return text.split(f"## {heading}", 1)[1].split("\n## ", 1)[0]


def test_it_says_who_has_the_pager_and_what_runs(printed):
    assert "primary: Sanne Visser until 2026-11-02 08:30Z" in printed
    assert "INC-2026-1030" in part(printed, "Open now")


def test_it_tells_the_last_turn_from_its_handoff_on(printed):
    last = part(printed, "Since the last handoff, 2026-10-26 08:30Z")
    assert "INC-2026-1030" in last and "**open**" in last
    assert "INC-2026-1021" not in last


def test_it_names_what_is_owed_and_by_whom(printed):
    owed = part(printed, "Owed")
    assert "Put a connection pooler before postgres-orders" in owed and "overdue by 247 d" in owed
    assert "INC-2026-1014" in owed and "of SearchIndexLag" in owed
    assert "Alert on connections before they are exhausted" not in owed


def test_it_lists_the_next_handoffs_in_order(printed):
    rows = [line.split("|")[1].strip() for line in part(printed, "The next 14 days").splitlines() if "2026-" in line]
    assert rows == sorted(rows) and rows[0] == "2026-11-02 08:30Z"


def test_since_can_be_given(capsys):
    main(["oncall", "digest", "--params", DEMO, "--as-of", "2026-11-01", "--since", "2026-10-20T00:00:00Z"])
    assert "INC-2026-1021" in part(capsys.readouterr().out, "Since the last handoff, 2026-10-20 00:00Z")


def test_a_shift_is_told_with_what_it_spent_and_changed(capsys):
    given = ["oncall", "digest", "--params", DEMO, "--as-of", "2026-11-01", "--shift"]
    assert main([*given, "now"]) == 0
    shift = part(capsys.readouterr().out, "The shift")
    assert "**Shift of Sanne Visser**: primary from 2026-10-26 08:30Z" in shift
    assert (
        "Next: Kwame Mensah" in shift and "checkout | 2.31.0" in " ".join(shift.split()) and "Bad in the shift" in shift
    )
    main([*given, "last"])
    assert "whose shift is handed over" in capsys.readouterr().out, "the rota begins with the shift that runs"
