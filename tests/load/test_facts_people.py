"""Who takes part: stakeholders, teams, rotas; duties, channels and stand-ins are nobody."""

from __future__ import annotations

from sre_kit.compute.vocabulary import Kind
from sre_kit.load.facts import facts


def names(text: str, kind: Kind, document: str = "Document.md") -> list[str]:
    return [fact.name for fact in facts(text, document) if fact.kind is kind and not fact.refused]


def test_a_group_of_stakeholders_may_have_a_heading_of_its_own():
    text = "## Key stakeholders\n\n### Primary\n\n- **Summer Hash** - staffing lead, first user\n"
    assert names(text, Kind.STAKEHOLDER) == ["Summer Hash"]


def test_a_stakeholder_may_be_a_heading_with_fields():
    text = "## Stakeholders\n\n### Shop manager\n\n- **Interest:** fewer returns\n- **Influence:** high\n"
    assert names(text, Kind.STAKEHOLDER) == ["Shop manager"]


def test_a_section_on_talking_to_stakeholders_names_none():
    text = "## Stakeholders\n\n### Communication plan\n\n- **Frequency:** weekly\n"
    assert names(text, Kind.STAKEHOLDER) == []


def test_a_stakeholder_table_may_begin_with_a_number():
    text = "## Register\n\n| ID | Stakeholder | Interest |\n|---|---|---|\n| 1 | Shop manager | High |\n"
    assert names(text, Kind.STAKEHOLDER) == ["Shop manager"]


def test_a_rota_lists_each_person_once():
    text = "## On-call rota\n\n| Week | Primary | Secondary |\n|---|---|---|\n| 1 | @ana | @ben |\n"
    assert names(text, Kind.TEAM_MEMBER) == ["@ana", "@ben"]


def test_stand_ins_of_a_rota_are_nobody():
    text = "## On-call rota\n\n| Week | Primary | Secondary |\n|---|---|---|\n| 1 | Engineer A | Engineer B |\n"
    assert names(text, Kind.TEAM_MEMBER) == []


def test_a_recovery_team_is_told_by_its_duties():
    text = "## Disaster recovery team\n\n| Role | Primary | Tasks |\n|---|---|---|\n| DR coordinator | CTO | leads |\n"
    assert names(text, Kind.TEAM_MEMBER) == ["DR coordinator"]


def test_a_support_portal_is_no_member_of_the_team():
    text = "## Contacts\n\n| Service | Contact |\n|---|---|\n| Hosting | Support Portal |\n"
    assert names(text, Kind.TEAM_MEMBER) == []
