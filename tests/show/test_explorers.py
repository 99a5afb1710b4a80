"""Explorers: one bundle for both readers, a burst that shows only the last, lines that can be kept."""

from __future__ import annotations

import asyncio
import gc
import re
import sys
from dataclasses import replace
from datetime import timedelta
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import IPython
import pytest
import yaml
from packaging.requirements import Requirement

from sre_kit import show
from sre_kit.compute.operations.recovery import recoverables
from sre_kit.errors import ParameterError
from sre_kit.load import params
from sre_kit.show import panel as panels
from sre_kit.show import widgets
from sre_kit.show.keeping import Kept
from sre_kit.show.panel import STYLE, WAIT, Panel, html_of
from sre_kit.show.shown import Note
from sre_kit.show.table import Table
from sre_kit.show.text import Lines, Link, Span
from sre_kit.show.widgets import Amount, Choice, Explorer, View
from tests.show.explorers import BACKUPS, made

each = pytest.mark.parametrize("explorer", made(), ids=lambda one: one.name)
NAMED = re.compile(r"interactive\(|children=|VBox\(|Explorer\(")
WIDGET = "application/vnd.jupyter.widget-view+json"


class Counted:
    """An explorer that notes what it was asked to compute."""

    def __init__(self) -> None:
        self.asked: list[int] = []
        self.explorer = Explorer(
            name="made up",
            controls={"number": Amount("Number", 1, 0, 9), "odd": Choice("Odd", {"yes": 1, "no": 0}, 1)},
            view=self.view,
            keep=lambda number, odd: Kept({"number": number}),
            leads={"odd": lambda odd: {"number": 3 if odd else 2}},
        )

    def view(self, number: int, odd: int) -> Note:
        self.asked.append(number)
        if number == 7:
            raise ParameterError("seven is <b>not</b> allowed")
        if number == 8:
            raise ZeroDivisionError("eight")
        return Note(f"the number is {number}")


def test_a_burst_of_changes_shows_only_the_last() -> None:
    counted = Counted()

    async def burst() -> Panel:
        panel = Panel(counted.explorer)
        for number in (2, 3, 4, 5):
            panel.controls["number"].value = number
        assert counted.asked == [1]
        await asyncio.sleep(4 * WAIT)
        return panel

    panel = asyncio.run(burst())
    assert counted.asked == [1, 5]
    assert "the number is 5" in panel.view.value and panel.keep.value == "number: 5"


def test_without_an_event_loop_every_change_is_shown_at_once() -> None:
    counted = Counted()
    panel = Panel(counted.explorer)
    for number in (2, 3):
        panel.controls["number"].value = number
        assert f"the number is {number}" in panel.view.value
    assert counted.asked == [1, 2, 3]


def test_a_burst_that_ends_where_it_began_computes_nothing() -> None:
    counted = Counted()

    async def there_and_back() -> None:
        panel = Panel(counted.explorer)
        panel.controls["number"].value = 2
        panel.controls["number"].value = 1
        await asyncio.sleep(4 * WAIT)

    asyncio.run(there_and_back())
    assert counted.asked == [1]


def test_a_control_that_leads_others_is_one_change_and_a_button_leads_back() -> None:
    counted = Counted()
    panel = Panel(counted.explorer)
    panel.controls["odd"].value = "no"
    assert panel.setting() == {"number": 2, "odd": 0} and counted.asked == [1, 2]
    panel.back.click()
    assert panel.setting() == counted.explorer.setting() and counted.asked == [1, 2, 1]


def test_an_impossible_setting_says_why_in_the_view_and_the_next_one_is_shown() -> None:
    panel = Panel(Counted().explorer)
    panel.controls["number"].value = 7
    assert '<div role="alert">This setting cannot be shown: seven is &lt;b&gt;not' in panel.view.value
    assert "nothing to keep" in panel.keep.value
    panel.controls["number"].value = 6
    assert "the number is 6" in panel.view.value and "alert" not in panel.view.value


def test_a_defect_is_said_in_the_view_and_still_reaches_the_log() -> None:
    panel = Panel(Counted().explorer)
    with pytest.raises(ZeroDivisionError):
        panel.controls["number"].value = 8
    assert "a defect of sre-kit: ZeroDivisionError: eight" in panel.view.value


