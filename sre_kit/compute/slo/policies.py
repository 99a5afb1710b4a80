"""
Alerting policies that can be held against each other: each a set of rules for one objective, as data with its source.

A rule fires while the bad share of the events exceeds its threshold in every one of its windows, strictly, and has
done so for `hold`. Burn-rate pairs, Pyrra's windows and a plain "error rate above 5 % for 5 minutes" have this form.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from typing import Final

from sre_kit.compute.slo.alerting import WORKBOOK_POLICY, AlertProperties, BurnRateAlert, alert_properties
from sre_kit.compute.slo.objectives import SLO
from sre_kit.compute.slo.symptoms import ExistingAlert
from sre_kit.compute.slo.windows import nominal
from sre_kit.compute.vocabulary import Fact
from sre_kit.errors import ParameterError
from sre_kit.units import duration, ratio, span

MINUTE: Final = timedelta(minutes=1)
WORKBOOK: Final = "SRE Workbook, ch. 5, table 5-8; the pair of 2 h and 1 d is common practice, not in the table"
PYRRA: Final = "Pyrra, slo/rules.go, Windows: pairs of a 28-day window, stretched to the objective's"
_PYRRA_PAIRS: Final = (
    #        factor  28 d / long  28 d / short  28 d / hold
    ("page", 14, 28 * 24, 28 * 24 * 12, 28 * 24 * 30),
    ("page", 7, 28 * 4, 28 * 48, 28 * 24 * 4),
    ("ticket", 2, 28, 28 * 12, 28 * 24),
    ("ticket", 1, 7, 28 * 4, 28 * 8),
)


@dataclass(frozen=True, slots=True)
class AlertRule:
    """
    Fires while more than `threshold` of the events are bad in each of `windows` (longest first), for at least `hold`.

    `gated`: the errors of the longest window must also be more than chance (`alerting.significant`).
    """

    severity: str
    windows: tuple[timedelta, ...]
    threshold: Fraction
    hold: timedelta = timedelta(0)
    gated: bool = False

    def __str__(self) -> str:
        held = f" for {span(self.hold)}" if self.hold else ""
        return f"{' and '.join(span(window) for window in reversed(self.windows))}{held}"


@dataclass(frozen=True, slots=True)
class AlertPolicy:
    """The rules of one policy for one objective; `left_out` names what of it cannot be tested on events, and why."""

    name: str
    source: str
    rules: tuple[AlertRule, ...]
    left_out: tuple[str, ...] = ()

    @property
    def severities(self) -> tuple[str, ...]:
        """Severities it has rules for, in its order."""
        return tuple(dict.fromkeys(rule.severity for rule in self.rules))


def rule_of(pair: AlertProperties, *, gated: bool = False) -> AlertRule:
    """The rule of a burn-rate pair."""
    windows = (pair.alert.long_window, pair.alert.short_window)
    return AlertRule(pair.alert.severity, windows, pair.threshold, gated=gated)


def burn_rate_policy(
    slo: SLO,
    alerts: Sequence[BurnRateAlert] = WORKBOOK_POLICY,
    *,
    name: str = "workbook",
    source: str = WORKBOOK,
    gated: bool = False,
) -> AlertPolicy:
    """Burn-rate pairs for an objective; with `gated` they fire on significant errors only."""
    return AlertPolicy(name, source, tuple(rule_of(pair, gated=gated) for pair in alert_properties(slo, alerts)))


def pyrra_policy(slo: SLO) -> AlertPolicy:
    """
    Pyrra's four pairs: burn rates 14, 7, 2 and 1, with windows and holds that stretch with the objective's period.

    >>> slo = SLO("api", Fraction("0.999"), "t", "api", good="g", window=timedelta(days=28))
    >>> [str(rule) for rule in pyrra_policy(slo).rules][:2]
    ['5 min and 1 h for 2 min', '30 min and 6 h for 15 min']
    """
    period = nominal(slo)
    rules = []
    for severity, factor, *parts in _PYRRA_PAIRS:
        long, short, hold = (_rounded(period / part) for part in parts)
        rules.append(AlertRule(severity, (long, short), factor * slo.budget_ratio, hold))
    return AlertPolicy("Pyrra", PYRRA, tuple(rules))


def _rounded(length: timedelta) -> timedelta:
    """To whole minutes, half up, and one at least: a window of no length sees nothing."""
    return max(MINUTE, (length + MINUTE / 2) // MINUTE * MINUTE)


def static_policy(slo: SLO, existing: Sequence[ExistingAlert]) -> AlertPolicy:
    """
    The thresholds on errors and latency that the documents state, as far as the objective's own events can show them.

    "p95 above 500 ms" is "more than 5 % slower than 500 ms": it can be tested where the objective counts at that bound.
    """
    rules, left_out = [], []
    for one in existing:
        if slo.name not in one.slos:
            continue
        try:
            rules.append(_static_rule(slo, one))
        except ParameterError as error:
            left_out.append(f"{one.fact.name}: {error}")
    sources = dict.fromkeys(one.fact.document.rpartition("/")[2].removesuffix(".md") for one in existing)
    return AlertPolicy("static thresholds", ", ".join(sources), tuple(rules), tuple(left_out))


def _static_rule(slo: SLO, one: ExistingAlert) -> AlertRule:
    facts = one.same or (one.fact,)
    text = " ".join(f"{fact.value} {fact.details.get('condition', '')}" for fact in facts)
    over = re.search(r"\[(\d+(?:ms|s|m|h|d))\]|\b(?:over|within|in|for) (\d+ ?[a-z]+)", text)
    hold = next((fact.details["for"] for fact in facts if fact.details.get("for")), "")
    window = _length(over[1] or over[2]) if over else None
    threshold = _quantile_share(slo, text) if one.symptom == "latency" else _threshold(facts)
    severity = "page" if one.pages else "ticket"
    return AlertRule(severity, (window or 5 * MINUTE,), threshold, (_length(hold) if hold else None) or timedelta(0))


def _length(text: str) -> timedelta | None:
    try:
        return duration(text)
    except ParameterError:
        return None


def _threshold(facts: Sequence[Fact]) -> Fraction:
    for fact in facts:
        found = re.fullmatch(r"\s*(?:>=?|above|over)\s*([0-9.]+\s*%?)\s*", fact.details.get("threshold", ""))
        if found:
            return ratio(found[1])
    raise ParameterError("no threshold that is a share of the events was read")


def _quantile_share(slo: SLO, text: str) -> Fraction:
    quantile = re.search(r"\bp(\d{2})\b|histogram_quantile\(\s*(0?\.\d+)", text)
    bound = re.search(r">\s*([0-9.]+\s*m?s)\b", text)
    if not quantile or not bound or slo.threshold is None:
        raise ParameterError("its condition is no quantile above a length of time")
    if _length(bound[1]) != slo.threshold:
        raise ParameterError(f"it asks for {bound[1]}, the events are counted at {span(slo.threshold)}")
    return 1 - (Fraction(int(quantile[1]), 100) if quantile[1] else Fraction(quantile[2]))
