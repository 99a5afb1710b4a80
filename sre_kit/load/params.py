"""
The params file: everything a person decided, as one YAML file or a folder of them.

Sections validate straight into the dataclasses of ``compute``; unknown keys are refused with the nearest
name, secrets are named and never written.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sre_kit.compute.capacity.plan import CapacityPlan
from sre_kit.compute.incidents import IncidentPolicy, Runbook
from sre_kit.compute.oncall.plan import OnCall
from sre_kit.compute.operations.plan import OperationsPlan
from sre_kit.compute.performance.plan import PerformancePlan
from sre_kit.compute.readiness.plan import HandoverPlan
from sre_kit.compute.research import ResearchPlan
from sre_kit.compute.slo.agreements import ReviewPlan
from sre_kit.compute.slo.alerting import BurnRateAlert
from sre_kit.compute.slo.budget import PolicyState
from sre_kit.compute.slo.composites import Composite
from sre_kit.compute.slo.objectives import SLO, RejectedSLI, with_indicators
from sre_kit.compute.slo.timeslices import AvailabilityPromise
from sre_kit.compute.vocabulary import FactOverride, FactRejection
from sre_kit.errors import ParameterError
from sre_kit.load.explained import explained
from sre_kit.load.metrics.source import Auth
from sre_kit.load.yaml_text import loaded
from sre_kit.store import regular
from sre_kit.units import Duration, Instant, Zone

MAX_BYTES = 1_000_000
SECRET_WORDS = (
    *("password", "passwd", "passphrase", "token", "secret", "credential", "credentials", "authorization", "cookie"),
    *("apikey", "accesskey", "privatekey", "secretkey"),
)
"""A key that ends so, written in any way, holds a secret; ``_env`` and ``_file`` behind it only name one."""


@dataclass(frozen=True, slots=True)
class ProjectParams:
    """Which project: its path here, or where the knowledge graph that knows it lies."""

    name: str
    path: str = ""
    knowledge_graph: str = ""
    """A file, or ``mcp:NAME`` for a server of `mcp_servers`; a render stores there what later sessions need."""
    mcp_servers: str = ""
    """The ``mcpServers`` JSON file, as desktop programs read it."""
    sequential_thinking: str = ""
    """``mcp:NAME`` of a server that is told, after a render, how decisions were derived."""
    zone: Zone = "UTC"
    currency: str = "USD"
    country: str = ""


@dataclass(frozen=True, slots=True)
class SourceParams:
    """Where measurements come from."""

    url: str = ""
    auth: Auth = field(default_factory=Auth)
    timeout: Duration = timedelta(seconds=30)
    step: Duration = timedelta(minutes=5)
    events_step: Duration | None = None
    """Of the events of the objectives, so that alerts are tested minute by minute; `step` where it is not given."""
    scrape_interval: Duration | None = None
    retention: Duration | None = None
    series_cap: int = 500


@dataclass(frozen=True, slots=True)
class FactsParams:
    """Facts that people know better than the documents; each with its reason."""

    override: list[FactOverride] = field(default_factory=list)
    reject: list[FactRejection] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class HistoryParams:
    """What happened: files relative to the params file; deploys also as ``git:PATH?pattern=v*``."""

    incidents: str = ""
    deploys: str = ""
    drills: str = ""
    """JSON lines that ``sre-kit drill`` appends."""


class Params(BaseModel):
    """A params file, checked."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    project: ProjectParams
    as_of: Instant | None = None
    """Report time when none is asked for; for a pretend project, whose time stands still."""
    source: SourceParams = Field(default_factory=SourceParams)
    facts: FactsParams = Field(default_factory=FactsParams)
    history: HistoryParams = Field(default_factory=HistoryParams)
    slos: list[SLO] = Field(default_factory=list)
    composites: list[Composite] = Field(default_factory=list)
    availability_promises: list[AvailabilityPromise] = Field(default_factory=list)
    research: ResearchPlan = Field(default_factory=ResearchPlan)
    slo_files: list[str] = Field(default_factory=list)
    """OpenSLO or Sloth files with more objectives, relative to the params file."""
    rejected_slis: list[RejectedSLI] = Field(default_factory=list)
    alerting: list[BurnRateAlert] = Field(default_factory=list)
    objectives_reviewed: str = ""
    budget_policy: list[PolicyState] = Field(default_factory=list)
    slo_review: ReviewPlan = Field(default_factory=ReviewPlan)
    incidents: IncidentPolicy = Field(default_factory=IncidentPolicy)
    runbooks: list[Runbook] = Field(default_factory=list)
    oncall: OnCall = Field(default_factory=OnCall)
    performance: PerformancePlan = Field(default_factory=PerformancePlan)
    capacity: CapacityPlan = Field(default_factory=CapacityPlan)
    operations: OperationsPlan = Field(default_factory=OperationsPlan)
    handover: HandoverPlan = Field(default_factory=HandoverPlan)
    allow_personal_data: bool = False


