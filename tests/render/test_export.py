"""From an executed notebook to its document: what is shown, what is not, and what the machine gets."""

from __future__ import annotations

import base64

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from sre_kit.errors import NotebookError
from sre_kit.render import decisions
from sre_kit.render.export import SREMarkdownExporter
from sre_kit.store.manifest import CHANGES_MARK, DECISIONS_MARK, MIME, claim_mark

HEADER = "- **Project:** Shop\n- **Version:** 4"


def _shown(data: dict[str, object], number: int = 1) -> object:
    cell = new_code_cell("show.it()", execution_count=number)
    cell.outputs = [new_output("execute_result", data=data, execution_count=number)]
    return cell


def _notebook(*cells: object, last_body: str = "") -> object:
    last = {"number": 3, "body_sha256": last_body, "records": {"a": 1}, "before_number": 2, "before_records": {"a": 0}}
    header = {"document": "Shop", "as_of": "", "version": 4, "last": last}
    first = _shown({"text/markdown": HEADER, MIME: {"header": header}})
    last = _shown({"text/markdown": "None.", MIME: {"sentinel": True}})
    return new_notebook(
        cells=[new_markdown_cell("# Shop"), first, *cells, last], metadata={"sre_kit": {"document": "Shop"}}
    )


def test_code_never_reaches_the_page_and_markdown_does() -> None:
    text, _ = SREMarkdownExporter().from_notebook_node(
        _notebook(_shown({"text/markdown": "| A |\n|---|\n| 1 |", "text/plain": "Table", "text/html": "<b>no</b>"}))
    )
    assert "| 1 |" in text and "show.it" not in text and "<b>" not in text


def test_of_a_guide_the_page_has_the_heading_alone() -> None:
    guide = new_markdown_cell("## Use\n\nRun all cells.", metadata={"tags": ["guide"]})
    text, _ = SREMarkdownExporter().from_notebook_node(_notebook(guide, new_markdown_cell("## Why\n\nBecause.")))
    assert "## Use\n\n## Why\n\nBecause." in text


def test_an_image_stands_above_its_table_under_a_stable_name() -> None:
    image = base64.b64encode(b"\x89PNG").decode()
    part = {"image": {"name": "burn-rate", "alt": "Burn [rate] rises to 14"}}
    text, resources = SREMarkdownExporter().from_notebook_node(
        _notebook(_shown({"image/png": image, "text/markdown": "| A |", MIME: part}))
    )
    assert r"![Burn \[rate\] rises to 14](images/Shop-burn-rate.png)" + "\n\n| A |" in text
    assert resources["outputs"]["images/Shop-burn-rate.png"] == b"\x89PNG"


def test_a_widget_shows_its_static_form_and_never_its_repr() -> None:
    widget = {"application/vnd.jupyter.widget-view+json": {"model_id": "x"}, "text/plain": "interactive(children=())"}
    text, _ = SREMarkdownExporter().from_notebook_node(_notebook(_shown({**widget, "text/markdown": "| 30 d |"})))
    assert "| 30 d |" in text and "interactive(" not in text


def test_what_a_cell_printed_is_kept_out_and_told() -> None:
    cell = new_code_cell("x", execution_count=1)
    cell.outputs = [new_output("stream", name="stderr", text="FutureWarning: soon")]
    text, resources = SREMarkdownExporter().from_notebook_node(_notebook(cell))
    assert "FutureWarning" not in text
    assert resources["sre_kit"]["noise"][0]["text"] == "FutureWarning: soon"


def test_a_failed_cell_makes_no_document() -> None:
    cell = new_code_cell("x", id="budget", execution_count=1)
    cell.outputs = [new_output("error", ename="ValueError", evalue="bad", traceback=[])]
    with pytest.raises(NotebookError, match=r"Shop: cell 'budget' failed: ValueError: bad"):
        SREMarkdownExporter().from_notebook_node(_notebook(cell))


def test_the_version_goes_up_only_when_the_body_changes() -> None:
    text, resources = SREMarkdownExporter().from_notebook_node(_notebook(new_markdown_cell("same")))
    assert resources["sre_kit"]["version"] == 4 and "- **Version:** 4" in text
    again = _notebook(new_markdown_cell("same"), last_body=resources["sre_kit"]["body_sha256"])
    text, resources = SREMarkdownExporter().from_notebook_node(again)
    assert resources["sre_kit"]["version"] == 3 and "- **Version:** 3" in text


