"""``sre-kit canary``: the verdict on one canary from its counts, for a pipeline that promotes or rolls back."""

from __future__ import annotations

import json as jsonlib
import re
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from sre_kit.errors import ParameterError

if TYPE_CHECKING:
    from sre_kit.compute.operations.canary import JudgedCanary
    from sre_kit.compute.operations.rollout import Counted

EXITS: Final = {"promote": 0, "roll back": 1, "not enough data": 3}
_COUNTS: Final = re.compile(r"(\d{1,15})/(\d{1,15})")


def canary(
    objective: Annotated[str, typer.Argument(help="The objective that it is held against.", metavar="OBJECTIVE")],
    own: Annotated[str, typer.Option("--canary", help="Bad and all requests of the canary.", metavar="BAD/ALL")],
    baseline: Annotated[str, typer.Option(help="The same of what ran beside it.", metavar="BAD/ALL")],
    params: Annotated[str, typer.Option("--params", help="Params file or folder.", metavar="PATH")] = "",
    json: Annotated[bool, typer.Option("--json", help="JSON on standard output.")] = False,
) -> int:
    """Judge a canary by its counts, for a pipeline.

    Promote: exit 0; roll back: 1; not enough data: 3. By exact 95 % intervals, against the limits of
    operations.canaries. Ask once, when the canary is over: who asks again and again finds differences by chance.
    """
    from sre_kit import load
    from sre_kit.compute.operations.canary import judged_canaries
    from sre_kit.compute.operations.rollout import Canary, CanaryRelease

    project = load.project(params)
    slo = project.slo(objective)
    given = [one for one in project.params.operations.canaries if one.slo == objective]
    decided = given[0] if given else Canary(objective, Fraction(1, 10), timedelta(minutes=10))
    release = CanaryRelease("", project.as_of, _counted("--baseline", baseline), _counted("--canary", own))
    (judged,) = judged_canaries([replace(decided, releases=[release])], [slo])
    said = _said(judged)
    if json:
        print(jsonlib.dumps(said, indent=1))
    else:
        _print(said)
    return EXITS[judged.releases[0].word]


def _counted(option: str, written: str) -> Counted:
    from sre_kit.compute.operations.rollout import Counted

    found = _COUNTS.fullmatch(written.strip())
    if not found:
        raise ParameterError(f"{option} {written!r}: write bad and all requests, for example 3/1200")
    try:
        return Counted(int(found[2]), int(found[1]))
    except ParameterError as error:
        raise ParameterError(f"{option} {written!r}: {error}; write the bad requests first") from None


def _said(judged: JudgedCanary) -> dict[str, Any]:
    (release,) = judged.releases
    own, base = release.release.canary, release.release.baseline
    return {
        "objective": judged.slo.name,
        "verdict": release.word,
        "canary": {"bad": own.bad, "total": own.total, "interval": release.own},
        "baseline": {"bad": base.bad, "total": base.total},
        "above_baseline": release.worse,
        "limits": {"bad_share": float(judged.limits.budget), "above_baseline": judged.limits.worse_by},
        "needed": release.needed,
    }


def _print(said: dict[str, Any]) -> None:
    own, limits = said["canary"], said["limits"]
    print(f"{said['verdict']}: {said['objective']}")
    print(f"  bad share        {_interval(own['interval'])}, at most {100 * limits['bad_share']:g} %")
    print(f"  above baseline   {_interval(said['above_baseline'])}, at most {100 * limits['above_baseline']:g} %")
    if said["verdict"] == "not enough data":
        needed = said["needed"]
        more = "at these shares no number of requests decides" if needed is None else f"{needed:,} requests decide"
        print(f"  {own['total']:,} requests; {more}")


def _interval(found: tuple[float, float] | None) -> str:
    return "not known" if found is None else f"{100 * found[0]:.4g} % to {100 * found[1]:.4g} %"
