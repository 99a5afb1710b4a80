"""What a notebook that is run by hand shows otherwise than its document."""

from __future__ import annotations

import re

import pytest

from sre_kit.load.buildplan import Readiness
from sre_kit.show import widgets
from sre_kit.show.artifact import Artifact
from sre_kit.show.chart import Chart, figure
from sre_kit.show.readiness.handover import build_plan
from sre_kit.show.table import Table


def test_a_chart_stands_above_its_table_with_numbers_to_the_right() -> None:
    drawn, _ = figure(2, 1)
    data = Table(("Store", "Share"), [("orders 'db'", "12.5 %"), ("<b>", "7 %")])
    bundle, _ = Chart(drawn, name="shares", alt="Orders have 'most' of it all", data=data)._repr_mimebundle_()
    shown = bundle["text/html"]
    assert re.findall(r"<t([hd]) style='text-align:(\w+)'>([^<]*)", shown)[:4] == [
        ("h", "left", "Store"),
        ("h", "right", "Share"),
        ("d", "left", "orders &#x27;db&#x27;"),
        ("d", "right", "12.5 %"),
    ]
    assert "<b>" not in shown and "alt='Orders have &#x27;most&#x27; of it all'" in shown


def test_a_generated_file_unfolds_where_somebody_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    made = Artifact("rules.yaml", "a: <script>", "application/yaml", "rules & tests")
    batch, _ = made._repr_mimebundle_()
    assert "text/html" not in batch
    monkeypatch.setattr(widgets, "watched", lambda: True)
    live, _ = made._repr_mimebundle_()
    assert live["text/markdown"] == batch["text/markdown"]
    assert "a: &lt;script&gt;" in live["text/html"] and "rules &amp; tests" in live["text/html"]


def test_the_opening_shows_the_plan_as_it_stands_without_a_link_that_leads_nowhere() -> None:
    plan = Readiness(phases=(("Design", "Complete"),), done_tasks=("Define SLOs",), open_tasks=("Plan capacity",))
    document, opening = build_plan(plan).markdown(), build_plan(plan, opening=True).markdown()
    assert "Task of the SRE, before this render" in document and "(../../build-plan.md)" in document
    assert "before this render" not in opening and "](" not in opening
    assert opening.index("Define SLOs") < opening.index("Plan capacity")
