"""
Prometheus rules for objectives, in the format that Sloth gives them, so that dashboards made for it work.

Two things differ on purpose. The denominator is guarded and an error series that does not exist yet counts as nothing,
so a silent hour is absent instead of NaN and clean time before the first error is kept. The period's ratio is the
ratio of events over the period, not the mean of 5-minute ratios.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from datetime import timedelta
from fractions import Fraction
from typing import Any, Final

from sre_kit.compute.alerting import WORKBOOK_POLICY, BurnRateAlert, alert_properties
from sre_kit.compute.queries import WINDOW, per_second
from sre_kit.compute.slo import SLO
from sre_kit.compute.windows import nominal
from sre_kit.errors import ParameterError
from sre_kit.units import promql_duration, target

SLOTH_WINDOWS: Final = tuple(
    timedelta(minutes=minutes) for minutes in (5, 30, 60, 2 * 60, 6 * 60, 24 * 60, 3 * 24 * 60)
)
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
    groups: list[dict[str, Any]] = []
    comments = []
    for slo in slos:
        try:
            groups.extend(rule_groups(slo, policy or WORKBOOK_POLICY, document=document))
        except ParameterError as error:
            comments.append(f"# {slo.name}: no rules, {error}".replace("\n", " "))
    text = HEADER.format(count=len(groups) // 3) + "".join(f"{line}\n" for line in comments if refused)
    return text + yaml_text({"groups": groups})


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
    key = sloth_id(slo)
    windows = sorted({*SLOTH_WINDOWS, *(w for a in policy for w in (a.long_window, a.short_window)), nominal(slo)})
    recordings = [
        {
            "record": f"slo:sli_error:ratio_rate{promql_duration(window)}",
            "expr": error_ratio(slo, window),
            "labels": {**labels(slo), "sloth_window": promql_duration(window)},
        }
        for window in windows
    ]
    return [
        {"name": f"sloth-slo-sli-recordings-{key}", "rules": recordings},
        {"name": f"sloth-slo-meta-recordings-{key}", "rules": _metadata(slo)},
        {"name": f"sloth-slo-alerts-{key}", "rules": _alerts(slo, policy, document)},
    ]


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
    """PromQL of the bad share of the time over `window`, of an objective on a share or a gauge; absent without data."""
    over = promql_duration(window)
    if slo.ratio:
        if WINDOW.search(slo.ratio):
            return WINDOW.sub(over, slo.ratio).strip()
        return f"avg_over_time(({slo.ratio.strip()})[{over}:1m])"
    bound, broken = (slo.at_most, ">") if slo.at_most is not None else (slo.at_least, "<")
    return f"avg_over_time((({slo.gauge.strip()}) {broken} bool {bound!r})[{over}:1m])"


def alert_name(slo: SLO, severity: str) -> str:
    """
    Name of the generated alert: the fast burn pages, the slow burn makes a ticket.

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
    return {**labels(slo), "severity": severity, "sloth_severity": severity}


def _metadata(slo: SLO) -> list[dict[str, Any]]:
    own = labels(slo)
    selector = "{" + ", ".join(f"{name}={quoted(value)}" for name, value in own.items()) + "}"
    period = promql_duration(nominal(slo))
    days = nominal(slo) / timedelta(days=1)
    per_budget = f"/ on(sloth_id, sloth_slo, sloth_service) group_left\nslo:error_budget:ratio{selector}"
    rules = {
        "slo:objective:ratio": f"vector({_number(slo.target)})",
        "slo:error_budget:ratio": f"vector({_number(slo.budget_ratio)})",
        "slo:time_period:days": f"vector({days:g})",
        "slo:current_burn_rate:ratio": f"slo:sli_error:ratio_rate5m{selector}\n{per_budget}",
        "slo:period_burn_rate:ratio": f"slo:sli_error:ratio_rate{period}{selector}\n{per_budget}",
        "slo:period_error_budget_remaining:ratio": f"1 - slo:period_burn_rate:ratio{selector}",
    }
    found: list[dict[str, Any]] = [{"record": name, "expr": expr, "labels": own} for name, expr in rules.items()]
    about = {
        **own,
        "sloth_mode": "sre-kit",
        "sloth_objective": target(slo.target).removesuffix(" %"),
        "sloth_spec": "prometheus/v1",
        "sloth_version": "sre-kit",
    }
    return [*found, {"record": "sloth_slo_info", "expr": "vector(1)", "labels": about}]


def _alerts(slo: SLO, policy: Sequence[BurnRateAlert], document: str) -> list[dict[str, Any]]:
    own = ", ".join(f"{name}={quoted(value)}" for name, value in labels(slo).items())
    rules = []
    for severity in dict.fromkeys(alert.severity for alert in policy):
        pairs = []
        for one in alert_properties(slo, policy):
            if one.alert.severity != severity:
                continue
            sides = [
                f"max(slo:sli_error:ratio_rate{promql_duration(over)}{{{own}}} > {_number(one.threshold)}) "
                "without (sloth_window)"
                for over in (one.alert.short_window, one.alert.long_window)
            ]
            pairs.append("(\n    " + "\n    and\n    ".join(sides) + "\n)")
        rules.append(
            {
                "alert": alert_name(slo, severity),
                "expr": "\nor\n".join(pairs),
                "labels": {"severity": severity, "sloth_severity": severity},
                "annotations": {
                    # a note is a template to Prometheus; what came from outside is text
                    name: text.replace("{{", '{{"{{"}}')
                    for name, text in alert_notes(slo, severity, document).items()
                },
            }
        )
    return rules


def quoted(text: str) -> str:
    """A string of PromQL."""
    return json.dumps(text, ensure_ascii=False)


def _number(value: Fraction) -> str:
    """The nearest double, in full: what the server compares with."""
    return repr(float(value))


def yaml_text(content: object) -> str:
    """YAML in the given order, expressions of several lines as blocks."""
    import yaml

    class Dumper(yaml.SafeDumper):
        """Block style for long expressions, and no aliases."""

        def ignore_aliases(self, data: Any) -> bool:
            return True

    def text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
        style = "|" if "\n" in value else None
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)

    Dumper.add_representer(str, text)
    return yaml.dump(content, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=1000)
