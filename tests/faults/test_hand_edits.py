"""A life of renders, edits, deletions and crashes in any order: what a person wrote is never lost."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from sre_kit.render import publish
from sre_kit.store.manifest import sha256
from tests.faults.disk import Disk, in_child

PATHS = ("docs/SRE/A.md", "docs/SRE/B.md", "docs/SRE/images/A-x.png", "build-plan.md")
paths = st.sampled_from(PATHS)


class Life(RuleBasedStateMachine):
    """
    One project; `theirs` is what a person wrote last into a file, until they delete it or it equals ours.

    A run that died may have written its set or not; the manifest is part of the set, so that it is known by looking.
    """

    def __init__(self) -> None:
        super().__init__()
        memory = Path("/dev/shm")
        self.folder = Path(tempfile.mkdtemp(dir=memory if memory.is_dir() else None))
        self.root = publish.Root(self.folder)
        self.theirs: dict[str, bytes] = {}
        self.number = 0

    def teardown(self) -> None:
        shutil.rmtree(self.folder)

    def _set(self) -> dict[str, bytes]:
        ours: dict[str, bytes] = {path: f"{self.number} {path}\n".encode() for path in PATHS}
        lines = [f"{path} {sha256(content)}\n" for path, content in ours.items()]
        return {**ours, "docs/SRE/manifest.json": "".join(lines).encode()}

    def _render(self) -> bool:
        """What ``sre-kit render`` does with the files; True when it published."""
        with publish.lock(self.root):
            manifest = (self.root.read("docs/SRE/manifest.json") or b"").decode()
            recorded = dict(line.split() for line in manifest.splitlines())
            changed = publish.changes(self.root, self._set())
            guarded = [change for change in changed if not change.path.endswith("manifest.json")]
            if edited := publish.edited(guarded, recorded):
                publish.propose(self.root, edited)
                return False
            publish.publish(self.root, changed)
            return True

    @rule(new=st.booleans())
    def render(self, new: bool) -> None:
        self.number += new
        if self._render():
            assert all(self.root.read(path) == content for path, content in self._set().items())

    @rule(new=st.booleans(), at=st.integers(1, 60))
    def die_while_rendering(self, new: bool, at: int) -> None:
        self.number += new

        def work() -> None:
            with Disk("any", at)():
                self._render()

        in_child(work)

    @rule(path=paths, text=st.binary(max_size=8))
    def edit(self, path: str, text: bytes) -> None:
        content = b"by hand " + text
        (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / path).write_bytes(content)
        self.theirs[path] = content

    @rule(path=paths)
    def delete(self, path: str) -> None:
        (self.folder / path).unlink(missing_ok=True)
        self.theirs.pop(path, None)

    @rule(path=paths)
    def take_over_the_proposal(self, path: str) -> None:
        name = Path(path)
        proposal = self.folder / name.with_name(f"{name.stem}.proposed{name.suffix}")
        if proposal.exists():
            proposal.replace(self.folder / path)
            self.theirs.pop(path, None)

    @invariant()
    def what_a_person_wrote_is_there(self) -> None:
        for path, content in self.theirs.items():
            assert (self.folder / path).read_bytes() == content, path

    @invariant()
    def nothing_is_torn(self) -> None:
        for path in PATHS:
            content = self.root.read(path) or b""
            assert content in (b"", self.theirs.get(path)) or content.endswith(f"{path}\n".encode()), (path, content)


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=40, stateful_step_count=20, deadline=None)
TestLife = pytest.mark.fault("F23", "C")(TestLife)
