"""
The project: its documents, its decisions, its sources, as of one moment. The only reader of the clock.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sre_kit.compute.asked import Facts, Read, Watched, unnoted
from sre_kit.compute.slo.objectives import SLO
from sre_kit.compute.vocabulary import About, Document, Fact, Gap, Version
from sre_kit.errors import DocumentError, ParameterError, SREKitError, nearest
from sre_kit.load import asked
from sre_kit.load import params as params_file
from sre_kit.load.documents import BUILD_PLAN, Text, documents, read_document, stated_date
from sre_kit.store import manifest, places, remembered
from sre_kit.units import instant, utc

if TYPE_CHECKING:
    from sre_kit.compute.operations.lifecycle import Version as ProductVersion
    from sre_kit.load.buildplan import Readiness
    from sre_kit.load.choosing import Conflict
    from sre_kit.load.metrics import Source
    from sre_kit.store.memory import Memory
    from sre_kit.store.snapshot import Snapshot


@dataclass(frozen=True)
class Project:
    """One project as of one moment; what is expensive to read is read when first asked for."""

    root: Path
    params_path: Path
    params: params_file.Params
    as_of: datetime
    texts: Sequence[Text]
    missing: tuple[Document, ...]
    run_id: str = ""
    found_by: str = ""
    """How the project's path was found, for the session's opening."""
    asked: asked.Asked = field(default_factory=asked.Asked, compare=False, repr=False)
    """What was asked of the documents."""

    @property
    def name(self) -> str:
        """The project's name."""
        return self.params.project.name

    @property
    def base(self) -> Path:
        """What relative paths in the params are relative to."""
        return self.params_path if self.params_path.is_dir() else self.params_path.parent

    @property
    def documents(self) -> Sequence[Document]:
        """Documents that were found, readable or not."""
        found = [text.document for text in unnoted(self.texts)]
        return Watched(found, partial(self.asked.note, asked.DOCUMENTS))

    @cached_property
    def published(self) -> manifest.Manifest:
        """
        What was published last: the manifest beside the documents, else as far as the knowledge graph remembers it.

        A graph that cannot be read is as good as none: a version too low is no reason to stop.
        """
        found = manifest.read(self.root / places.DOCUMENTS / places.MANIFEST)
        if found.documents or not self.params.project.knowledge_graph:
            return found
        try:
            return remembered.manifest(self.memory.read(), self.name)
        except SREKitError:
            return found

    @property
    def memory(self) -> Memory:
        """
        The knowledge graph that the params name.

        Raises
        ------
        ParameterError
            They name none, or a server of which nothing is known.
        """
        from sre_kit.load.memory_server import open_memory

        given = self.params.project
        if not given.knowledge_graph:
            raise ParameterError(f"{self.params_path.name}: project.knowledge_graph names no knowledge graph")
        return open_memory(given.knowledge_graph, given.mcp_servers, self.base)

    @cached_property
    def about(self) -> About:
        """What every document says about itself."""
        published = self.published
        return About(
            project=self.name,
            as_of=self.as_of,
            documents=self.documents,
            missing=self.missing,
            source=self.source.name if self.source else "",
            synthetic=bool(self.source and self.source.synthetic),
            params=self.params_path.name,
            params_sha256=params_file.digest(self.params_path),
            published={name: _version(name, published) for name in published.documents},
        )

    @cached_property
    def all_facts(self) -> Sequence[Fact]:
        """Every fact of every document, refused ones with their reason, overrides applied."""
        from sre_kit.load import choosing

        settled = choosing.apply(self.stated(), self.params.facts.override, self.params.facts.reject)
        return Watched(settled, partial(self.asked.note, asked.ALL_FACTS))

    def stated(self) -> list[Fact]:
        """What the documents say; the notebooks of one run share the reading, not the decisions about it."""
        from sre_kit.load import carrying

        texts = unnoted(self.texts)
        state = repr([(text.document.path, text.document.sha256) for text in texts])

        def read() -> list[list[Any]]:
            from sre_kit.load import facts  # most notebooks of a run need no reader

            return carrying.packed(fact for text in texts for fact in facts.facts(text.text, text.document.path))

        return carrying.unpacked(self.snapshot.once(f"facts of {state}", read))

    @cached_property
    def facts(self) -> Facts:
        """The facts that may be used."""
        return Facts([fact for fact in unnoted(self.all_facts) if not fact.refused], self.asked.facts)

    @cached_property
    def conflicts(self) -> Sequence[Conflict]:
        """Facts that contradict each other, both kept, one chosen by a stated rule."""
        from sre_kit.load import choosing

        dated = sorted((d for d in unnoted(self.documents) if d.dated), key=lambda d: d.dated, reverse=True)
        found = choosing.conflicts(unnoted(self.facts), newest=[d.path for d in dated])
        return Watched(found, partial(self.asked.note, asked.CONFLICTS))

    @cached_property
    def versions(self) -> Sequence[ProductVersion]:
        """Versions of databases, runtimes and systems that the documents state."""
        from sre_kit.load.versions import versions

        found = [one for text in unnoted(self.texts) for one in versions(text.text, text.document.path)]
        return Watched(found, partial(self.asked.note, asked.VERSIONS))

    @property
    def plan(self) -> Readiness:
        """What build-plan.md says about readiness for production."""
        self.asked.note(asked.PLAN)
        return self.readiness

    @cached_property
    def readiness(self) -> Readiness:
        """As `plan`, without counting as asked."""
        from sre_kit.load.buildplan import readiness

        text = next((text.text for text in unnoted(self.texts) if text.document.path == BUILD_PLAN), "")
        return readiness(text)

    @property
    def plan_as_written(self) -> Readiness:
        """As `plan`, with our own ticks; for the opening of a session, never for a document."""
        from sre_kit.load.buildplan import readiness

        return readiness(read_document(self.root / BUILD_PLAN, self.root).text)

    @cached_property
    def gaps(self) -> tuple[Gap, ...]:
        """Documents that are missing or unreadable, each with the role that owes it."""
        absent = [Gap(f"the document {d.name}", d.owner, d.path, "it was not found") for d in self.missing]
        unread = [d for d in unnoted(self.documents) if not d.found]
        broken = [Gap(f"the content of {d.name}", d.owner, d.path, d.problem) for d in unread]
        return tuple(absent + broken)

    def read(self) -> Read:
        """What was asked of the documents until now, for ``show.open_questions``: no other change matters."""
        return asked.answers(self, self.asked.questions)

    @cached_property
    def source(self) -> Source | None:
        """Where measurements come from; none configured is none."""
        from sre_kit.load.metrics import open_source

        given = self.params.source
        if not given.url:
            return None
        return open_source(
            given.url, auth=given.auth, base=self.base, timeout=given.timeout, series_cap=given.series_cap
        )

    @cached_property
    def snapshot(self) -> Snapshot:
        """The series already read, shared by all notebooks of a run."""
        return _snapshot(self.root, self.as_of, self.run_id)

    def slo(self, name: str) -> SLO:
        """
        The objective called `name`.

        Raises
        ------
        ParameterError
            There is none; the message has the nearest name.
        """
        by_name: Mapping[str, SLO] = {slo.name: slo for slo in self.params.slos}
        if name not in by_name:
            raise ParameterError(f"{self.params_path.name}: no SLO {name!r}{nearest(name, by_name)}")
        return by_name[name]

    def file(self, written: str) -> Path:
        """A file named in the params; relative to the params file."""
        return places.resolve(written, self.base)


