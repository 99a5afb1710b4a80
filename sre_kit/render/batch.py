"""
The set: the subject notebooks side by side, then those that read the others' manifest, then the files to publish.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from sre_kit.errors import NotebookError, ParameterError, nearest
from sre_kit.render import engine, stopping
from sre_kit.render.kept import Kept
from sre_kit.render.rendered import Rendered, parameters
from sre_kit.render.warm import standing
from sre_kit.render.warm.client import Cancel
from sre_kit.store import places
from sre_kit.store.manifest import Manifest, Published, sha256

DELIVERABLES: Final = (
    "SLODefinitions",
    "IncidentResponse",
    "PerformanceOptimization",
    "CapacityPlanning",
    "OperationalPlaybook",
    "SREHandoff",
)
LONGEST: Final = ("CapacityPlanning", "SLODefinitions", "IncidentResponse", "PerformanceOptimization")
"""Notebooks in an order that leaves two cores idle little at the end: the longest first, though the third as last."""
READS_MANIFEST: Final = "manifest"
"""A notebook with this parameter runs after the others, over their manifest."""

Judge = Callable[[Sequence[Rendered], Manifest, Iterable[str]], Mapping[str, Mapping[str, Any]]]
"""Judges the documents of some names among those rendered."""
Progress = Callable[[str, str], None]


@dataclass(frozen=True)
class Outcome:
    """A rendered set: its documents, the manifest to publish, and every file relative to docs/SRE."""

    documents: Sequence[Rendered]
    manifest: Manifest
    files: Mapping[str, bytes | None]

    def of(self, inputs: Mapping[str, str]) -> Outcome:
        """The same set, whose manifest says what its documents were made from."""
        made = {one.name for one in self.documents}
        known = {n: replace(d, inputs=inputs) if n in made else d for n, d in self.manifest.documents.items()}
        manifest = replace(self.manifest, documents=known)
        return replace(self, manifest=manifest, files={**self.files, places.MANIFEST: manifest.as_json().encode()})


def notebooks(own: Path | None = None) -> dict[str, Path]:
    """
    Document name -> notebook: the six, and a project's own ones from the folder `own`.

    Raises
    ------
    ParameterError
        An own notebook takes the name of one of the six.
    """
    shipped = places.bundled("notebooks")
    found = {name: path for name in DELIVERABLES if (path := shipped / f"{name}.ipynb").is_file()}
    for path in sorted(own.glob("*.ipynb")) if own and own.is_dir() and own != shipped else []:
        if path.stem in found:
            raise ParameterError(f"{path}: {path.stem} is one of the six; give a document of your own another name")
        found[path.stem] = path
    return found


def chosen(available: Mapping[str, Path], names: Iterable[str]) -> dict[str, Path]:
    """Those of `available` that were asked for; all of them when nothing was."""
    wanted = list(names)
    for name in wanted:
        if name not in available:
            raise ParameterError(f"no document {name!r}{nearest(name, available)}")
    return {name: path for name, path in available.items() if not wanted or name in wanted}


def render(
    asked: Mapping[str, Path],
    given: Mapping[str, Any],
    previous: Manifest,
    *,
    stage: Path,
    judge: Judge,
    jobs: int = 2,
    seconds: int = engine.CELL_SECONDS,
    progress: Progress = lambda name, state: None,
    keep: Path | None = None,
    tool: str = engine.WARM,
    executor: Executor | None = None,
    kept: Kept | None = None,
    meanwhile: Callable[[], None] = lambda: None,
    each: Callable[[Rendered], None] = lambda one: None,
) -> Outcome:
    """
    Run the notebooks `asked` with the parameters `given`, and put the set together.

    Parameters
    ----------
    asked
        Document name -> notebook.
    given
        Parameters for every notebook that has them; a name that none has is refused.
    previous
        The published manifest; documents that are not asked for keep their entries.
    stage
        A folder for the manifest that later notebooks read.
    judge
        Checks the documents; what it says goes into the manifest, before the second phase and at the end.
    jobs
        Notebooks that run at the same time.
    tool
        The engine: ``warm`` or ``kernel``.
    executor
        Runs the notebooks instead of processes of our own.
    kept
        Documents of earlier renders; those that still hold are not rendered again.
    meanwhile
        Called once, when the first notebooks have been begun and before they are waited for.
    each
        Given every document as soon as it is there, before all are judged.

    Raises
    ------
    NotebookError
        Any notebook failed; nothing is returned, so nothing can be published.
    ParameterError
        An unknown parameter.
    """
    knows = {name: parameters(path) for name, path in asked.items()}
    for parameter in given:
        if not any(parameter in known for known in knows.values()):
            every = {one for known in knows.values() for one in known}
            raise ParameterError(f"{', '.join(asked)}: no parameter {parameter!r}{nearest(parameter, every)}")
    late = {name: path for name, path in asked.items() if READS_MANIFEST in knows[name]}
    early = {name: path for name, path in asked.items() if name not in late}
    tasks = {n: (p, {k: v for k, v in given.items() if k in knows[n]}) for n, p in asked.items()}
    if kept and (whole := kept.whole(tasks, previous)):
        for one in whole:
            progress(one.name, "rendered")
        return Outcome(whole, previous, _files(whole, previous, previous))
    how, began = _How(jobs, seconds, progress, each, keep, tool, executor), time.time()
    path = stage / "manifest.json"
    with contextlib.closing(_Ahead({n: tasks[n] for n in late}, how, path)) as ahead:
        first = _run({n: tasks[n] for n in early}, how, _Store(kept, previous), meanwhile, ahead)
        manifest = combined(previous, first, renewed=asked)
        manifest = replace(manifest, checks={**manifest.checks, **judge(first, manifest, early)})
        written = manifest.as_json()
        seen = sha256(written)
        path.with_suffix(".new").write_text(written, encoding="utf-8")
        path.with_suffix(".new").replace(path)  # whole: a notebook waits for it
        more = {READS_MANIFEST: str(path)}
        second = _run({n: tasks[n] for n in late}, how, _Store(kept, previous, seen, more), begun=ahead.begun)
    documents = [*first, *second]
    manifest = combined(manifest, second)
    # what reads the others is held against them
    manifest = replace(manifest, checks={**manifest.checks, **judge(documents, manifest, late)})
    if kept:
        ran = [
            (n, *tasks[n], seen if n in late else "", one) for n, one in zip([*early, *late], documents, strict=True)
        ]
        kept.keep([each for each in ran if not each[-1].kept], began, path)
        kept.mark(asked, manifest)
    return Outcome(documents, manifest, _files(documents, previous, manifest))


def combined(previous: Manifest, rendered: Sequence[Rendered], *, renewed: Iterable[str] = ()) -> Manifest:
    """`previous` with the entries of `rendered` in place of their old ones; old numbers of `renewed` go too."""
    names = {one.name for one in rendered} | set(renewed)
    kept = {n: r for n, r in previous.records.items() if r["document"] not in names}
    disagreements = [d for d in previous.disagreements if d["document"] not in names]
    documents, artifacts = dict(previous.documents), dict(previous.artifacts)
    artifacts = {n: a for n, a in artifacts.items() if a["document"] not in names}
    gaps = [gap for gap in previous.gaps if gap["document"] not in names]
    findings = [one for one in previous.findings if one["document"] not in names]
    for one in rendered:
        machine = one.machine
        documents[one.name] = Published(
            path=f"{places.DOCUMENTS.as_posix()}/{one.name}.md",
            version=machine["version"],
            sha256=sha256(one.markdown),
            body_sha256=machine["body_sha256"],
            as_of=machine["header"].get("as_of", ""),
            before=machine["before"],
            decisions=machine.get("decisions", {}),
            files={name: sha256(content) for name, content in one.files.items()},
        )
        for record in machine["records"]:
            entry = {key: value for key, value in record.items() if key != "name"} | {"document": one.name}
            known = kept.setdefault(record["name"], entry)
            if known["value"] != record["value"]:
                disagreements.append(
                    {"record": record["name"], "document": one.name, "value": record["value"], "against": dict(known)}
                )
        gaps += [{**gap, "document": one.name} for gap in _unique(machine["gaps"])]
        findings += [{**finding, "document": one.name} for finding in _unique(machine["findings"])]
        artifacts |= {a["name"]: {**a, "document": one.name} for a in machine["artifacts"]}
    gaps.sort(key=_place)  # a document that was rendered alone keeps its place
    findings.sort(key=_place)
    return Manifest(documents, kept, tuple(gaps), tuple(findings), previous.checks, artifacts, tuple(disagreements))


def _place(one: Mapping[str, Any]) -> tuple[int, str]:
    name = one["document"]
    return (DELIVERABLES.index(name), "") if name in DELIVERABLES else (len(DELIVERABLES), name)


def _unique(items: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    seen: dict[str, Mapping[str, Any]] = {}
    for item in items:
        seen.setdefault(repr(sorted(item.items())), item)
    return list(seen.values())


def _files(documents: Sequence[Rendered], previous: Manifest, manifest: Manifest) -> dict[str, bytes | None]:
    """Every file to publish, and a None for each that an older version left behind."""
    files: dict[str, bytes | None] = {}
    for one in documents:
        before = previous.documents.get(one.name)
        files.update(dict.fromkeys(before.files if before else ()))
    for one in documents:
        files[f"{one.name}.md"] = one.markdown.encode("utf-8")
        files.update(one.files)
    files[places.MANIFEST] = manifest.as_json().encode("utf-8")
    return files


@dataclass(frozen=True)
class _How:
    """How the notebooks are run; the fields as `render` has them."""

    jobs: int
    seconds: int
    progress: Progress
    each: Callable[[Rendered], None]
    keep: Path | None
    tool: str
    executor: Executor | None

    def pool(self, tasks: int) -> Executor:
        """Threads that wait for children of the warm parent, or processes that speak to kernels."""
        if self.tool == engine.WARM and not standing.missing():
            return ThreadPoolExecutor(min(self.jobs, tasks))
        return engine.processes(min(self.jobs, tasks))


@dataclass(frozen=True)
class _Store:
    """What was kept, held against this run: the published manifest, the stage's one and the parameter that names it."""

    kept: Kept | None
    previous: Manifest
    seen: str = ""
    more: Mapping[str, Any] = field(default_factory=dict)

    def take(self, name: str, notebook: Path, given: Mapping[str, Any]) -> Rendered | None:
        """The document, if it still holds."""
        return self.kept.take(name, notebook, given, self.previous, seen=self.seen) if self.kept else None


