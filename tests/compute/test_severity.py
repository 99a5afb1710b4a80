"""The ladder that objectives imply where nobody has decided on one."""

from datetime import timedelta
from fractions import Fraction

from sre_kit import show
from sre_kit.compute.incidents import IncidentPolicy, Severity
from sre_kit.compute.response.severity import derived_levels, graded_alerts, severity_matrix
from sre_kit.compute.slo.alerting import WORKBOOK_POLICY, BurnRateAlert
from sre_kit.compute.slo.objectives import SLO

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def objective(days):
    return SLO(f"slo-{days}", Fraction("0.999"), "t", "shop", good="g", window=days * DAY)


def test_a_month_gives_the_workbooks_factors_and_their_time_to_exhaustion():
    """SRE Workbook, ch. 5: at 14.4 a 30-day budget lasts 50 hours."""
    levels = derived_levels([objective(30)])
    assert [(one.name, one.burn_rate, one.pages) for one in levels] == [
        ("SEV1", Fraction("14.4"), True),
        ("SEV2", 6, True),
        ("SEV3", 1, False),
        ("SEV4", None, False),
    ]
    assert levels[0].exhausted == 50 * HOUR


def test_no_page_of_any_window_falls_below_a_level_that_pages():
    slos = [objective(28), objective(30), objective(90)]
    levels = derived_levels(slos)
    ladder = [
        Severity(one.name, "", "", HOUR, HOUR, pages=one.pages, burn_rate=one.burn_rate and float(one.burn_rate))
        for one in levels
    ]
    assert severity_matrix(ladder).problems == ()
    graded = graded_alerts(WORKBOOK_POLICY, ladder, slos)
    assert all(one.agrees for one in graded if one.alert.severity == "page")


def test_without_an_objective_or_a_second_page_nothing_is_made_up():
    assert derived_levels([]) == []
    one_pair = [BurnRateAlert("page", Fraction(2, 100), HOUR, HOUR / 12)]
    assert [level.name for level in derived_levels([objective(30)], one_pair)] == ["SEV1", "SEV2"]


def test_what_is_derived_is_shown_as_a_proposal_below_the_question():
    text = show.severities(IncidentPolicy(), derived_levels([objective(30)])).markdown()
    assert "**Not known:** the severity ladder" in text
    assert "14.4 × or faster" in text and "assumption" in text and "2 d 2 h" in text
    decided = IncidentPolicy(severities=[Severity("A", "", "", HOUR, HOUR)])
    assert "Proposed level" not in show.severities(decided, derived_levels([objective(30)])).markdown()
