"""What people decide about facts, how conflicts are settled, and what leaves as JSON."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from sre_kit.compute.vocabulary import Fact, FactOverride, FactRejection, Kind, Role, Scope
from sre_kit.errors import ParameterError
from sre_kit.load.facts import apply, as_json, conflicts, facts


def availability(
    value: str, document: str = "PRD.md", role: Role = Role.TARGET, environment: str = "", line: int = 1
) -> Fact:
    return Fact(
        Kind.AVAILABILITY_TARGET,
        Decimal(value),
        "ratio",
        document,
        line,
        f"uptime {value}",
        role=role,
        scope=Scope(environment),
    )


def test_an_override_changes_the_value_and_says_why():
    (changed,) = apply(
        [availability("0.999")], [FactOverride("availability_target", "99.5 %", "agreed on 2026-03-02")], []
    )
    assert changed.value == Decimal("0.995")
    assert changed.note == "params: 99.5 % instead of 0.999, because agreed on 2026-03-02"


def test_an_override_takes_back_a_refusal():
    (refused,) = facts("Our hosting vendor offers a 99.9% SLA.", "PRD.md")
    (used,) = apply([refused], [FactOverride("availability_target", "99.9 %", "we pass it on to customers")], [])
    assert refused.refused and not used.refused


def test_a_rejection_keeps_the_fact_and_its_reason():
    (kept,) = apply(
        [availability("0.999")], [], [FactRejection("availability_target", "outdated", document="PRD.md", line=1)]
    )
    assert (kept.value, kept.refused) == (Decimal("0.999"), "rejected in params: outdated")


def test_a_duration_is_overridden_as_it_is_written_in_documents():
    (rto,) = facts("| Scenario | RTO |\n|---|---|\n| Zone | 1 hour |\n", "DR.md")
    (changed,) = apply([rto], [FactOverride("rto", "30min", "drill of May", name="zone")], [])
    assert changed.value == 1800


@pytest.mark.parametrize(
    ("decision", "message"),
    [
        (
            FactOverride("availability_target", "99 %", "because", document="SLA.md"),
            r"nothing matches .*PRD.md:1.*sre-kit facts",
        ),
        (FactOverride("availability_targets", "99 %", "because"), "did you mean 'availability_target'"),
        (FactOverride("availability_target", "99 %", "  "), "has no reason"),
        (FactOverride("availability_target", 99.9, "because"), '0.999 or "99.9 %"'),
        (FactOverride("availability_target", "99 %", "because", role="goal"), "role"),
    ],
)
def test_a_decision_that_cannot_hold_names_the_way_out(decision: FactOverride, message: str):
    with pytest.raises(ParameterError, match=message):
        apply([availability("0.999")], [decision], [])


def test_a_contract_outranks_an_objective():
    (conflict,) = conflicts([availability("0.9995"), availability("0.999", "SLA.md", Role.CONTRACT)])
    assert (conflict.chosen.document, len(conflict.facts)) == ("SLA.md", 2)
    assert "contract" in conflict.rule


def test_production_outranks_what_names_no_environment():
    (conflict,) = conflicts([availability("0.99"), availability("0.999", "Infra.md", environment="production")])
    assert (conflict.chosen.document, "production" in conflict.rule) == ("Infra.md", True)


def test_the_newer_document_outranks_the_older():
    (conflict,) = conflicts([availability("0.99"), availability("0.999", "New.md")], newest=["New.md", "PRD.md"])
    assert (conflict.chosen.document, "newer" in conflict.rule) == ("New.md", True)


def test_without_a_rule_the_first_stands_and_the_report_says_so():
    (conflict,) = conflicts([availability("0.99"), availability("0.999", line=2)])
    assert (conflict.chosen.value, "until somebody decides" in conflict.rule) == (Decimal("0.99"), True)


def test_what_agrees_measures_or_is_refused_is_no_conflict():
    measured = availability("0.98", role=Role.MEASURED)
    assert conflicts([availability("0.999"), availability("0.999", "SLA.md"), measured]) == []


def test_staging_may_differ_from_production():
    both = [availability("0.99", environment="staging"), availability("0.999", environment="production")]
    assert conflicts(both) == []


def test_json_has_numbers_and_every_key():
    (fact,) = facts("# SLA\n\n- **Enterprise plan**: 99.95% uptime\n", "SLA.md")
    assert json.loads(json.dumps(as_json(fact))) == {
        "kind": "availability_target",
        "value": 0.9995,
        "unit": "ratio",
        "name": "",
        "role": "contract",
        "document": "SLA.md",
        "line": 3,
        "scope": {"environment": "", "tier": "enterprise", "component": ""},
        "heading": ["SLA"],
        "quote": "- **Enterprise plan**: 99.95% uptime",
        "details": {},
        "refused": "",
        "note": "",
    }