def project(params: str, as_of: str = "", *, now: datetime | None = None) -> Project:
    """
    The project that a params file (or folder) describes, as of a moment.

    Parameters
    ----------
    params
        Path of the params file or folder.
    as_of
        Report time, ISO 8601; a bare date means 00:00Z; empty: the last complete UTC hour.
    now
        The clock, for tests.

    Raises
    ------
    ParameterError
        The params are unusable, `as_of` lies in the future, or no project path was found.
    """
    import os

    path = places.find_params(params)
    checked = params_file.read(path)
    moment = resolve_as_of(as_of or (checked.as_of or ""), now or datetime.now(UTC))
    base = path if path.is_dir() else path.parent
    root, found_by = project_root(checked, base)
    found, missing = documents(root)
    run_id = os.environ.get("SRE_KIT_RUN", "")
    # looking at a project leaves nothing in it; only a run does
    texts, ours_alone = without_ours(found, _snapshot(root, moment, run_id) if run_id else None)
    questions = asked.Asked()
    return Project(
        root=root,
        params_path=path,
        params=checked,
        as_of=moment,
        texts=Watched(tuple(texts), partial(questions.note, asked.DOCUMENTS)),
        missing=(*missing, *ours_alone),
        run_id=run_id,
        found_by=found_by,
        asked=questions,
    )


