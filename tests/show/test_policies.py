"""Policies in the document: the comparison, the search, the alert on missing data, and the explorer."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np

from sre_kit.compute.slo.grid import compared_policies, policy_search
from sre_kit.compute.slo.symptoms import existing_alerts
from sre_kit.show.slo import exploring, policies
from sre_kit.show.widgets import Explorer
from tests.compute.test_policies import AS_OF, MINUTE, alert, eventful, minutes, slo


def test_the_comparison_reads_as_counts_and_says_what_could_not_be_tested() -> None:
    kept, known = eventful()
    vague = existing_alerts([alert("HighErrorRate", "too many errors")], [kept.slo])
    text = policies.policy_comparison(compared_policies([kept], known, vague)).markdown()
    assert "**workbook, in force**" in text
    assert "100 % (6 of 6)" in text
    assert "Not tested: HighErrorRate: no threshold" in text
    assert "no history was measured" in policies.policy_comparison([]).markdown()


def test_the_search_says_where_it_was_split_and_marks_the_policy_in_force() -> None:
    kept, known = eventful()
    text = policies.policy_search(policy_search([kept], known)).markdown()
    assert "(in force)**" in text
    assert "on the history before 2026-10-12 00:00Z (4 incidents)" in text
    assert "what came after (2)" in text
    refused = policies.policy_search(policy_search([kept], known[:1])).markdown()
    assert "No policy was searched for: known incidents: 1 in the earlier part" in refused


def test_missing_measurements_are_counted_with_the_longest_gap() -> None:
    keep = np.ones(300, dtype=bool)
    keep[100:140] = False
    kept = minutes(slo(), np.zeros(300, dtype=int), keep=keep)
    text = policies.missing_data_alerts([kept]).markdown()
    assert "40 min" in text
    assert f"{AS_OF - 189 * MINUTE:%Y-%m-%d %H:%MZ}" in text


def test_the_explorer_changes_budget_alerts_and_back_test_and_publishes_the_setting_in_force() -> None:
    kept, known = eventful()
    shown = exploring.budget_explorer([kept], AS_OF, incidents=known)
    before = shown.markdown()
    assert "5 min and 1 h" in before
    assert "**99.9 %**" in before
    assert "Recall" in before
    assert isinstance(shown, Explorer)
    assert "for 2 min" in shown.at(alerts="Pyrra").markdown()
    assert "rolling 7 d" in shown.at(days=7).markdown()
    assert "**99 %**" in shown.at(goal=Fraction("0.99")).markdown()
    assert shown.markdown() == before == shown.at(goal=Fraction("0.999"), days=30, alerts="in force").markdown()


def test_another_objective_is_explored_from_its_own_target_and_window() -> None:
    kept, known = eventful()
    other = replace(kept, slo=replace(kept.slo, name="other", target=Fraction("0.99"), calendar="quarter"))
    shown = exploring.budget_explorer([kept, other], AS_OF, incidents=known)
    assert isinstance(shown, Explorer)
    chosen = shown.setting(objective="other")
    assert (chosen["goal"], chosen["days"]) == (Fraction("0.99"), 90)
    text = shown.at(objective="other").markdown()
    assert "calendar quarter" in text and "43.2 ×" in text
    assert "rolling 30 d" in shown.at(objective="other", days=30).markdown()


def test_what_was_never_measured_was_not_quiet() -> None:
    kept, _ = eventful()
    nothing = replace(kept, seen=np.zeros_like(kept.seen))
    assert "never measured" in policies.missing_data_alerts([nothing]).markdown()
