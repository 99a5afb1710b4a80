"""
The params file: everything a person decided, as one YAML file or a folder of them.

Sections validate straight into the dataclasses of ``compute``; unknown keys are refused with the nearest
name, secrets are named and never written.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from sre_kit.compute.alerting import BurnRateAlert
from sre_kit.compute.capacity import CapacityPlan
from sre_kit.compute.incidents import IncidentPolicy, Runbook
from sre_kit.compute.oncall import OnCall
from sre_kit.compute.operations import OperationsPlan
from sre_kit.compute.performance import PerformancePlan
from sre_kit.compute.readiness import HandoverPlan
from sre_kit.compute.slo import SLO, RejectedSLI
from sre_kit.errors import ParameterError, nearest
from sre_kit.load.metrics.source import Auth
from sre_kit.units import Duration

MAX_BYTES = 1_000_000
SECRET_WORDS = ("password", "token", "secret", "api_key", "apikey", "private_key")


@dataclass(frozen=True, slots=True)
class ProjectParams:
    """Which project: its path here, or where the knowledge graph that knows it lies."""

    name: str
    path: str = ""
    knowledge_graph: str = ""
    zone: str = "UTC"
    currency: str = "USD"
    country: str = ""


@dataclass(frozen=True, slots=True)
class SourceParams:
    """Where measurements come from."""

    url: str = ""
    auth: Auth = field(default_factory=Auth)
    timeout: Duration = timedelta(seconds=30)
    step: Duration = timedelta(minutes=5)
    scrape_interval: Duration | None = None
    retention: Duration | None = None
    series_cap: int = 500


@dataclass(frozen=True, slots=True)
class FactsParams:
    """Facts that people know better than the documents; each with its reason."""

    override: list[dict[str, Any]] = field(default_factory=list)
    reject: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class HistoryParams:
    """What happened: files relative to the params file; deploys also as ``git:PATH?pattern=v*``."""

    incidents: str = ""
    deploys: str = ""


class Params(BaseModel):
    """A params file, checked."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    project: ProjectParams
    source: SourceParams = Field(default_factory=SourceParams)
    facts: FactsParams = Field(default_factory=FactsParams)
    history: HistoryParams = Field(default_factory=HistoryParams)
    slos: list[SLO] = Field(default_factory=list)
    rejected_slis: list[RejectedSLI] = Field(default_factory=list)
    alerting: list[BurnRateAlert] = Field(default_factory=list)
    objectives_reviewed: str = ""
    incidents: IncidentPolicy = Field(default_factory=IncidentPolicy)
    runbooks: list[Runbook] = Field(default_factory=list)
    oncall: OnCall = Field(default_factory=OnCall)
    performance: PerformancePlan = Field(default_factory=PerformancePlan)
    capacity: CapacityPlan = Field(default_factory=CapacityPlan)
    operations: OperationsPlan = Field(default_factory=OperationsPlan)
    handover: HandoverPlan = Field(default_factory=HandoverPlan)
    allow_personal_data: bool = False