def resolve_as_of(written: str | datetime, now: datetime) -> datetime:
    """
    The report time; empty means the last complete hour before `now`.

    >>> resolve_as_of("", datetime(2026, 3, 1, 12, 34, tzinfo=UTC)).isoformat()
    '2026-03-01T12:00:00+00:00'

    Raises
    ------
    ParameterError
        It lies after `now`.
    """
    if not written:
        return now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    moment = instant(written)
    if moment > now + timedelta(minutes=1):
        raise ParameterError(
            f"as_of {utc(moment)} lies in the future (it is {utc(now)}); nothing has been measured then"
        )
    return moment


def project_root(checked: params_file.Params, base: Path) -> tuple[Path, str]:
    """
    The project's folder and how it was found: given in params, else by the knowledge graph.

    Raises
    ------
    ParameterError
        Neither says, the folder does not exist, or the graph has several candidates.
    """
    given = checked.project
    if given.path:
        root = places.resolve(given.path, base).resolve()
        if not root.is_dir():
            raise ParameterError(
                f"project.path {given.path!r}: there is no folder {root}; correct it in the params file"
            )
        return root, "params: project.path"
    if given.knowledge_graph:
        from sre_kit.load.knowledge import project_in
        from sre_kit.load.memory_server import open_memory

        memory = open_memory(given.knowledge_graph, given.mcp_servers, base)
        beside = places.resolve(given.mcp_servers or given.knowledge_graph, base).parent
        return project_in(memory.read(), memory.name, beside)
    raise ParameterError(
        "the project's path is not known; set project.path in the params, "
        "or project.knowledge_graph to the graph's file"
    )


def without_ours(texts: list[Text], snapshot: Snapshot | None = None) -> tuple[list[Text], list[Document]]:
    """
    The documents, build-plan.md without what we wrote into it: a render must not change the next one's inputs.

    A plan that holds nothing else is as missing as it was before we made it. What is left of it is worked out once
    in a run, where `snapshot` is given.
    """
    from sre_kit.load.buildplan import foreign

    theirs: list[Text] = []
    missing: list[Document] = []
    for text in texts:
        if text.document.path != BUILD_PLAN or text.document.problem not in {"", "empty"}:
            theirs.append(text)
            continue
        make = partial(foreign, text.text)
        plan = snapshot.once(f"{BUILD_PLAN} {text.document.sha256} without ours", make) if snapshot else make()
        if not plan.strip():
            missing.append(Document(text.document.name, BUILD_PLAN, "Project", "Project Manager"))
            continue
        try:
            document = replace(text.document, sha256=manifest.sha256(plan), dated=stated_date(plan))
        except UnicodeEncodeError:
            raise DocumentError(f"{BUILD_PLAN}: it holds a character that is not Unicode text") from None
        theirs.append(Text(document, plan))
    return theirs, missing


def _snapshot(root: Path, as_of: datetime, run_id: str) -> Snapshot:
    from sre_kit.store.snapshot import Snapshot

    return Snapshot(places.state(root) / "snapshot", as_of=as_of, run_id=run_id)


def _version(name: str, published: manifest.Manifest) -> Version:
    """What a notebook may know of the last publication of its document."""
    one = published.documents[name]
    return Version(
        one.version,
        one.body_sha256,
        manifest.values(published, name),
        int(one.before.get("version", 0)),
        one.before.get("records", {}),
        one.as_of,
        one.decisions,
    )
