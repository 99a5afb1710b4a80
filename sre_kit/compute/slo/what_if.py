"""
What another target, window or policy would have meant for one objective, also with an incident that did not happen.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Final

import numpy as np

from sre_kit.compute.incidents import Incident
from sre_kit.compute.slo.budget import ErrorBudget, error_budget
from sre_kit.compute.slo.counts import History
from sre_kit.compute.slo.policies import AlertPolicy
from sre_kit.compute.slo.replay import BackTest, IncidentSeen, alert_back_test

INJECTED: Final = "injected"
"""Identity of the incident that did not happen."""


@dataclass(frozen=True, slots=True)
class Injection:
    """`share` of the events fails in [`began`, `began` + `lasting`), at the traffic that there was."""

    began: datetime
    lasting: timedelta
    share: Fraction


@dataclass(frozen=True, slots=True)
class BudgetOption:
    """An objective under one policy: the history it was judged on, its budget, and what its alerts would have done."""

    history: History
    budget: ErrorBudget
    tests: tuple[BackTest, ...]

    def per_month(self, severity: str) -> float | None:
        """Firings per 30 days; missing without such alerts or without a day of history."""
        return next((test.per_month for test in self.tests if test.severity == severity), None)

    def injected(self, severity: str) -> IncidentSeen | None:
        """What the alerts of a severity make of the injected incident; missing where there is none."""
        seen = (one for test in self.tests if test.severity == severity for one in test.incidents)
        return next((one for one in seen if one.incident.id == INJECTED), None)


def with_injection(one: History, injection: Injection) -> History:
    """
    The history with at least the injected share of each step's events bad; steps without traffic stay without.

    Whole events, rounded down: a step of 3 events of which half fail has 1 bad one.
    """
    first, last = one.slot(injection.began), one.slot(injection.began + injection.lasting)
    bad, total = one.bad.copy(), one.total[first:last]
    failing, events = injection.share.numerator, injection.share.denominator
    # in parts, because the product would leave 64 bits where events are kept in fine grains
    bad[first:last] = np.maximum(bad[first:last], total // events * failing + total % events * failing // events)
    return replace(one, bad=bad)


def budget_option(
    one: History,
    as_of: datetime,
    policy: AlertPolicy,
    incidents: Iterable[Incident] = (),
    injection: Injection | None = None,
) -> BudgetOption:
    """The budget and the back-tested alerts of `one` under `policy`; what is injected is among the known incidents."""
    known = list(incidents)
    if injection is not None:
        one = with_injection(one, injection)
        end = injection.began + injection.lasting
        known.append(Incident(INJECTED, "did not happen", injection.began, end, services=(one.slo.service,)))
    tests = tuple(alert_back_test(one, severity, known, policy) for severity in policy.severities)
    return BudgetOption(one, error_budget(one, as_of), tests)
