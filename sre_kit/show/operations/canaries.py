"""Canaries: what takes a release back, whether a canary sees enough to be judged, how past ones were judged."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sre_kit.compute.operations.canary import JudgedCanary, JudgedRelease
from sre_kit.compute.statistics import Interval
from sre_kit.compute.vocabulary import Finding, Gap
from sre_kit.show.artifact import Artifact
from sre_kit.show.chart import COLOURS, Chart, figure, named
from sre_kit.show.document import cited
from sre_kit.show.shown import Note, Record, Shown, Stack
from sre_kit.show.table import Table
from sre_kit.show.text import Inline, Lines, Strong
from sre_kit.units import MISSING, number, percent, span, utc

_ASK = "DevOps Engineer"
MINUTE = timedelta(minutes=1)
DRAWN = 12


def canary_limits(judged: Sequence[JudgedCanary]) -> Shown:
    """Each canary: traffic and time, the two limits, and the requests that it sees against those that it needs."""
    rows: list[Sequence[Inline]] = []
    gaps, findings = [], []
    for one in judged:
        canary = one.canary
        enough: Inline = MISSING
        if one.sees is not None and one.needs is not None:
            short = one.sees < one.needs
            enough = Strong("too few") if short else "enough"
            if short and one.long_enough is not None:
                enough = Strong(f"too few: {span(-(-one.long_enough // MINUTE) * MINUTE)} are needed")
                findings.append(
                    Finding(
                        7,
                        6.0,
                        f"the canary of {canary.slo} sees {number(one.sees)} requests in {span(canary.lasts)} and "
                        f"{number(one.needs)} decide: it lets failures pass",
                    )
                )
        rows.append(
            (
                canary.slo,
                f"{percent(canary.share, 0)} for {span(canary.lasts)}",
                f"{percent(one.limits.budget, 3)} ({canary.burn:g} × budget)",
                f"{percent(one.limits.worse_by, 3)} above the baseline",
                MISSING if one.baseline is None else percent(one.baseline, 4),
                MISSING if one.sees is None else number(one.sees),
                MISSING if one.needs is None else number(one.needs),
                enough,
                cited(canary.source),
            )
        )
        if one.problem:
            gaps.append(
                Gap(f"what counts the canary of {canary.slo}", _ASK, "params: operations.canaries", one.problem)
            )
        if one.sees is None:
            gaps.append(Gap(f"how many requests the canary of {canary.slo} sees", _ASK, "the metrics source"))
    if not judged:
        gaps.append(Gap("how a canary is judged", _ASK, "CICDPipeline.md or params: operations.canaries"))
    columns = (
        "Objective", "Canary", "Rolled back above", "or", "Baseline", "Requests it sees", "Requests it needs",
        "Enough", "Source",
    )  # fmt: skip
    return Table(
        columns,
        rows,
        gaps=gaps,
        findings=findings,
        note="It needs the requests from which one as good as the baseline (all that was measured of the objective) is "
        "promoted: both 95 % intervals end below their limits. Judged once, at the end; looking again and again would "
        "find differences by chance."
        if rows
        else "",
        records=tuple(Record(f"canary.{one.canary.slo}.limit", float(one.limits.budget), "ratio") for one in judged),
    )


def analysis_file(made: tuple[str, Sequence[str]], judged: Sequence[JudgedCanary]) -> Shown:
    """The generated AnalysisTemplates, and why a canary has none."""
    content, left_out = made
    if not judged:
        return Note("No canary is described, so no condition is generated.")
    about = "the condition that takes a canary back, for Argo Rollouts"
    gaps = [Gap(about, _ASK, "params: operations.canaries", one, degraded=True) for one in left_out]
    file = [Artifact("analysis-templates.yaml", content, "application/yaml", about)] if content else []
    return Stack(*file, *([Note.gap(*gaps)] if gaps else []))


def canary_releases(judged: Sequence[JudgedCanary]) -> Table:
    """Past canaries: counts of both sides, intervals, verdict."""
    rows: list[Sequence[Inline]] = []
    for one in judged:
        rows += [_release_row(one, release) for release in one.releases]
    return Table(
        (
            "Release",
            "When (UTC)",
            "Canary",
            "Bad share (95 %)",
            "Baseline",
            "Above the baseline by (95 %)",
            "Verdict",
            "Source",
        ),
        rows,
        empty="No counts of past canaries are given (params: operations.canaries.releases)." if judged else "",
    )


def _release_row(one: JudgedCanary, judged: JudgedRelease) -> Sequence[Inline]:
    release, own, base = judged.release, judged.release.canary, judged.release.baseline
    verdict: Inline = judged.word
    if judged.word == "roll back":
        verdict = Strong("roll back")
    elif judged.word == "not enough data":
        more = "no number decides at these shares" if judged.needed is None else f"{number(judged.needed)} decide"
        verdict = Lines(["not enough data", more])
    return (
        f"{release.version} ({one.canary.slo})",
        utc(release.at),
        f"{number(own.bad)} of {number(own.total)}",
        _share(own.share, judged.own),
        f"{number(base.bad)} of {number(base.total)}",
        _points(judged.worse),
        verdict,
        cited(release.source or "params"),
    )


def _share(share: float | None, interval: Interval | None) -> str:
    if share is None or interval is None:
        return MISSING
    return f"{percent(share, 3)} ({percent(interval.low, 3)} to {percent(interval.high, 3)})"


def _points(interval: Interval | None) -> str:
    if interval is None:
        return MISSING
    return f"{100 * interval.low:+.3f} to {100 * interval.high:+.3f} points"


def plot_canaries(judged: Sequence[JudgedCanary]) -> Shown:
    """The interval of each past canary's bad share against the limit of its budget."""
    drawn = [(one, release) for one in judged for release in one.releases if release.own is not None][-DRAWN:]
    if not drawn:
        return Note("Without counts of past canaries there is nothing to draw.")
    colour = {"promote": COLOURS["blue"], "roll back": COLOURS["red"], "not enough data": COLOURS["grey"]}
    figured, axes = figure(8, 0.9 + 0.45 * len(drawn))
    rows: list[Sequence[Inline]] = []
    for place, (one, release) in enumerate(drawn):
        own, name = release.own or Interval(0, 1), f"{release.release.version} ({one.canary.slo})"
        share, limit = release.release.canary.share or 0.0, float(one.limits.budget)
        axes.plot([own.low / limit, own.high / limit], [place, place], color=colour[release.word], linewidth=3)
        axes.plot([share / limit], [place], "o", color=colour[release.word])
        rows.append(
            (name, percent(own.low / limit, 0), percent(share / limit, 0), percent(own.high / limit, 0), release.word)
        )
    axes.axvline(1, color="black", linewidth=1)
    axes.set(xlabel="bad share / limit of the budget (95 % interval)", xlim=(0, None))
    named(axes.yaxis, range(len(drawn)), [str(row[0]) for row in rows])
    axes.invert_yaxis()
    data = Table(("Release", "Low", "Measured", "High", "Verdict"), rows, note="In parts of the limit.")
    return Chart(figured, name="canaries", alt=canary_conclusion(judged), data=data)


def canary_conclusion(judged: Sequence[JudgedCanary]) -> str:
    """What the chart of canaries says."""
    words = [release.word for one in judged for release in one.releases]
    good, bad = words.count("promote"), words.count("roll back")
    return (
        f"Of {len(words)} past canaries {good} would be promoted, {bad} rolled back, and for {len(words) - good - bad} "
        "the requests do not decide."
    )
