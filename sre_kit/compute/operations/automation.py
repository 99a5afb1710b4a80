"""
Automation: the seven opportunities of the mission, what a person does of each today, and what would take it over.

A file that would do it makes an opportunity "prepared"; only what runs in production is "implemented", and only a
person can say so.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, Literal, get_args

from sre_kit.compute.asked import of_kind
from sre_kit.compute.incidents import Incident, IncidentLog, selected
from sre_kit.compute.vocabulary import Fact, Gap, Kind
from sre_kit.units import Duration, Zone, number, span

if TYPE_CHECKING:
    from sre_kit.compute.operations.plan import OperationsPlan
    from sre_kit.compute.operations.tasks import Toil

OpportunityName = Literal[
    "auto-scaling",
    "self-healing",
    "rollback",
    "backup",
    "security scanning",
    "performance",
    "incident response",
]
AUTOMATIONS: Final[tuple[OpportunityName, ...]] = get_args(OpportunityName)
"""The seven automation opportunities of the mission."""
SWITCHES: Final = "/etc/sre-automation"
"""Folder of the machine that runs timers: a file ``<name>.off`` in it stops one."""
MONTH: Final = timedelta(days=365) / 12


@dataclass(frozen=True, slots=True)
class Automation:
    """One automation opportunity: what a person does today, what would do it, and what keeps it safe."""

    opportunity: OpportunityName
    minutes_a_month: float | None = None
    """By hand, where neither tasks nor incidents tell."""
    trigger: str = ""
    action: str = ""
    guard: str = ""
    tested: str = ""
    state: Literal["not applicable", "idea", "planned", "prepared", "implemented"] = "idea"
    reason: str = ""
    artifact: str = ""
    """File that would do it, under artifacts/, where another part of the documents makes it."""
    tasks: list[str] = field(default_factory=list)
    """Ids of recurring tasks that it would take over."""
    factors: list[str] = field(default_factory=list)
    """Factors of incidents that cost `minutes_each` by hand; empty: all incidents."""
    minutes_each: float | None = None
    """Minutes of a person per incident."""
    form: Literal["", "workflow", "timer"] = ""
    """What is made of `runs`: a GitHub workflow, or a systemd timer with its service."""
    name: str = ""
    """Name of the files; empty: the opportunity."""
    runs: list[str] = field(default_factory=list)
    """Shell commands, in their order."""
    cron: str = ""
    """Five fields in `zone`; a workflow's must be in UTC."""
    zone: Zone = "UTC"
    events: list[str] = field(default_factory=list)
    """What else starts a workflow: push, pull_request, or the type of a repository_dispatch."""
    uses: dict[str, str] = field(default_factory=dict)
    """Actions of a workflow -> the commit that they are pinned to."""
    permissions: dict[str, Literal["read", "write"]] = field(default_factory=dict)
    """What the workflow's token may do besides reading the repository."""
    variables: dict[str, str] = field(default_factory=dict)
    """Environment variable -> the key of the event's payload that it holds."""
    runner: str = "ubuntu-24.04"
    """Label of the machines that run the workflow; they must have what `runs` calls."""
    environment: str = ""
    """Environment whose reviewers must approve a run."""
    longest: Duration = timedelta(minutes=30)
    """A run that takes longer is stopped."""
    source: str = ""

    @property
    def stem(self) -> str:
        """Name of the files it is made of."""
        return self.name or self.opportunity.replace(" ", "-")

    @property
    def files(self) -> tuple[str, ...]:
        """Names of the files that would do it; empty where there are none."""
        if self.form == "workflow":
            return (f"{self.stem}.workflow.yaml",)
        if self.form == "timer":
            return f"{self.stem}.timer", f"{self.stem}.service"
        return (self.artifact,) if self.artifact else ()

    @property
    def switch(self) -> str:
        """What stops it at once; empty where no file of ours runs it."""
        if self.form == "workflow":
            return f"{self.stem.upper().replace('-', '_')}_OFF"
        return f"{SWITCHES}/{self.stem}.off" if self.form == "timer" else ""

    @property
    def guards(self) -> tuple[str, ...]:
        """What the files themselves bound: one run at a time, its length, who approves, how it is stopped."""
        if not self.form:
            return ()
        found = [f"one run at a time, at most {span(self.longest)}"]
        found += (
            [f"waits for the reviewers of the environment {self.environment}, where it has some"]
            if self.environment
            else []
        )
        found += ["as a user that exists for the run alone, files read-only"] if self.form == "timer" else []
        what = "the repository's variable {} = true" if self.form == "workflow" else "the file {}"
        return (*found, f"stopped by {what.format(self.switch)}")


