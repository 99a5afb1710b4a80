"""
Runbooks of the alerts that we generate ourselves: a form for each kind of alert, filled from its objective.

What is known of a service comes from its own runbooks and experts; a runbook that a person wrote for the alert replaces
the form.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sre_kit.compute.incidents import Runbook
from sre_kit.compute.oncall.plan import OnCall
from sre_kit.compute.operations.runbooks import Alert, targets
from sre_kit.compute.queries import per_second
from sre_kit.compute.slo.alerting import WORKBOOK_POLICY, AlertProperties, BurnRateAlert, alert_properties
from sre_kit.compute.slo.objectives import SLO
from sre_kit.compute.slo.symptoms import ExistingAlert
from sre_kit.units import number, span, target

SHORT: Final = timedelta(minutes=5)
_UNDO: Final = re.compile(r"(?i)\bundo\b|roll(?:ed|ing)?[ -]?back|\brevert")


@dataclass(frozen=True, slots=True)
class OwnAlert:
    """
    An alert that we generate: the rule and its objective.

    `selector` picks the objective's recordings, `series` is the recorded bad share that it is over by.
    """

    alert: Alert
    slo: SLO
    selector: str = ""
    series: str = ""

    @property
    def kind(self) -> str:
        """What it tells: "fast" or "slow" burn, or "missing" measurements."""
        if self.alert.name.endswith("DataMissing"):
            return "missing"
        return "fast" if self.alert.severity == "page" else "slow"


@dataclass(frozen=True, slots=True)
class OwnRunbook:
    """A generated alert with its runbook; `written` says that a person wrote it."""

    own: OwnAlert
    runbook: Runbook
    written: bool


def own_runbooks(
    alerts: Sequence[OwnAlert],
    known: Sequence[Runbook],
    existing: Sequence[ExistingAlert] = (),
    oncall: OnCall | None = None,
    policy: Sequence[BurnRateAlert] = (),
) -> list[OwnRunbook]:
    """
    One runbook for each generated alert, in the order of the alerts.

    Parameters
    ----------
    known
        Runbooks that people wrote: those of the same name win, those of the same service are referred to.
    existing
        Alerts of the documents, which say what else fires with an objective.
    """
    by_name = {runbook.alert: runbook for runbook in known}
    oncall = oncall or OnCall()
    found = []
    for own in alerts:
        if own.alert.name in by_name:
            found.append(OwnRunbook(own, by_name[own.alert.name], True))
            continue
        around = [by_name[name] for name in _neighbours(own.slo, existing) if name in by_name]
        form = _Form(own, around, oncall, policy or WORKBOOK_POLICY)
        make = {"fast": form.fast, "slow": form.slow, "missing": form.missing}[own.kind]
        found.append(OwnRunbook(own, make(), False))
    return found


def _neighbours(slo: SLO, existing: Sequence[ExistingAlert]) -> list[str]:
    """Alerts that watch the same symptom, then those that name the service."""
    same = [one.fact.name for one in existing if slo.name in one.slos]
    service = [one.fact.name for one in existing if slo.service and slo.service in one.service.split(", ")]
    return list(dict.fromkeys([*same, *service]))


class _Form:
    """The forms, for one alert."""

    def __init__(
        self, own: OwnAlert, around: Sequence[Runbook], oncall: OnCall, policy: Sequence[BurnRateAlert]
    ) -> None:
        self.own, self.slo, self.around, self.oncall = own, own.slo, around, oncall
        self.pairs = [one for one in alert_properties(own.slo, policy) if one.alert.severity == own.alert.severity]
        self.names = " and ".join(runbook.alert for runbook in around)

    def fast(self) -> Runbook:
        """The budget burns fast: users are hurt now."""
        longest = span(max(one.alert.long_window for one in self.pairs))
        diagnose = [
            f"How fast now: `slo:current_burn_rate:ratio{self.own.selector}`; below 1 it is over",
            f"What was released or switched in the last {longest}, the longest time that this alert looks back on",
            *([f"What else fires for {self.slo.service}: see {self.names}"] if self.around else []),
            *self._traffic(),
        ]
        return self._runbook(
            f"The error budget of {self.slo.name} ({target(self.slo.target)}) burns {self._rates()}.",
            f"{self._journey()}{self._share()}",
            diagnose,
            [self._undo(), f"Nothing was released: {self._otherwise()}"],
            f"`{self.own.series}` is below {self._budget()} for 15 minutes",
            f"{self._expert()} when these steps do not name the part; then along the escalation chain",
        )

    def slow(self) -> Runbook:
        """The budget burns slowly: it will not last."""
        return self._runbook(
            f"The error budget of {self.slo.name} burns {self._rates()}: too little to wake anybody, too much to last.",
            f"{self._journey()}few notice yet; with the budget used up, its policy decides on releases.",
            [
                f"What is left: `slo:period_error_budget_remaining:ratio{self.own.selector}`; 0 is nothing",
                f"Since when: `{self.own.series}` over the last three days; a step is a change, a slope is growth",
                "What spent it: the budget ledger in SLODefinitions names incidents and releases",
            ],
            [
                "A step: take back the change that lies at its foot, in working hours",
                f"A slope: {self.slo.owner or 'the owner'} plans the repair before the budget is gone",
            ],
            f"`{self.own.series}` is below {self._budget()} for a day",
            f"{self._owner()} in working hours; the alert on a fast burn pages by itself",
        )

    def missing(self) -> Runbook:
        """The measurement is gone: nobody would be told."""
        query = self.own.alert.expression
        return self._runbook(
            f"{self.slo.name} is not measured, so its burn-rate alerts cannot fire.",
            f"{self._journey()}nothing by itself; a failure now would be told by users first.",
            [
                f"Is it still missing: `{query}`; 1 means yes",
                "Is it the scrape: `up == 0` names targets that do not answer; none, and Prometheus itself is next",
                "Was the metric renamed by a release; then the objective's query has to follow",
            ],
            [f"Until it is back somebody looks at {self.slo.dashboard or 'the dashboard'} every hour and says so"],
            f"`{query}` gives nothing",
            f"{self._owner()} in working hours; the primary at once when others miss too",
        )

    def _runbook(
        self, meaning: str, impact: str, diagnose: list[str], mitigate: list[str], verify: str, escalate: str
    ) -> Runbook:
        return Runbook(
            self.own.alert.name,
            meaning,
            impact,
            diagnose,
            mitigate,
            verify,
            escalate,
            self.slo.dashboard,
            self.slo.owner,
        )

    def _undo(self) -> str:
        """The way back as people wrote it; a command that names another service would undo the wrong one."""
        ways = [(r.alert, step) for r in self.around for step in r.mitigate if _UNDO.search(step)]
        for alert, step in ways:
            named = targets(step)
            if not named or self.slo.service in named:
                return f"{step} ({alert})"
        told = f"; {ways[0][0]} has the command, for another service" if ways else ""
        return f"Something was released: roll it back first{told}"

    def _journey(self) -> str:
        return f"{self.slo.journey}: " if self.slo.journey else ""

    def _share(self) -> str:
        lowest = min(one.threshold for one in self.pairs)
        events = self.slo.total_means or ("the time" if self.slo.by_time else "the events")
        good = f"; good is: {self.slo.good_means}" if self.slo.good_means else ""
        return f"more than {number(lowest * 100)} % is bad, of {events}{good}"

    def _rates(self) -> str:
        return ", or ".join(_rate(one) for one in self.pairs)

    def _budget(self) -> str:
        return f"{float(self.slo.budget_ratio):g}"

    def _traffic(self) -> list[str]:
        if self.slo.by_time or not self.slo.total:
            return []
        total = per_second(self.slo.total, SHORT)
        return [f"Traffic: `{' '.join(total.split())}`; when it falls the share rises without one more failure"]

    def _expert(self) -> str:
        return self.oncall.experts.get(self.slo.service) or self._owner()

    def _owner(self) -> str:
        return self.slo.owner or "The owner of the objective"

    def _otherwise(self) -> str:
        if self.around:
            return f"work through {self.names}"
        service = self.slo.service or self.slo.name
        return f"no runbook of a cause is known for {service}; declare, and call {self._expert()}"


def _rate(one: AlertProperties) -> str:
    windows = f"{span(one.alert.long_window)} and {span(one.alert.short_window)}"
    return f"{number(one.factor)} × as fast as it may, over {windows}"