class _Ahead:
    """
    A notebook that reads the others' manifest, begun where a core would be idle until the last of the others is done.

    It waits in front of the first cell that uses the manifest.
    """

    def __init__(self, tasks: Mapping[str, tuple[Path, Mapping[str, Any]]], how: _How, manifest: Path) -> None:
        self._tasks, self._how, self._manifest = dict(tasks), how, manifest
        self._pool, self._cancel = ThreadPoolExecutor(1), Cancel()
        self.begun: dict[str, Future[Rendered]] = {}

    def begin(self) -> None:
        """Begin the first, if others run beside it."""
        how = self._how
        able = how.tool == engine.WARM and how.executor is None and how.jobs > 1 and not standing.missing()
        for name, (path, given) in list(self._tasks.items())[: int(able and not self.begun)]:
            given = {**given, READS_MANIFEST: str(self._manifest)}
            kept = how.keep / f"{name}.ipynb" if how.keep else None
            own: dict[str, Any] = {"cancel": self._cancel, "awaits": READS_MANIFEST}
            self.begun[name] = self._pool.submit(_in_worker, path, given, how.seconds, kept, how.tool, **own)

    def close(self) -> None:
        """End what nobody has waited for."""
        self._cancel.cancel()
        self._pool.shutdown()


def _run(
    asked: Mapping[str, tuple[Path, Mapping[str, Any]]],
    how: _How,
    store: _Store,
    meanwhile: Callable[[], None] = lambda: None,
    ahead: _Ahead | None = None,
    begun: Mapping[str, Future[Rendered]] | None = None,
) -> list[Rendered]:
    """Documents in the order of `asked`, those of `begun` when they are done; the first failure ends all."""
    done: dict[str, Rendered] = {}
    tasks: dict[str, tuple[Path, Mapping[str, Any]]] = {}
    for name, (notebook, given) in asked.items():
        if (one := store.take(name, notebook, given)) is not None:
            done[name] = one
            how.progress(name, "rendered")
        else:
            tasks[name] = notebook, {**given, **store.more}
    if not tasks:
        return [done[name] for name in asked]
    cancel = Cancel()
    with contextlib.ExitStack() as stack:
        pool = how.executor or stack.enter_context(how.pool(len(tasks)))
        stack.enter_context(stopping.workers())
        running: dict[Future[Rendered], str] = {}
        for name in sorted(tasks, key=lambda name: _turn(name, tasks[name][0])):
            path, given = tasks[name]
            own: dict[str, Any] = {"cancel": cancel} if isinstance(pool, ThreadPoolExecutor) else {}
            kept = how.keep / f"{name}.ipynb" if how.keep else None
            future = (begun or {}).get(name)
            running[future or pool.submit(_in_worker, path, given, how.seconds, kept, how.tool, **own)] = name
            how.progress(name, "waiting")
        try:
            meanwhile()
            while running:
                finished, _ = wait(running, return_when=FIRST_COMPLETED)
                fresh = {running.pop(future): future.result() for future in finished}
                if ahead and len(running) < how.jobs:
                    ahead.begin()
                for name, one in fresh.items():
                    how.progress(name, "rendered")
                    how.each(one)
                done |= fresh
        except BrokenProcessPool:
            raise NotebookError("a process that ran notebooks died (out of memory?); nothing was written") from None
        except BaseException:
            for future in running:
                future.cancel()
            cancel.cancel()
            raise
    return [done[name] for name in asked]


def _turn(name: str, notebook: Path) -> tuple[int, int]:
    """Whose turn it is: what takes longest first, of those that are not known the largest."""
    return LONGEST.index(name) if name in LONGEST else len(LONGEST), -notebook.stat().st_size


def _in_worker(
    notebook: Path,
    given: Mapping[str, Any],
    seconds: int,
    keep: Path | None,
    tool: str,
    cancel: Cancel | None = None,
    awaits: str = "",
) -> Rendered:
    stopping.check()
    return engine.run(notebook, given, seconds=seconds, keep=keep, engine=tool, cancel=cancel, awaits=awaits)
