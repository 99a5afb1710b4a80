"""``sre-kit render``: load, run, judge, plan, publish; then say what happened and exit with what it means."""

from __future__ import annotations

import io
import json as jsonlib
import os
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext, redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from sre_kit import check as rubric
from sre_kit import load
from sre_kit.check.page import Page
from sre_kit.cli import plan, thinking
from sre_kit.cli import remember as memory
from sre_kit.cli.kept import kept
from sre_kit.cli.options import PRECEDENCE, Options, check_options
from sre_kit.cli.progress import Progress
from sre_kit.errors import NotebookError, OutOfDateError, ParameterError, ProtectedError, SREKitError
from sre_kit.escape import plain
from sre_kit.load.inputs import inputs, inputs_now
from sre_kit.load.memory_server import SCHEME
from sre_kit.load.projects import Project
from sre_kit.load.secrets import Secret, leaked, secret
from sre_kit.render import batch, engine, pages, publish, stopping
from sre_kit.render.answers import Answer, remember
from sre_kit.render.document import noise
from sre_kit.render.kept import Kept, tools
from sre_kit.render.rendered import Rendered
from sre_kit.render.warm import standing
from sre_kit.store import manifest as manifests
from sre_kit.store import places
from sre_kit.store.manifest import Manifest
from sre_kit.units import percent

_ONCE = ("knowledge graph ", "sequential thinking ")
"""Notes that begin so tell what was done once; an unchanged project does it no second time."""


@dataclass(frozen=True)
class Report:
    """What a render did, for people and as JSON."""

    outcome: batch.Outcome
    changes: Sequence[publish.Change]
    degraded: Sequence[str]
    breaches: Sequence[str]
    folder: Path
    written: bool
    notes: Sequence[str]
    published: Mapping[str, str | None] = field(default_factory=dict)
    """Path, relative to the project, -> hash of every file of the set; None where there shall be none."""
    waits: bool = False
    """Whether something did not reach the knowledge graph, so that the next render has more to do."""

    def as_json(self) -> dict[str, Any]:
        """Stable keys; times in seconds."""
        manifest = self.outcome.manifest
        return {
            "folder": str(self.folder),
            "written": self.written,
            "documents": {
                one.name: {
                    "version": manifest.documents[one.name].version,
                    "sha256": manifest.documents[one.name].sha256,
                    "seconds": {part: round(value, 3) for part, value in one.seconds.items()},
                    "checks": manifest.checks.get(one.name, {}),
                    "open_questions": sum(gap["document"] == one.name for gap in manifest.gaps),
                }
                for one in self.outcome.documents
            },
            "changes": [{"path": change.path, "kind": change.kind} for change in self.changes],
            "degraded": list(self.degraded),
            "breaches": list(self.breaches),
            "findings": [dict(finding) for finding in manifest.findings],
            "disagreements": [dict(one) for one in manifest.disagreements],
            "notes": list(self.notes),
        }


def run(options: Options) -> int:
    """Render one project; returns the exit code."""
    check_options(options)
    project = load.project(options.params, options.as_of)
    report, code = render(project, options, ran=standing.release)
    _say(report, options)
    fixed = options.as_of or project.params.as_of
    # what a server keeps can only be seen by asking it, so a render that answers from hashes would never store again
    asked = project.params.project.knowledge_graph.startswith(SCHEME)
    if options.in_place and fixed and not options.force and not report.waits and not asked:
        _remember(project, options, report, code)
    return code


def _say(report: Report, options: Options) -> None:
    if options.json:
        print(jsonlib.dumps(report.as_json(), indent=1, ensure_ascii=False))
    else:
        _print(report, options)


