"""Backup and recovery: what is saved, what that proves, in which order to bring it back, what was rehearsed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sre_kit.compute.operations.dependencies import Graph, Order
from sre_kit.compute.operations.freshness import Freshness
from sre_kit.compute.operations.plan import Backup
from sre_kit.compute.operations.recovery import Proof, Recoverable, Rehearsal, kept, recovery_findings
from sre_kit.compute.vocabulary import Fact, Finding, Gap
from sre_kit.show.chart import COLOURS, Chart, figure
from sre_kit.show.document import cited, fact_link
from sre_kit.show.shown import Heading, Note, Record, Shown, Stack, Steps
from sre_kit.show.table import Table
from sre_kit.show.text import Inline, Span, Strong, ticked
from sre_kit.units import MISSING, number, percent, span, utc

GIB = 2**30
_ASK = "DevOps Engineer"
_WHERE = "params: operations.backups"


def backups(found: Sequence[Recoverable], without_state: Sequence[Fact] = ()) -> Table:
    """Every stateful component: method, schedule, retention, place, owner, last success; then what is rebuilt."""
    rows: list[Sequence[Inline]] = [_backup_row(one) for one in found]
    rows += [
        (fact.name, "none, rebuilt from its image or code", *([MISSING] * 6), fact_link(fact)) for fact in without_state
    ]
    gaps = [gap for one in found for gap in _backup_gaps(one)]
    if not found:
        gaps.append(Gap("which components keep state", "Technical Architect", "InfrastructureSpec.md"))
    return Table(
        ("Component", "Method", "Every", "Kept", "Location", "Encrypted", "Owner", "Last success", "Source"),
        rows,
        gaps=gaps,
        records=(Record("recovery.stateful_components", len(found), "components"),),
    )


def _backup_row(one: Recoverable) -> Sequence[Inline]:
    b = one.backup
    method: Inline = b.method or "not decided"
    if b.method in ("", "none") and b.rebuilt_from:
        method = f"none, rebuilt from {b.rebuilt_from}"
    every = "continuous" if b.every == timedelta(0) else span(b.every)
    if b.log_every is not None:
        every += f", log every {span(b.log_every)}"
    return (
        one.component, method, every, span(b.retention), b.location or MISSING, _yes(b.encrypted), b.owner or MISSING,
        utc(b.last_success), cited(b.source or one.source),
    )  # fmt: skip


def _backup_gaps(one: Recoverable) -> list[Gap]:
    if not one.saved and not one.backup.rebuilt_from and not one.rpo.accepted:
        return [
            Gap(f"how {one.component} is saved", _ASK, "InfrastructureSpec.md, Backups", "no document names a backup")
        ]
    missing = []
    if one.saved and one.backup.encrypted is None:
        missing.append(Gap(f"whether backups of {one.component} are encrypted", _ASK, _WHERE))
    if one.saved and not one.backup.owner:
        missing.append(Gap(f"who owns the backups of {one.component}", _ASK, _WHERE))
    if one.saved and one.backup.last_success is None:
        missing.append(Gap(f"when {one.component} was last saved", one.backup.owner or _ASK, _WHERE))
    return missing


def recovery_proofs(found: Sequence[Recoverable], scenarios: Sequence[Rehearsal] = ()) -> Table:
    """RPO and RTO of each store held against the arithmetic: met, missed or unproven."""
    rows: list[Sequence[Inline]] = []
    for one in found:
        rows += [proof_row(one.component, "RPO", one.rpo), proof_row(one.component, "RTO", one.rto)]
    unproven = [one for one in found if "unproven" in (one.rpo.verdict, one.rto.verdict)]
    return Table(
        ("Component", "Objective", "Limit", "How derived", "Worst case", "Verdict", "Source"),
        rows,
        note="RPO: backup interval + duration + replication lag; where the log is shipped, its interval + lag. "
        "RTO: size / measured throughput + fixed steps. Anything unknown makes it unproven."
        if rows
        else "",
        empty="No component is known to keep state.",
        gaps=[gap for one in found for gap in _proof_gaps(one)],
        findings=recovery_findings(found, scenarios),
        records=(
            Record("recovery.unproven", len(unproven), "components"),
            *(
                Record(f"recovery.{one.component}.{what}", proof.verdict, "verdict", proof.source)
                for one in found
                for what, proof in (("rpo", one.rpo), ("rto", one.rto))
            ),
        ),
    )


def proof_row(name: str, what: str, proof: Proof) -> Sequence[Inline]:
    """An objective, the sum that stands against it, and the verdict."""
    terms = " + ".join(f"{t.name} {span(t.value) if t.value is not None else '(not known)'}" for t in proof.terms)
    verdict: Inline = proof.verdict if proof.verdict in ("met", "accepted") else Strong(proof.verdict)
    worst = span(proof.known) if not proof.unknown else f"at least {span(proof.known)}"
    if len(proof.unknown) == len(proof.terms):
        worst = MISSING
    limit: Inline = span(proof.objective) if not proof.note else proof.note
    return name, what, limit, terms, worst, verdict, cited(proof.source)


def _proof_gaps(one: Recoverable) -> list[Gap]:
    both = (("RPO", one.rpo), ("RTO", one.rto))
    absent = [what for what, proof in both if proof.verdict == "no objective" and not one.backup.loss_accepted]
    gaps = []
    if absent:
        what = " and ".join(absent)
        gaps.append(Gap(f"the {what} of {one.component}", "Technical Architect", "InfrastructureSpec.md"))
    for what, proof in both:
        if proof.verdict == "unproven":
            missing = ", ".join(proof.unknown)
            gaps.append(
                Gap(f"{missing} of {one.component}", one.backup.owner or _ASK, _WHERE, f"its {what} is unproven")
            )
    return gaps


def backup_rules(found: Sequence[Recoverable], alerts: Sequence[str], generated: Sequence[Freshness] = ()) -> Table:
    """
    The 3-2-1-1-0 rule per store, whether its freshness is watched in time (by a rule of the documents, else by one that
    is generated here), and where the keys are.
    """
    ours = {one.component: one for one in generated}
    rows: list[Sequence[Inline]] = []
    gaps: list[Gap] = []
    unwatched: list[str] = []
    findings = []
    for one in (o for o in found if o.saved and not o.rpo.accepted):
        late, own = one.alerted(alerts), ours.get(one.component)
        watch: Inline = Strong(late) if late else f"{one.backup.alert}, after {span(one.backup.alert_after)}"
        if late and own is not None:
            late, watch = "", f"{own.alert}, after {span(own.after)}; generated, not loaded yet"
        rows.append(
            (
                one.component,
                *(_holds(rule.holds) for rule in one.rules),
                _together([rule.holds for rule in one.rules]),
                watch,
                Strong("only inside the system") if one.keys_at_risk else _outside(one.keys_at_risk),
            )
        )
        unknown = [rule.text for rule in one.rules if rule.holds is None]
        if unknown:
            gaps.append(Gap(f"{', '.join(unknown)} for {one.component}", one.backup.owner or _ASK, _WHERE))
        if late:
            unwatched.append(one.component)
        if one.keys_at_risk:
            findings.append(Finding(7, 5.0, f"{one.component}: {one.backup.keys}; losing the account loses the backup"))
    if unwatched:
        what = f"an alert when a backup is too old: {', '.join(unwatched)}"
        gaps.append(Gap(what, _ASK, "MonitoringAlerts.md", "no rule fires within the RPO"))
    columns = (
        "Component",
        "3 copies",
        "2 media",
        "1 off-site",
        "1 immutable",
        "0 errors verified",
        "3-2-1-1-0",
        "Freshness alert",
        "Keys",
    )
    return Table(columns, rows, gaps=gaps, findings=findings, empty="No component has a backup.")


def retention(found: Sequence[Recoverable]) -> Table:
    """What the retention amounts to: copies, reach, storage at most, and what law or contract asks for."""
    rows: list[Sequence[Inline]] = []
    findings = []
    for one in found:
        amount = kept(one.backup)
        if amount is None:
            continue
        scheme = ", ".join(f"{n} {period}" for period, n in one.backup.keep.items()) or "one per interval"
        asked: Inline = "not stated"
        if one.backup.must_keep is not None:
            asked = Span([f"{span(one.backup.must_keep)} (", cited(one.backup.must_keep_source), ")"])
        short = "no" if amount.too_short_by is None else Strong(f"yes, by {span(amount.too_short_by)}")
        size = MISSING if amount.bytes_at_most is None else f"{number(amount.bytes_at_most / GIB)} GiB"
        rows.append((one.component, scheme, number(amount.copies), span(amount.reach), size, asked, short))
        if amount.too_short_by is not None:
            text = (
                f"backups of {one.component} reach back {span(amount.reach)}, {span(one.backup.must_keep)} must be kept"
            )
            findings.append(Finding(7, 4.0, f"{text}; archive it elsewhere or say where it is"))
    return Table(
        ("Component", "Scheme", "Copies", "Reach", "Storage at most", "Must be kept", "Too short"),
        rows,
        note="Storage as if every copy were full; incremental copies need less." if rows else "",
        findings=findings,
        empty="No retention is known.",
    )


def restore_steps(found: Sequence[Recoverable]) -> Stack:
    """The procedure of each store, numbered, the last step verifies; what has none says whom to ask."""
    parts: list[Shown] = []
    for one in found:
        if one.backup.steps:
            parts += [Heading(4, f"Restore {one.component}"), Steps([ticked(step) for step in one.backup.steps])]
    for one in found:
        if not one.backup.steps and not one.backup.loss_accepted:
            gap = Gap(f"how {one.component} is restored", one.backup.owner or _ASK, "params: operations.backups.steps")
            parts.append(Note.gap(gap))
    return Stack(*parts) if parts else Stack(Note("No component is known that would be restored."))


def restore_order(order: Order, graph: Graph) -> Table:
    """In which order to bring components back; a cycle has no order and is named."""
    if order.cycle:
        chain = " needs ".join(order.cycle)
        return Table(
            ("Step", "Bring back", "Needs"),
            [],
            gaps=(Gap("an order of restore", "Technical Architect", "SystemArchitecture.md", f"a cycle: {chain}"),),
            findings=(Finding(3, 9.0, f"no order of restore exists, because {chain}"),),
        )
    rows: list[Sequence[Inline]] = []
    for number_, step in enumerate(order.steps, 1):
        needs = dict.fromkeys(one for name in step for one in graph.needs(name))
        rows.append((str(number_), ", ".join(step), ", ".join(needs) or MISSING))
    gaps = () if rows else (Gap("who depends on whom", "Technical Architect", "SystemArchitecture.md, Dependencies"),)
    return Table(
        ("Step", "Bring back, side by side", "Needs"),
        rows,
        note="Topological order of the synchronous dependencies; what others run is left out." if rows else "",
        gaps=gaps,
    )


def plot_recovery(found: Sequence[Recoverable]) -> Shown:
    """Worst case as a share of the objective, RPO and RTO of each store; the line at 100 % is the objective."""
    bars = [
        (f"{one.component} {what}", proof)
        for one in found
        for what, proof in (("RPO", one.rpo), ("RTO", one.rto))
        if proof.objective and proof.verdict in ("met", "missed", "unproven")
    ]
    if not bars:
        return Note("No recovery objective is known, so there is nothing to draw.")
    colour = {"met": COLOURS["blue"], "missed": COLOURS["red"], "unproven": COLOURS["grey"]}
    drawn, axes = figure(8, 0.6 + 0.4 * len(bars))
    share = [proof.known / (proof.objective or timedelta(1)) for _, proof in bars]
    axes.barh([name for name, _ in bars], share, color=[colour[proof.verdict] for _, proof in bars])
    axes.axvline(1, color="black", linewidth=1)
    axes.set(xlabel="worst case / objective (grey: a lower bound, unproven)", xlim=(0, max(1.2, *share) * 1.05))
    axes.invert_yaxis()
    rows = [
        (name, span(p.objective), span(p.known or None), percent(s, 0) if p.known else MISSING, p.verdict)
        for (name, p), s in zip(bars, share, strict=True)
    ]
    data = Table(("Objective", "Limit", "Worst case known", "Share", "Verdict"), rows)
    return Chart(drawn, name="recovery-objectives", alt=recovery_conclusion(found), data=data)


def recovery_conclusion(found: Sequence[Recoverable]) -> str:
    """What the chart of recovery objectives says."""
    proofs = [p for one in found for p in (one.rpo, one.rto)]
    count = {word: sum(p.verdict == word for p in proofs) for word in ("met", "missed", "unproven")}
    return (
        f"Of the recovery objectives of {len(found)} stateful components {count['met']} are met, "
        f"{count['missed']} missed and {count['unproven']} unproven."
    )


def accepted_losses(found: Sequence[Recoverable]) -> Note:
    """Stores whose content may be lost, with who accepted it."""
    accepted: list[Backup] = [one.backup for one in found if one.backup.loss_accepted]
    if not accepted:
        return Note("No loss of data is accepted for any store.")
    paragraphs: list[list[Inline]] = [[Strong(f"{b.component}:"), f" {b.loss_accepted}."] for b in accepted]
    return Note(*paragraphs)


def _yes(value: bool | None) -> str:
    return MISSING if value is None else "yes" if value else "no"


def _holds(value: bool | None) -> Inline:
    return "not known" if value is None else "yes" if value else Strong("no")


def _together(holds: Sequence[bool | None]) -> Inline:
    """The whole rule: broken by one part, kept only when every part is known."""
    broken = sum(one is False for one in holds)
    if broken:
        return Strong(f"broken, {broken} of {len(holds)}")
    unknown = sum(one is None for one in holds)
    return f"not known, {unknown} of {len(holds)}" if unknown else "kept"


def _outside(at_risk: bool | None) -> Inline:
    return "not known" if at_risk is None else "also outside"
