"""
Who watches a capacity trigger: an alert of the documents that fires in time, one that we generate, or nobody.

An alert that fires only above the trigger leaves the use between the two unwatched, so one of our own is generated
beside it. Where an alert fires is read from its expression, else from the percentages of its condition in words; where
neither says it, the alert is taken at its name. What an autoscaler steers by stands at the trigger on any busy day: its
alert waits until the autoscaler has no replica left to add.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from sre_kit.compute.capacity.plan import Resource, Scaling
from sre_kit.compute.operations.runbooks import Alert, alert_rules
from sre_kit.compute.queries import comparison, unaskable
from sre_kit.compute.vocabulary import Fact

_FREE: Final = re.compile(r"(?i)(?:\b|_)(?:free|avail\w*|left|remaining|unused)(?:\b|_)")
_PERCENT: Final = re.compile(r"(\d+(?:[.,]\d+)?)\s*%")


@dataclass(frozen=True, slots=True)
class TriggerWatch:
    """
    A resource's trigger and its alerts.

    `rule` is the documents' alert that the resource names, `fires_above` the share of the limit above which it fires,
    missing where that cannot be read. `own` names the alert that is generated; `problem` says why none can be.
    `steered` is the autoscaler that acts on the same use before anybody has to.
    """

    resource: Resource
    rule: Alert | None = None
    fires_above: float | None = None
    own: str = ""
    problem: str = ""
    steered: Scaling | None = None

    @property
    def late(self) -> bool:
        """Whether the documents' alert fires only above the trigger."""
        trigger = self.resource.trigger
        return self.fires_above is not None and trigger is not None and self.fires_above > float(trigger)

    @property
    def watched(self) -> bool:
        """Whether an alert fires at the trigger."""
        return bool(self.own) or (self.rule is not None and not self.late)

    @property
    def threshold(self) -> Fraction:
        """The trigger in the unit of the resource's query."""
        return Fraction(str(self.resource.limit)) * (self.resource.trigger or 0)


def trigger_watches(
    resources: Sequence[Resource], facts: Sequence[Fact], scaling: Sequence[Scaling] = ()
) -> list[TriggerWatch]:
    """
    Who watches each resource's trigger, in their order.

    Parameters
    ----------
    scaling
        As far as it fits: an implemented autoscaler's maximum is that of its generated file.
    """
    rules = {one.name: one for one in alert_rules(facts, document="")}
    taken = set(rules)
    found = []
    for one in resources:
        rule = rules.get(one.alert)
        watch = TriggerWatch(one, rule, fires_above(rule, one) if rule else None, steered=_steered(one, scaling))
        if one.trigger is None or (rule is not None and not watch.late):
            found.append(watch)
            continue
        problem = unaskable(one.query)
        name = "" if problem else _own_name(one, taken)
        taken.add(name)
        found.append(TriggerWatch(one, rule, watch.fires_above, name, problem, watch.steered))
    return found


def fires_above(rule: Alert, resource: Resource) -> float | None:
    """
    The share of the resource's limit above which an alert fires; missing where its words and its expression do not say.

    An expression compares with a share, or with an amount in the resource's unit. In words the lowest percentage
    counts, because a warning at 80 % fires at 80 %. Less than 15 % free is more than 85 % used.
    """
    if rule.expression:
        compared = comparison(rule.expression)
        if compared is not None and compared[0] in ("<", "<=") and 0 < compared[1] < 1:
            return 1 - compared[1] if _FREE.search(rule.expression) else None
        if compared is None or compared[0] not in (">", ">="):
            return None
        if 0 < compared[1] <= 1:
            return compared[1]
        amount = resource.limit > 1 and compared[1] <= resource.limit
        return compared[1] / resource.limit if amount else None
    shares = [float(one.replace(",", ".")) / 100 for one in _PERCENT.findall(rule.condition)]
    if _FREE.search(rule.condition):
        shares = [1 - one for one in shares]
    return min((one for one in shares if 0 < one <= 1), default=None)


def _steered(resource: Resource, scaling: Sequence[Scaling]) -> Scaling | None:
    if resource.scalable != "automatic":
        return None
    same = (one for one in scaling if one.component == resource.component and one.metric == resource.kind)
    return next((one for one in same if one.direction == "horizontal" and one.state == "implemented"), None)


def _own_name(resource: Resource, taken: set[str]) -> str:
    words = re.findall(r"[A-Za-z0-9]+", resource.name)
    name = "Capacity" + "".join(word[:1].upper() + word[1:] for word in words)
    return next(one for at in range(1, len(taken) + 3) if (one := name if at == 1 else f"{name}{at}") not in taken)
