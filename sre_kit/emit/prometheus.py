"""
Prometheus rules for our objectives, in the format that Sloth gives them, so that dashboards made for it work.

Two things differ on purpose. The denominator is guarded and an error series that does not exist yet counts as nothing,
so a silent hour is absent instead of NaN and clean time before the first error is kept. The period's ratio is the
ratio of events over the period, not the mean of 5-minute ratios. Rules of a Sloth specification are ``emit.sloth``'s.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any, Final

from sre_kit.compute.queries import WINDOW, per_second
from sre_kit.compute.slo.alerting import WORKBOOK_POLICY, BurnRateAlert, alert_properties
from sre_kit.compute.slo.objectives import SLO
from sre_kit.compute.slo.windows import nominal
from sre_kit.emit.rule_groups import AlertRule, Objective, decimal, groups
from sre_kit.emit.rule_groups import yaml_text as yaml_text
from sre_kit.errors import ParameterError
from sre_kit.escape import plain
from sre_kit.units import promql_duration, target

SLOTH_WINDOWS: Final = tuple(
    timedelta(minutes=minutes) for minutes in (5, 30, 60, 2 * 60, 6 * 60, 24 * 60, 3 * 24 * 60)
)
MOST_POINTS: Final = 9000
"""Points of a subquery: each evaluation pays for them, and ``promtool test rules`` refuses a query above 10,000."""
_RESOLUTIONS: Final = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 5, 10, 15, 20, 30, 60))
HEADER: Final = """\
# Recording and alerting rules for {count} objective(s), in Sloth's format. Generated; do not edit.
# Check: promtool check rules FILE. Load: rule_files in prometheus.yml.
"""


def prometheus_rules(
    slos: Sequence[SLO], policy: Sequence[BurnRateAlert] = (), *, document: str = "", refused: bool = True
) -> str:
    """
    A rule file, YAML: for each objective its SLI recordings, its metadata and its two alerts.

    An objective whose query leaves no window open gets no rules; `refused` puts the reason into a comment.

    Parameters
    ----------
    document
        Where a reader finds the objective, as the alerts' annotation says it.
    """
    found: list[dict[str, Any]] = []
    comments = []
    for slo in slos:
        try:
            found.extend(rule_groups(slo, policy or WORKBOOK_POLICY, document=document))
        except ParameterError as error:
            comments.append(f"# {plain(f'{slo.name}: no rules, {error}')}")
    text = HEADER.format(count=len(found) // 3) + "".join(f"{line}\n" for line in comments if refused)
    return text + yaml_text({"groups": found})


def without_rules(slos: Iterable[SLO]) -> dict[str, str]:
    """Objectives that no rules can be made for, with the reason."""
    found = {}
    for slo in slos:
        try:
            error_ratio(slo, timedelta(minutes=5))
        except ParameterError as error:
            found[slo.name] = str(error)
    return found


def rule_groups(
    slo: SLO, policy: Sequence[BurnRateAlert] = WORKBOOK_POLICY, *, document: str = ""
) -> list[dict[str, Any]]:
    """
    The three groups of one objective: SLI recordings, metadata, alerts.

    Raises
    ------
    ParameterError
        A query leaves no window open.
    """
    windows = sorted({*SLOTH_WINDOWS, *(w for a in policy for w in (a.long_window, a.short_window)), nominal(slo)})
    objective = Objective(
        identity=labels(slo),
        target=decimal(slo.target),
        budget=decimal(slo.budget_ratio),
        period=nominal(slo),
        windows=tuple(windows),
        current=SLOTH_WINDOWS[0],
        ratios={window: error_ratio(slo, window) for window in windows},
        info={
            "sloth_mode": "sre-kit",
            "sloth_objective": target(slo.target).removesuffix(" %"),
            "sloth_spec": "prometheus/v1",
            "sloth_version": "sre-kit",
        },
        alerts=tuple(_alerts(slo, policy, document)),
        labels=slo.labels,
    )
    return groups(objective)


def sloth_id(slo: SLO) -> str:
    """``<service>-<slo>``; an objective that already begins with its service keeps its name."""
    return slo.name if not slo.service or slo.name.startswith(f"{slo.service}-") else f"{slo.service}-{slo.name}"


def labels(slo: SLO) -> dict[str, str]:
    """The labels that every rule of an objective carries."""
    key = sloth_id(slo)
    short = key.removeprefix(f"{slo.service}-") if slo.service else key
    return {"sloth_id": key, "sloth_service": slo.service, "sloth_slo": short}


def error_ratio(slo: SLO, window: timedelta) -> str:
    """
    PromQL of the bad share of the events over `window`; absent without traffic.

    Raises
    ------
    ParameterError
        A query leaves no window open.
    """
    if slo.by_time:
        return bad_share(slo, window)
    total = per_second(slo.total, window)
    part = per_second(slo.bad or slo.good, window)
    known = f"(({part}) or 0 * ({total}))"
    lost = known if slo.bad else f"(({total}) - {known})"
    return f"{lost}\n/\n(({total}) > 0)"


def bad_share(slo: SLO, window: timedelta) -> str:
    """
    PromQL of the bad share of the time over `window`, of an objective on a share or a gauge; absent without data.

    Its maximum, which is itself where there is one series as there must be: the series' own labels stay out of alerts.
    """
    over = promql_duration(window)
    if slo.ratio and WINDOW.search(slo.ratio):
        return f"max({WINDOW.sub(over, slo.ratio).strip()})"
    looked = f"[{over}:{promql_duration(_resolution(window))}]"
    if slo.ratio:
        return f"max(avg_over_time(({slo.ratio.strip()}){looked}))"
    bound, broken = (slo.at_most, ">") if slo.at_most is not None else (slo.at_least, "<")
    return f"max(avg_over_time((({slo.gauge.strip()}) {broken} bool {bound!r}){looked}))"


def _resolution(window: timedelta) -> timedelta:
    """How often a subquery over `window` looks: each minute, or what keeps a long one within `MOST_POINTS`."""
    return next((one for one in _RESOLUTIONS if window / one <= MOST_POINTS), window / MOST_POINTS)


def alert_name(slo: SLO, severity: str) -> str:
    """
    Name of the generated alert: the fast burn pages, the slow burn makes a ticket.

    >>> from fractions import Fraction
    >>> alert_name(SLO("checkout-availability", Fraction("0.999"), "t", "checkout", good="g"), "page")
    'CheckoutAvailabilityFastBurn'
    """
    words = re.split(r"[^A-Za-z0-9]+", sloth_id(slo))
    speed = {"page": "FastBurn", "ticket": "SlowBurn"}[severity]
    return "".join(word[:1].upper() + word[1:] for word in words) + speed


def alert_notes(slo: SLO, severity: str, document: str = "") -> dict[str, str]:
    """What the alert tells: the objective, and where it is written."""
    what = "fast" if severity == "page" else "slowly but steadily"
    told = {
        "summary": f"{slo.name} burns its error budget {what}",
        "description": f"Objective: {target(slo.target)} of the events good; {slo.good_means or 'see the objective'}.",
    }
    return {**told, "document": document} if document else told


def alert_labels(slo: SLO, severity: str) -> dict[str, str]:
    """Labels of the generated alert; `severity` repeats ``sloth_severity`` for routes that know only that label."""
    own = {"severity": severity, "sloth_severity": severity}
    return {**slo.labels, **labels(slo), **own, **slo.labels_of(severity)}


def _alerts(slo: SLO, policy: Sequence[BurnRateAlert], document: str) -> Iterable[AlertRule]:
    properties = alert_properties(slo, policy)
    for severity in dict.fromkeys(alert.severity for alert in policy):
        yield AlertRule(
            name=alert_name(slo, severity),
            labels={"severity": severity, "sloth_severity": severity, **slo.labels_of(severity)},
            annotations={
                # a note is a template to Prometheus; what came from outside is text, what was asked for may be one
                **{name: text.replace("{{", '{{"{{"}}') for name, text in alert_notes(slo, severity, document).items()},
                **slo.annotations_of(severity),
            },
            pairs=tuple(
                (one.alert.short_window, one.alert.long_window, decimal(one.threshold))
                for one in properties
                if one.alert.severity == severity
            ),
        )