def test_what_changed_is_told_and_does_not_change_the_next_run() -> None:
    """Against the last version while the body differs, against the one before it once it is published."""
    record = _shown({"text/markdown": "t", MIME: {"records": [{"name": "a", "value": 5}]}})
    cells = [record, new_markdown_cell(CHANGES_MARK)]
    text, resources = SREMarkdownExporter().from_notebook_node(_notebook(*cells))
    assert "Since version 3, 1 of 1 numbers changed" in text and "| `a` | 1 | 5 |" in text
    assert resources["sre_kit"]["before"] == {"version": 3, "records": {"a": 1}}
    text, _ = SREMarkdownExporter().from_notebook_node(_notebook(*cells, last_body=resources["sre_kit"]["body_sha256"]))
    assert "Since version 2, 1 of 1 numbers changed" in text and "| `a` | 0 | 5 |" in text


def test_a_decision_that_differs_from_the_published_one_stays_told_with_its_reason_in_the_log() -> None:
    """Published as version 3 with 99 %; then 99.9 % as version 4, and other words as version 5."""

    def exported(words: str, last: dict[str, object], log: list[dict[str, str]] | None = None) -> tuple[str, dict]:
        part = {"decided": [["api", "target", "99.9 %"], ["new", "target", "90 %"]], "log": log or []}
        notebook = _notebook(_shown({"text/markdown": DECISIONS_MARK, MIME: part}), new_markdown_cell(words))
        header = notebook.cells[1].outputs[0].data[MIME]["header"]
        header["last"] |= last
        header |= {"as_of": "2026-11-01T00:00:00+00:00", "version": int(header["last"]["number"]) + 1}
        text, resources = SREMarkdownExporter().from_notebook_node(notebook)
        return text, resources["sre_kit"]

    published = {"values": [["api", "target", "99 %"], ["old", "target", "95 %"]], "changed": []}
    text, machine = exported("a", {"decisions": published, "as_of": "2026-10-01T00:00:00+00:00"})
    assert "| 2026-11-01, version 4 | api | target | 99 % | 99.9 % | **not in the log** |" in text
    assert "| old | target | 95 % | – |" in text and "| new | target | – | 90 % |" in text
    again, same = exported("a", {"decisions": machine["decisions"], "body_sha256": machine["body_sha256"], "number": 4})
    assert "| 2026-11-01, version 4 | api |" in again
    assert same["decisions"] == machine["decisions"]
    log = [
        {"made": "2026-09-30", "subject": "api", "reason": "an older change"},
        {"made": "2026-10-20", "subject": "api", "reason": "the contract | changed"},
        {"made": "2026-10-20", "subject": "old", "reason": "its service ended"},
    ]
    later, machine = exported("b", {"decisions": machine["decisions"], "number": 4}, log)
    assert "| 2026-11-01, version 4 | api | target | 99 % | 99.9 % | 2026-10-20: the contract \\| changed |" in later
    assert "its service ended" in later and later.count("not in the log") == 1
    assert len(machine["decisions"]["changed"]) == 3


def test_the_first_version_has_nothing_to_compare_its_decisions_with() -> None:
    assert decisions.changes(0, [], []) == (
        "No version was published before, so there is nothing to compare the objectives with."
    )
    assert "no objective differs" in decisions.changes(2, [], [])


def test_records_gaps_and_findings_reach_the_machine() -> None:
    part = {"records": [{"name": "a.b", "value": 1.0}], "gaps": [{"what": "x"}], "findings": [{"rank": 1}]}
    _, resources = SREMarkdownExporter().from_notebook_node(_notebook(_shown({"text/markdown": "t", MIME: part})))
    machine = resources["sre_kit"]
    assert (machine["records"], machine["gaps"], machine["findings"]) == (
        part["records"],
        part["gaps"],
        part["findings"],
    )
    assert machine["sentinel"] is True


@pytest.mark.parametrize(
    ("name", "content", "level"),
    [
        ("x.json", "{}", "syntax-checked"),
        ("x.json", "{", "unchecked"),
        ("x.yaml", "a: [", "unchecked"),
        ("x.txt", "", "unchecked"),
    ],
)
def test_an_artifact_says_how_far_it_was_checked(name: str, content: str, level: str) -> None:
    part = {"artifacts": [{"name": name, "content": content, "media_type": "text/plain", "about": "x"}]}
    text, resources = SREMarkdownExporter().from_notebook_node(
        _notebook(_shown({"text/markdown": f"- [x](artifacts/{name}) {claim_mark(name)}", MIME: part}))
    )
    assert resources["sre_kit"]["artifacts"][0]["level"] == level
    assert resources["outputs"][f"artifacts/{name}"] == content.encode()
    assert "claim:" not in text


def test_the_contents_link_to_every_heading_of_the_second_level() -> None:
    cells = [new_markdown_cell(f"## {title}\n\ntext") for title in ("SLIs (chosen)", "Two", "Three", "Four")]
    text, _ = SREMarkdownExporter().from_notebook_node(_notebook(*cells))
    assert "**Contents:** [SLIs (chosen)](#slis-chosen) · [Two](#two)" in text