def _remember(project: Project, options: Options, report: Report, code: int) -> None:
    """What this render would say if nothing changes from here on."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        lasting = [note for note in report.notes if not note.startswith(_ONCE)]
        _say(replace(report, changes=(), notes=lasting), options)
    asked, own = options.asked(project.params_path), own_notebooks(project)
    notebooks = batch.chosen(batch.notebooks(own), options.names)
    answer = Answer(out.getvalue(), err.getvalue(), code)
    remember(kept(project), asked, notebooks, own, report.published, answer)


def render(project: Project, options: Options, *, ran: Callable[[], None] = lambda: None) -> tuple[Report, int]:
    """
    Run the notebooks and publish, or show what publishing would change; the report and the exit code.

    `ran` is called once no notebook will run any more.
    """
    if places.shipped(project.root) and not (options.out or options.dry_run or options.check):
        raise ProtectedError('the bundled project is not written to; "sre-kit demo" copies it and renders the copy')
    quiet = options.json
    engine.environment(uuid.uuid4().hex)
    target = options.out or project.root / places.DOCUMENTS
    if options.out:
        target.mkdir(parents=True, exist_ok=True)
    root = publish.Root(target, only=()) if options.out else publish.Root(project.root)
    prefix = "" if options.out else f"{places.DOCUMENTS.as_posix()}/"
    writes, waits = not (options.dry_run or options.check), False
    with publish.lock(root) if writes else nullcontext():
        previous = manifests.read(target / places.MANIFEST)
        if not options.out:
            plan.edit(project, previous, force=options.force)  # refuses before minutes are spent, not after
        holds = None if options.out or options.fresh else kept(project)
        made_from = inputs(project)
        outcome = _outcome(project, options, previous, quiet, holds).of(made_from)
        ran()
        _refuse_moved(outcome, made_from, inputs_now(project))
        if pages.wanted(options.to, previous):
            outcome = pages.with_pages(outcome, project.name, lambda path: root.read(prefix + path))
        else:
            outcome = pages.without_pages(outcome, previous)
        if options.strict:
            _refuse_noise(outcome)
        files: dict[str, bytes | None] = {prefix + path: content for path, content in outcome.files.items()}
        recorded = _recorded(previous, prefix)
        notes = list(dict.fromkeys(one.note for one in outcome.documents if one.note))
        if not options.out:
            edit = plan.edit(project, outcome.manifest, force=options.force)
            files[plan.NAME] = edit.content
            recorded[plan.NAME] = manifests.sha256(edit.before) if edit.before is not None else ""
            notes += edit.notes
        changes = [change for change in publish.changes(root, files) if change.kind != "unchanged"]
        if changes and holds and not writes:
            notes += [f"{name}.md was made anew: {why}" for name, why in holds.whys.items()]
        _refuse_secrets(project, files)
        if writes:
            _protect(root, recorded, changes, options.force)
            if not options.out:
                plan.keep(root, edit)
            with stopping.deferred():
                publish.publish(root, changes)
            if not options.out and project.params.project.knowledge_graph:
                delivery = memory.remember(project, outcome.manifest, named_secrets(project))
                waits = bool(delivery.waiting)
                notes += [said] if (said := memory.note(project, delivery)) else []
            if not options.out and project.params.project.sequential_thinking:
                notes.append(thinking.mirror(project, {one.name: one.markdown for one in outcome.documents}))
    breaches = _breaches(outcome.manifest, options.fail_on)
    hashes = {path: None if content is None else manifests.sha256(content) for path, content in files.items()}
    report = Report(outcome, changes, _degraded(outcome), breaches, target, writes, notes, hashes, waits)
    return report, _exit_code(report, options)


def _outcome(project: Project, options: Options, previous: Manifest, quiet: bool, holds: Kept | None) -> batch.Outcome:
    available = batch.notebooks(own_notebooks(project))
    asked = batch.chosen(available, options.names)
    given = {"params": str(project.params_path), "as_of": project.as_of.isoformat(), **_given(options.parameters)}

    pages: dict[str, Page] = {}

    def read(one: Rendered) -> None:
        pages[one.name] = rubric.page(one.markdown, one.files)

    def judge(
        rendered: Sequence[Rendered], manifest: Manifest, names: Iterable[str]
    ) -> Mapping[str, Mapping[str, Any]]:
        files = {path: content for one in rendered for path, content in one.files.items()}
        documents = {one.name: one.markdown for one in rendered}
        bundle = rubric.Bundle(documents, files, manifest, project.root, pages)
        return rubric.checks(rubric.evaluate(bundle, names))

    with tempfile.TemporaryDirectory(prefix="sre-kit-stage-") as stage, Progress(len(asked), quiet) as progress:
        return batch.render(
            asked,
            given,
            previous,
            stage=Path(stage),
            judge=judge,
            jobs=options.jobs,
            seconds=options.seconds,
            tool=options.engine,
            progress=progress,
            kept=holds,
            meanwhile=partial(_meanwhile, project),
            each=read,
        )


def _meanwhile(project: Project) -> None:
    """What the notebooks, the rules and the keeping are about to need; the warm engine still imports: there is time."""
    with suppress(SREKitError):  # a notebook will say what is wrong
        replace(project, run_id=os.environ["SRE_KIT_RUN"]).stated()
    rubric.ready()
    tools()


def own_notebooks(project: Project) -> Path:
    """The folder of the project's own notebooks: ``notebooks/`` beside its params."""
    return project.base / "notebooks"


