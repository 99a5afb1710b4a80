"""Scaling rules as blocks, nested bullets and level tables say them, each with its trap."""

from __future__ import annotations

from sre_kit.compute.vocabulary import Fact, Kind
from sre_kit.load.facts import facts


def rules(text: str, document: str = "Operations.md") -> list[Fact]:
    return [fact for fact in facts(text, document) if fact.kind is Kind.SCALING_RULE and not fact.refused]


def bounds(text: str) -> list[tuple[str, str]]:
    return [(fact.details["min"], fact.details["max"]) for fact in rules(text)]


def test_a_terraform_node_group_gives_its_bounds_and_a_validation_rule_gives_none():
    text = '```hcl\nresource "aws_autoscaling_group" "web" {\n  min_size = 2\n  max_size = 6\n}\n```\n'
    (found,) = rules(text)
    assert (found.name, found.details["min"], found.details["max"]) == ("web", "2", "6")
    assert rules("```yaml\nname:\n  min_size: 2\n  max_size: 60\n```\n") == []


def test_a_command_that_sets_both_bounds_is_a_rule_and_a_page_size_is_none():
    assert bounds("```bash\nkubectl autoscale deployment api --cpu-percent=70 \\\n  --min=2 --max=10\n```\n") == [
        ("2", "10")
    ]
    assert bounds("```bash\naws ecs list-tasks --max-items 5 --min-items 1\n```\n") == []


def test_yaml_of_a_scaling_plan_gives_triggers_thresholds_and_bounds():
    text = (
        '## Auto-scaling\n\n```yaml\nscaling:\n  phase_1:\n    trigger: "CPU > 70% or RPS > 1500"\n  app_tier:\n'
        "    scale_up_threshold: 70\n    scale_up_cooldown: 300\n    min_instances: 3\n    max_instances: 20\n```\n"
    )
    found = rules(text)
    assert [fact.details.get("threshold") or fact.value for fact in found] == ["CPU > 70% or RPS > 1500", "70", "3-20"]
    assert found[-1].name == "app_tier"


def test_bounds_of_two_parts_under_one_heading_are_two_rules():
    text = "### Autoscaling\n\n- Min workers: 2\n- Max workers: 50\n- Min API instances: 3\n- Max API instances: 10\n"
    assert sorted(bounds(text)) == [("2", "50"), ("3", "10")]


def test_a_table_of_levels_with_actions_is_a_table_of_rules_only_under_scaling():
    table = "| Metric | Warning | Critical | Action |\n|---|---|---|---|\n| CPU use | > 70% | > 85% | Add instance |\n"
    (found,) = rules(f"## Scaling triggers\n\n{table}")
    assert found.details["action"] == "Add instance"
    assert rules(f"## Alert levels\n\n{table.replace('Add instance', 'Page the on-call')}") == []


def test_targets_under_an_autoscaler_are_rules_and_others_are_not():
    text = "- **{}**:\n  - **CPU Utilization Target**: 70%.\n  - **Concurrency Target**: 80 requests per instance.\n"
    assert len(rules(text.format("Cloud Run Horizontal Autoscaling"))) == 2
    assert rules(text.format("Machines")) == []


def test_a_multiple_of_the_slo_may_be_a_trigger():
    (found,) = rules("**Scale Up Triggers:**\n- API latency P95 > 1.5x SLO for 10 minutes\n")
    assert found.details["for"] == "10 minutes"
