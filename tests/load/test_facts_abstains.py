"""What costs, parts and alerts are taken from which words, and what is left out as an offer, a wish or another way."""

from __future__ import annotations

from decimal import Decimal

from sre_kit.compute.vocabulary import Kind
from sre_kit.load.facts import facts


def values(text: str, kind: Kind, document: str = "Document.md") -> list[Decimal | str]:
    return [fact.value for fact in facts(text, document) if fact.kind is kind and not fact.refused]


def names(text: str, kind: Kind, document: str = "Document.md") -> list[str]:
    return [fact.name for fact in facts(text, document) if fact.kind is kind and not fact.refused]


def test_of_several_ways_none_costs_anything_until_one_is_taken():
    way = "## {}\n\n| Item | Monthly cost |\n|---|---|\n| Database | $30 |\n"
    assert values(way.format("Option A: cheapest"), Kind.COST, "infrastructure-costs.md") == []
    assert values(way.format("Option A: cheapest (recommended)"), Kind.COST, "infrastructure-costs.md") == [30]
    assert values(way.format("Hosting comparison"), Kind.COST, "infrastructure-costs.md") == []
    assert values(way.format("Running costs"), Kind.COST, "infrastructure-costs.md") == [30]
    rows = "| Index, own | $80/month | Chosen |\n| Index, hired | $95/month | Too dear |\n"
    table = f"## Options for search\n\n| Option | Cost per month | Judgement |\n|---|---|---|\n{rows}"
    assert values(table, Kind.COST, "TechnicalFeasibility.md") == [80]


def test_a_business_plan_costs_what_it_names_as_infrastructure():
    plan = "## Costs\n\n| Item | Cost per month |\n|---|---|\n| Travel | $90 |\n| Hosting | $70 |\n"
    assert values(plan, Kind.COST, "business-plan.md") == [70]
    assert values(plan, Kind.COST, "costs.md") == [90, 70]
    text = "## Outlook\n\nAt $4k MRR:\n- Infrastructure: ~$60/mo\n- Net: $3,900/mo\n"
    assert values(text, Kind.COST, "business-plan.md") == [60]


def test_sellers_and_prerequisites_are_no_inventory():
    sellers = "## Hosting\n\n| Provider | Cost/month | RAM | CPU |\n|---|---|---|---|\n| Railway | $5 | 1GB | 1 |\n"
    assert names(sellers, Kind.COMPONENT, "infrastructure.md") == []
    asked = "## {}\n\n| Component | CPU | RAM |\n|---|---|---|\n| Database | 4 | 8GB |\n"
    assert names(asked.format("Hardware requirements"), Kind.COMPONENT) == []
    assert names(asked.format("Servers"), Kind.COMPONENT) == ["Database"]


def test_a_hosted_database_is_a_part_and_the_pipeline_neither_part_nor_dependency():
    table = (
        "## Production stack\n\n| Layer | Service | Account |\n|---|---|---|\n"
        "| Database | Supabase | ours |\n| CI/CD | GitHub Actions | ours |\n| Mail | Resend | ours |\n"
    )
    assert names(table, Kind.COMPONENT) == ["Database"]
    assert names(table, Kind.DEPENDENCY) == ["Resend"]


def test_an_alert_is_named_by_the_heading_over_its_keys():
    text = (
        "# Alerting\n\n## Alerts\n\n### Queue full\n\n**Monitor:** chart\n**Threshold:** > 9 jobs\n**Action:** call\n"
    )
    assert names(text, Kind.ALERT_RULE) == ["Queue full"]
    assert names(text.replace("Alert", "Servic"), Kind.ALERT_RULE) == []
    table = "# Alertas\n\n## Envíos\n\n| Campo | Valor |\n|-|-|\n| Condición | 7 fallos en 9 min |\n| Canal | chat |\n"
    assert names(table, Kind.ALERT_RULE) == ["Envíos"]


def test_a_column_of_alerts_may_stand_beside_symptoms():
    table = "| Alert | Symptom | Check |\n|-|-|-|\n| StoreDown | not ready | logs |\n| Slow | p95 up | graph |\n"
    assert names(f"# Catalogue\n\n{table}", Kind.ALERT_RULE) == ["StoreDown", "Slow"]


def test_conditions_listed_and_orders_to_page_are_alerts():
    text = "# Checks\n\nRecommended alert conditions:\n\n- 3 failures in a row of `/live`\n"
    assert len(values(text, Kind.ALERT_RULE)) == 1
    text = "## Alarms\n\n- Page when the queue stalls for an hour.\n- Dashboards should show the queue.\n"
    assert names(text, Kind.ALERT_RULE) == ["Page when the queue stalls for an hour."]


def test_a_metrics_name_may_state_the_objective():
    text = "## SLO targets\n\n1. `shop_availability >= 99.7%` over 30 days\n2. `shop_latency_p95 <= 2s` over 30 days\n"
    assert values(text, Kind.AVAILABILITY_TARGET, "slo.md") == [Decimal("0.997")]
    assert values(text, Kind.LATENCY_TARGET, "slo.md") == [2]
    assert values(text, Kind.LOAD_TEST_RESULT, "slo.md") == []