@dataclass(frozen=True, slots=True)
class ByHand:
    """Minutes a month that people spend on it today, and where that is known from; missing where nobody knows."""

    minutes: float | None
    basis: str = ""


@dataclass(frozen=True, slots=True)
class Opportunity:
    """
    One of the seven; `decided` is missing where nobody decided anything, `evidence` is what the documents say.

    `made` are those of its files that were made in this run.
    """

    name: str
    decided: Automation | None
    evidence: tuple[Fact, ...] = ()
    by_hand: ByHand = ByHand(None)
    made: tuple[str, ...] = ()

    @property
    def state(self) -> str:
        """The decided state; "not decided" where there is none, "planned" where its file could not be made."""
        if self.decided is None:
            return "not decided"
        unmade = self.decided.form and not self.made
        return "planned" if self.decided.state == "prepared" and unmade else self.decided.state

    @property
    def gap(self) -> Gap | None:
        """What is missing: the decision itself, the reason for leaving it out, or what guards it."""
        if self.decided is None:
            return Gap(f"whether {self.name} is automated", "DevOps Engineer", "params: operations.automations")
        if self.decided.state == "not applicable" and not self.decided.reason:
            return Gap(f"why {self.name} does not apply", "DevOps Engineer", "params: operations.automations")
        guarded = self.decided.guard or self.decided.guards
        if self.decided.state in ("prepared", "implemented") and not guarded:
            return Gap(f"what keeps {self.name} from doing harm", "DevOps Engineer", "params: operations.automations")
        return None


_EVIDENCE = {"auto-scaling": Kind.SCALING_RULE, "backup": Kind.BACKUP_SCHEDULE, "rollback": Kind.DEPLOYMENT_STRATEGY}


def opportunities(
    decided: Sequence[Automation],
    facts: Sequence[Fact],
    *,
    tasks: dict[str, float] | None = None,
    incidents: Sequence[Incident] = (),
    over: timedelta = timedelta(0),
    made: Collection[str] = (),
) -> list[Opportunity]:
    """
    All seven, in the mission's order.

    Parameters
    ----------
    tasks
        Id of a recurring task -> minutes a month by hand.
    incidents
        Incidents of the time `over`, which is 0 where no log is known.
    made
        Names of the files that this run made.
    """
    by_name = {one.opportunity: one for one in decided}
    found = []
    for name in AUTOMATIONS:
        one = by_name.get(name)
        evidence = tuple(of_kind(facts, _EVIDENCE[name])) if name in _EVIDENCE else ()
        hand = by_hand(one, tasks or {}, incidents, over) if one else ByHand(None)
        files = tuple(file for file in one.files if file in made) if one else ()
        found.append(Opportunity(name, one, evidence, hand, files))
    return found


def by_hand(one: Automation, tasks: dict[str, float], incidents: Sequence[Incident], over: timedelta) -> ByHand:
    """
    What people spend on it a month: its tasks, and `minutes_each` for every incident with one of its factors.

    What params state as a number counts only where neither is known.
    """
    minutes, basis = 0.0, []
    for task in one.tasks:
        if task in tasks:
            minutes += tasks[task]
            basis.append(f"task {task}: {number(round(tasks[task]))} min")
    if one.minutes_each is not None and over:
        met = [i for i in incidents if not one.factors or set(one.factors) & set(i.factors)]
        minutes += len(met) * one.minutes_each / (over / MONTH)
        kinds = f" ({', '.join(one.factors)})" if one.factors else ""
        basis.append(f"{len(met)} incidents{kinds} in {over / MONTH:.1f} months x {one.minutes_each:g} min")
    if basis:
        return ByHand(minutes, "; ".join(basis))
    return ByHand(one.minutes_a_month, "params" if one.minutes_a_month is not None else "")


def seven_opportunities(
    plan: OperationsPlan,
    facts: Sequence[Fact],
    work: Toil,
    log: IncidentLog,
    window: tuple[datetime, datetime],
    made: Collection[str] = (),
) -> list[Opportunity]:
    """The seven with what the recurring tasks, and the incidents of `window`, tell of them; see ``opportunities``."""
    start, end = window
    return opportunities(
        plan.automations,
        facts,
        tasks={task.id: minutes for task, minutes in work.by_task},
        incidents=[] if log.gap else selected(log, start, end),
        over=timedelta(0) if log.gap else end - start,
        made=made,
    )