def _given(written: Sequence[str]) -> dict[str, Any]:
    """``name=value`` pairs; a value that is JSON is taken as such, anything else as text."""
    found: dict[str, Any] = {}
    for pair in written:
        name, equals, value = pair.partition("=")
        if not equals:
            raise ParameterError(f"--parameter {pair!r}: write name=value")
        try:
            found[name] = jsonlib.loads(value)
        except ValueError:
            found[name] = value
    return found


def _recorded(previous: Manifest, prefix: str) -> dict[str, str]:
    recorded = {f"{prefix}{name}.md": one.sha256 for name, one in previous.documents.items()}
    recorded |= {f"{prefix}{path}": digest for path, digest in previous.pages.items()}
    for one in previous.documents.values():
        recorded |= {f"{prefix}{path}": digest for path, digest in one.files.items()}
    return recorded


def _protect(root: publish.Root, recorded: dict[str, str], changes: Sequence[publish.Change], force: bool) -> None:
    """Stop before a person's edit is lost; what we would have written lies beside it."""
    guarded = [change for change in changes if not change.path.endswith(places.MANIFEST)]
    edited = publish.edited(guarded, recorded)
    if not edited or force:
        return
    proposed = publish.propose(root, edited)
    diffs = "\n".join(change.diff()[:4000] for change in edited)
    raise ProtectedError(
        f"{', '.join(change.path for change in edited)}: changed by a person since the last render, so nothing was "
        f"written.\n{diffs}\nThe new text is in {', '.join(proposed)}. Take over what you need and delete it, "
        "or render with --force."
    )


def _refuse_secrets(project: Project, files: Mapping[str, bytes | None]) -> None:
    """A server may answer with what it was sent; then nothing of the set is published, nor shown."""
    if leaking := leaked(files, named_secrets(project)):
        raise NotebookError(
            f"{', '.join(leaking)}: the secret that source.auth names stands in it, so nothing was written; "
            "the source sends back what it is sent"
        )


def named_secrets(project: Project) -> list[Secret]:
    """Secrets that the params name and that can be read."""
    auth, found = project.params.source.auth, []
    for env, file in ((auth.token_env, auth.token_file), (auth.password_env, auth.password_file)):
        with suppress(ParameterError):
            found.append(secret("source.auth", env=env, file=file, base=project.base))
    return [one for one in found if one]


def _refuse_moved(outcome: batch.Outcome, before: Mapping[str, str], after: Mapping[str, str]) -> None:
    """Each notebook reads for itself; what changed meanwhile would make documents of two states of the project."""
    moved = {path for path in {*before, *after} if before.get(path) != after.get(path)}
    for one in outcome.documents:
        header = one.machine["header"]
        read = {document["path"]: document["sha256"] for document in header.get("depends", [])}
        searched = {} if one.kept else header.get("searched", {})
        moved |= {path for path, sha256 in {**read, **searched}.items() if sha256 != before.get(path)}
    if moved:
        raise ProtectedError(
            f"{', '.join(sorted(moved))}: changed while the documents were being made, so nothing was written; "
            "render again"
        )