def test_no_garbage_is_collected_while_a_view_is_made_and_again_afterwards() -> None:
    swept: list[bool] = []
    explorer = Explorer(
        name="made up",
        controls={"number": Amount("Number", 1, 0, 9)},
        view=lambda number: swept.append(gc.isenabled()) or Note(str(number / (number - 2))),
        keep=lambda number: Kept({}),
    )
    panel = Panel(explorer)
    with pytest.raises(ZeroDivisionError):
        panel.controls["number"].value = 2
    assert swept[-1] is False and gc.isenabled()


def test_two_displays_share_no_state() -> None:
    explorer = Counted().explorer
    first, second = Panel(explorer), Panel(explorer)
    first.controls["number"].value = 4
    assert second.controls["number"].value == 1 and "the number is 1" in second.view.value
    assert "the number is 1" in explorer.markdown()


def test_a_batch_run_computes_the_default_once_and_makes_no_widget(monkeypatch: pytest.MonkeyPatch) -> None:
    counted = Counted()
    monkeypatch.setattr(panels, "Panel", None)
    bundle, _ = counted.explorer._repr_mimebundle_()
    assert counted.explorer.markdown() == bundle["text/markdown"] and counted.asked == [1]
    assert bundle == {"text/markdown": "the number is 1", "text/plain": "Explorer"}


def test_where_a_front_end_can_answer_one_bundle_has_both_forms(monkeypatch: pytest.MonkeyPatch) -> None:
    shell = SimpleNamespace(kernel=SimpleNamespace(comm_manager=object()))
    monkeypatch.setattr(IPython, "get_ipython", lambda: shell)
    counted = Counted()
    bundle, _ = counted.explorer._repr_mimebundle_()
    assert set(bundle) == {WIDGET, "text/markdown", "text/html", "text/plain"} and counted.asked == [1]
    assert "the number is 1" in bundle["text/html"] and bundle[WIDGET]["model_id"]
    shell.kernel = SimpleNamespace()
    assert WIDGET not in counted.explorer._repr_mimebundle_()[0]


def test_a_saved_notebook_shows_figure_and_table_where_no_widget_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """As nbconvert's HTML and GitHub have it: without the widget's state its view is passed over."""
    from nbconvert import HTMLExporter
    from nbformat.v4 import new_code_cell, new_notebook, new_output

    monkeypatch.setattr(widgets, "watched", lambda: True)
    bundle, _ = next(one for one in made() if one.name == "Recovery")._repr_mimebundle_()
    assert WIDGET in bundle
    shown = new_notebook(cells=[new_code_cell("", outputs=[new_output("display_data", data=bundle)])])
    page, _ = HTMLExporter(template_name="basic", exclude_input=True).from_notebook_node(shown)
    assert "<figure><img " in page and ">orders</td>" in page and "orders loses 1 d 25 min at worst" in page
    assert WIDGET not in page and not NAMED.search(page)


def test_an_unknown_control_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(ParameterError, match="no control 'nubmer'; did you mean 'number'"):
        Counted().explorer.at(nubmer=3)


def test_a_default_that_cannot_be_chosen_is_refused() -> None:
    with pytest.raises(ParameterError, match="is none of a, b"):
        Choice("Letter", {"a": 1, "b": 2}, 3)
    with pytest.raises(ParameterError, match=r"the default 11 is not in 0\.\.9"):
        Amount("Number", 11, 0, 9)


def test_what_is_data_stays_text_in_the_live_view() -> None:
    table = Table(("<i>name</i>",), [(Lines(["<script>x</script>", "two"]),)])
    text = html_of(View("**bold** <img src=x onerror=y>", (table,)))
    assert "&lt;script&gt;x&lt;/script&gt;<br>two" in text and "<img" not in text and "<i>" not in text
    assert "**bold**" in text


def test_a_link_of_the_document_leads_nowhere_in_a_notebook() -> None:
    text = html_of(View(Span(["see ", Link("Spec:58", "../Spec.md#L58")]), ()))
    assert "see Spec:58" in text and "href" not in text


def test_a_number_keeps_its_unit_and_a_date_its_day_in_a_narrow_column() -> None:
    cells = ("2026-12-02", "76.6 %", "5 min", "100 % (3 of 4)", "13 to 15", "7 days", "checkout-availability")
    text = html_of(View("x", (Table(("A",), [(cell,) for cell in cells]),)))
    whole = re.findall(r'<span class="sre-kit-whole">([^<]*)</span>', text)
    assert whole == ["2026-12-02", "76.6 %", "5 min", "100 %", "3 of 4", "13 to 15"]
    assert ".sre-kit-whole { white-space: nowrap; }" in STYLE


