"""
Prometheus alerts for capacity triggers, and tests of them in promtool's format.

A trigger asks somebody to act within a lead time of days, so its alert is a ticket and waits a quarter of an hour: one
busy minute is no trend. The thresholds are those of CapacityPlanning.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from fractions import Fraction
from typing import Any, Final

from sre_kit.compute.capacity.plan import Scaling
from sre_kit.compute.operations.triggers import TriggerWatch
from sre_kit.compute.queries import averaged, counts, example_series, matchers
from sre_kit.emit.made_up import Selected
from sre_kit.emit.rule_groups import decimal, quoted, yaml_text
from sre_kit.escape import plain
from sre_kit.units import percent, promql_duration, span

RUNBOOK: Final = "CapacityPlanning.md#when-a-trigger-fires"
HELD: Final = timedelta(minutes=15)
HEADER: Final = """\
# Alerts on {count} capacity trigger(s). Generated; do not edit.
# Check: promtool check rules FILE. Load: rule_files in prometheus.yml.
"""
TESTS: Final = """\
# Tests of {rules}. Run: promtool test rules FILE. Generated; do not edit.
"""
_QUIET: Final = 20
"""Minutes below the trigger, and as many above it."""
_EVALUATED: Final = 2
"""Minutes from one evaluation to the next; checks stand on them."""


def capacity_rules(watches: Sequence[TriggerWatch]) -> str:
    """A rule file, YAML: one group with an alert for each trigger that no alert of the documents watches in time."""
    rules = [_rule(one) for one in watches if one.own]
    lacking = [f"# {plain(f'{one.resource.name}: no rule, {one.problem}')}\n" for one in watches if one.problem]
    groups = [{"name": "capacity-triggers", "rules": rules}] if rules else []
    return HEADER.format(count=len(rules)) + "".join(lacking) + yaml_text({"groups": groups})


def capacity_rule_tests(watches: Sequence[TriggerWatch], rules_file: str) -> str:
    """
    A file for ``promtool test rules`` beside `rules_file`: below its trigger an alert is quiet, above it it fires after
    a quarter of an hour. A query that is more than one selector has no test, and is named.
    """
    own = [one for one in watches if one.own]
    made = [(one, _selected(one.resource.query)) for one in own]
    why = "no test, its query is more than one selector"
    lacking = [f"# {plain(one.own)}: {why}\n" for one, found in made if not found]
    content = {
        "rule_files": [rules_file],
        "evaluation_interval": f"{_EVALUATED}m",
        "tests": _together((one, found) for one, found in made if found),
    }
    return TESTS.format(rules=rules_file) + "".join(lacking) + yaml_text(content)


def _rule(one: TriggerWatch) -> dict[str, Any]:
    expression = f"({one.resource.query.strip()}) > {decimal(one.threshold)}"
    if one.steered is not None:
        expression += f" and on() max({_replicas(one.steered)}) >= {one.steered.maximum}"
    return {
        "alert": one.own,
        "expr": expression,
        "for": promql_duration(HELD),
        "labels": _labels(one),
        "annotations": _notes(one),
    }


def _labels(one: TriggerWatch) -> dict[str, str]:
    return {"severity": "ticket", "service": one.resource.component, "resource": one.resource.name}


def _notes(one: TriggerWatch) -> dict[str, str]:
    resource = one.resource
    above = f"{resource.name} above {percent(resource.trigger, 0)} of its limit"
    full = f" and {one.steered.component} at its {one.steered.maximum} replicas" if one.steered else ""
    step = resource.next_step or "not decided, decide it now"
    told = f"Next: {step}. It takes {span(resource.lead_time)}."
    owner = f" Owner: {resource.owner}." if resource.owner else ""
    notes = {"summary": above + full, "description": told + owner}
    return notes | {"runbook": RUNBOOK}


def _replicas(one: Scaling) -> str:
    """As kube-state-metrics counts them; KEDA puts its own words before the name."""
    labels = f"namespace={quoted(one.namespace)},horizontalpodautoscaler=~{quoted(f'(keda-hpa-)?{one.component}')}"
    return f"kube_horizontalpodautoscaler_status_current_replicas{{{labels}}}"


def _selected(query: str) -> tuple[str, dict[str, str]] | None:
    """A series of a query that is one selector."""
    found = averaged(query)
    plain_selector = found is not None and not found[1] and "(" not in query
    return example_series(query) if plain_selector else None


def _together(made: Iterable[tuple[TriggerWatch, tuple[str, dict[str, str]]]]) -> list[dict[str, Any]]:
    """The tests; those whose series no other one's query counts are one: promtool evaluates every rule in each."""
    found: list[tuple[list[tuple[Selected, tuple[str, dict[str, str]]]], dict[str, Any]]] = []
    for one, series in made:
        test, selector = _test(one, series), matchers(one.resource.query) or ("", ())
        names = {known["series"] for known in test["input_series"]}
        for members, whole in found:
            apart = all(not counts(selector, *theirs) and not counts(other, *series) for other, theirs in members)
            if apart and not names & {known["series"] for known in whole["input_series"]}:
                members.append((selector, series))
                whole["input_series"] += test["input_series"]
                whole["alert_rule_test"] += test["alert_rule_test"]
                break
        else:
            found.append(([(selector, series)], test))
    return [test for _, test in found]


def _test(one: TriggerWatch, series: tuple[str, dict[str, str]]) -> dict[str, Any]:
    metric, labels = series
    inner = ",".join(f"{label}={quoted(value)}" for label, value in labels.items())
    low, high = (decimal(one.threshold * share) for share in (Fraction(99, 100), Fraction(101, 100)))
    written = [(f"{metric}{{{inner}}}" if inner else metric, f"{low}+0x{_QUIET - 1} {high}+0x{2 * _QUIET}")]
    if one.steered is not None:
        at_most = {"namespace": one.steered.namespace, "horizontalpodautoscaler": one.steered.component}
        name = ",".join(f"{label}={quoted(value)}" for label, value in at_most.items())
        counted = f"{one.steered.maximum}+0x{3 * _QUIET}"
        written.append((f"kube_horizontalpodautoscaler_status_current_replicas{{{name}}}", counted))
    fires = {"exp_labels": labels | _labels(one), "exp_annotations": _notes(one)}
    fires_at = -(-(_QUIET + HELD // timedelta(minutes=1)) // _EVALUATED) * _EVALUATED
    return {
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in written],
        "alert_rule_test": [
            {"eval_time": f"{at}m", "alertname": one.own, "exp_alerts": alerts}
            for at, alerts in ((_QUIET - _EVALUATED, []), (fires_at - _EVALUATED, []), (fires_at, [fires]))
        ],
    }