def _refuse_noise(outcome: batch.Outcome) -> None:
    said = [line for one in outcome.documents for line in noise(one.machine)]
    if said:
        raise NotebookError("--strict: " + "; ".join(said[:5]))


def _degraded(outcome: batch.Outcome) -> list[str]:
    """Inputs that were named and could not be used, each once."""
    found: dict[str, None] = {}
    for one in outcome.documents:
        for gap in one.machine["gaps"]:
            if gap.get("degraded"):
                found.setdefault(f"{gap['what']}: {gap['because']}")
        for document in one.machine["header"].get("depends", []):
            if not document["sha256"]:
                found.setdefault(f"{document['path']}: {document['problem']}")
    return list(found)


def _breaches(manifest: Manifest, fail_on: Sequence[str]) -> list[str]:
    """Thresholds of ``--fail-on`` that the records are beyond."""
    found = []
    for name, record in sorted(manifest.records.items()):
        kind, _, subject = name.partition(".")
        value, last = record["value"], name.rsplit(".", 1)[-1]
        if not isinstance(value, int | float):
            continue
        if kind == "slo" and last == "budget_spent_share":
            objective = subject.removesuffix(f".{last}")
            if "slo-breached" in fail_on and value > 1:
                found.append(f"slo-breached: {objective} spent {percent(value)} of its budget")
            if "budget-exhausted" in fail_on and value >= 1:
                found.append(f"budget-exhausted: {objective}")
        if "coverage-gap" in fail_on and (name == "coverage.gaps" and value > 0):
            found.append(f"coverage-gap: {value:g} cells of the monitoring coverage are empty")
        if "coverage-gap" in fail_on and kind == "oncall" and last.endswith("_coverage") and value < 1:
            found.append(f"coverage-gap: {last.removesuffix('_coverage')} on-call covers {percent(value)}")
    if "failed-check" in fail_on:
        failures = {name: one["failed"] for name, one in manifest.checks.items() if one["failed"]}
        found += [f"failed-check: {name}: {count} points" for name, count in failures.items()]
    return found


def _exit_code(report: Report, options: Options) -> int:
    codes = {
        3: bool(report.degraded),
        OutOfDateError.exit_code: options.check and bool(report.changes),
        1: bool(report.breaches),
    }
    return next((code for code in PRECEDENCE if codes.get(code)), 0)


def _print(report: Report, options: Options) -> None:
    manifest = report.outcome.manifest
    if options.dry_run or options.check:
        for change in report.changes:
            # the manifest follows from the documents, and is for machines
            sys.stdout.write(
                change.diff() if not change.path.endswith(places.MANIFEST) else f"{change.path}: {change.kind}\n"
            )
        print(f"{len(report.changes)} file(s) would change" if report.changes else "up to date: nothing would change")
    else:
        print(
            f"{report.folder}: {len(report.changes)} file(s) written"
            if report.changes
            else f"{report.folder}: unchanged"
        )
    for one in report.outcome.documents:
        published = manifest.documents[one.name]
        judged = manifest.checks.get(one.name, {})
        counts = ", ".join(f"{judged.get(state, 0)} {state}" for state in ("passed", "failed", "not known"))
        print(f"  {one.name}.md  version {published.version}  checks: {counts}")
    for note in report.notes:
        print(f"note: {plain(note)}")
    for text in report.degraded:
        print(f"incomplete: {plain(text)}", file=sys.stderr)
    for text in report.breaches:
        print(f"breached: {plain(text)}", file=sys.stderr)
    for other in manifest.disagreements:
        print(
            f"disagreement: {other['record']} is {other['value']} in {other['document']}, "
            f"{other['against']['value']} in {other['against']['document']}",
            file=sys.stderr,
        )