def read(path: Path) -> Params:
    """
    The params in a file, or in a folder of ``*.yaml`` files merged.

    Raises
    ------
    ParameterError
        Not YAML, an unknown or repeated key, an unusable value, a secret written out; names file and key.
    """
    params = checked(raw(path), str(path.name))
    if params.slo_files:
        params = _with_slo_files(params, path if path.is_dir() else path.parent)
    return params.model_copy(update={"slos": with_indicators(params.slos)})


def _with_slo_files(params: Params, base: Path) -> Params:
    from sre_kit.load.slo_files import slo_files

    found = slo_files(base / Path(name).expanduser() for name in params.slo_files)
    names = [slo.name for slo in (*params.slos, *found)]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ParameterError(f"the objective {twice[0]!r} is given twice, in slos and slo_files; keep one")
    return params.model_copy(update={"slos": [*params.slos, *found]})


def raw(path: Path) -> dict[str, Any]:
    """The merged mapping of a file or folder, not yet checked."""
    files = sorted(path.glob("*.yaml")) if path.is_dir() else [path]
    if not files:
        raise ParameterError(f"{path}: no *.yaml file in this folder")
    merged: dict[str, Any] = {}
    came_from: dict[str, str] = {}
    for file in files:
        for key, value in _mapping(file).items():
            if key in merged:
                raise ParameterError(f"{file.name}: {key!r} is also given in {came_from[key]}; keep one")
            merged[key], came_from[key] = value, file.name
    return merged


def digest(path: Path) -> str:
    """SHA-256 over names and bytes of the params, as a fingerprint."""
    import hashlib

    total = hashlib.sha256()
    for file in sorted(path.glob("*.yaml")) if path.is_dir() else [path]:
        total.update(file.name.encode() + b"\0" + regular.content(file, MAX_BYTES) + b"\0")
    return total.hexdigest()


def checked(mapping: Mapping[str, Any], name: str) -> Params:
    """`mapping` as `Params`; all that is wrong in one message."""
    _refuse_secrets(mapping, name, "")
    try:
        return Params.model_validate(mapping)
    except ValidationError as error:
        lines = [explained(one, Params) for one in error.errors()[:8]]
        raise ParameterError(f"{name}: " + "\n".join(lines)) from None


def schema() -> dict[str, Any]:
    """JSON Schema of a params file, for editors."""
    return Params.model_json_schema(mode="validation")


def _mapping(file: Path) -> dict[str, Any]:
    try:
        text = regular.content(file, MAX_BYTES).decode("utf-8-sig")
        found = loaded(text)
    except OSError as error:
        raise ParameterError(f"{file.name}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise ParameterError(f"{file.name}: not UTF-8 at byte {error.start}; save it as UTF-8") from None
    except RecursionError:
        raise ParameterError(f"{file.name}: nested too deeply to be a params file") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" line {mark.line + 1}" if mark else ""
        raise ParameterError(f"{file.name}:{where} is not YAML: {getattr(error, 'problem', error)}") from None
    except ParameterError as error:
        raise ParameterError(f"{file.name}: {error}") from None
    if not isinstance(found, dict) or not all(isinstance(key, str) for key in found):
        raise ParameterError(
            f"{file.name}: a params file is a mapping of sections; allowed: {', '.join(Params.model_fields)}"
        )
    return found


def _refuse_secrets(value: Any, name: str, key: str) -> None:
    if isinstance(value, Mapping):
        for inner, one in value.items():
            _refuse_secrets(one, name, f"{key}.{inner}" if key else str(inner))
    elif isinstance(value, list):
        for number, one in enumerate(value):
            _refuse_secrets(one, name, f"{key}.{number}")
    elif value and _is_secret(key.rpartition(".")[2]):
        raise ParameterError(
            f"{name}: {key} looks like a secret; name it instead: {key}_env (an environment variable) "
            f"or {key}_file (a file of mode 0600)"
        )


@lru_cache(maxsize=1024)
def _is_secret(word: str) -> bool:
    return re.sub(r"[^a-z]", "", word.lower()).endswith(SECRET_WORDS)