def test_the_figure_stands_beside_its_table_with_the_conclusion_as_its_words() -> None:
    text = html_of(View('all is "well"', (Table(("A",), [("1",)]),), draw=lambda axes: axes.plot([1, 2])))
    assert re.search(
        r'<figure><img src="data:image/png;base64,[^"]+" width="\d+" height="\d+" alt="all is &quot;', text
    )
    assert text.index("well") < text.index("<figure>") < text.index("<table>")


def test_colours_follow_the_theme() -> None:
    colours = re.findall(r"(?<![-\w])(?:color|background|border[\w-]*):([^;]+);", STYLE)
    fixed = [one.strip() for one in colours if "var(--jp-" not in one]
    assert len(colours) > 4 and fixed == ["#fff", "4px", "collapse"]  # white is the ground of a figure


def test_two_values_that_read_alike_can_both_be_chosen() -> None:
    alike = [replace(one, restore_per_second=rate) for one, rate in zip(BACKUPS, (20_000_001, 20_000_002), strict=True)]
    explorer = show.recovery_explorer(recoverables([], alike))
    assert isinstance(explorer, Explorer)
    rates = explorer.controls["rate"]
    assert isinstance(rates, Choice) and {20_000_000, 20_000_001, 20_000_002} <= set(rates.options.values())


def test_no_document_shows_a_widget_by_its_name() -> None:
    for document in (Path(__file__).parents[1] / "golden").glob("*.md"):
        assert not NAMED.search(document.read_text(encoding="utf-8")), document.name


def test_jupyterlab_has_the_widgets_of_the_package_that_we_depend_on() -> None:
    declared = [Requirement(one).name for one in metadata.requires("sre-kit") or ()]
    assert "ipywidgets" in declared
    needed = [Requirement(one).name.replace("_", "-") for one in metadata.requires("ipywidgets") or ()]
    assert "jupyterlab-widgets" in needed
    assert (Path(sys.prefix) / "share/jupyter/labextensions/@jupyter-widgets/jupyterlab-manager/package.json").is_file()


@each
def test_every_control_has_a_label_and_the_keys_reach_all_of_them_in_reading_order(explorer: Explorer) -> None:
    panel = Panel(explorer)
    labels = [control.description for control in panel.controls.values()]
    assert labels == [one.label for one in explorer.controls.values()] and all(labels)
    shown = [child for child in panel.box.children if child in panel.controls.values()]
    assert shown == list(panel.controls.values())
    assert panel.box.children[-1] is panel.keep and panel.keep.description == "Keep this"
    assert all(control.style.description_width != "" for control in panel.controls.values())


@each
def test_a_document_has_the_view_at_its_default_and_nothing_of_a_widget(explorer: Explorer) -> None:
    text = explorer.markdown()
    assert text == explorer.at().markdown() and "|" in text
    assert not NAMED.search(text)


def other(explorer: Explorer, name: str) -> Any:
    """A value of a control that is not its default."""
    control = explorer.controls[name]
    if isinstance(control, Choice):
        return next(value for value in reversed(control.options.values()) if value != control.value)
    return control.least if control.least != control.value else control.most


@each
def test_every_control_changes_the_sentence_or_the_tables(explorer: Explorer) -> None:
    for name in explorer.controls:
        # what an incident fails is of no matter while none is injected
        given = {"lasting": timedelta(hours=4)} if name == "failing" else {}
        moved = explorer.at(**given, **{name: other(explorer, name)})
        assert moved.markdown() != explorer.at(**given).markdown(), name


def loaded(kept: Kept) -> params.Params:
    """The printed lines, read as a params file."""
    return params.checked({"project": {"name": "x"}, **(yaml.safe_load(str(kept)) or {})}, "kept lines")


@each
def test_the_lines_of_any_setting_are_lines_of_a_params_file_or_say_what_is_not_kept(explorer: Explorer) -> None:
    for name in explorer.controls:
        kept = explorer.kept(**{name: other(explorer, name)})
        assert kept.params or kept.unkept, name
        loaded(kept)
