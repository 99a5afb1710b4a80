"""
A changed document runs the notebooks again that asked for what it says: what is kept is what a run would give.

The demo's documents are damaged as a person would change them. ``make incremental`` changes them one at a time and
holds every kept document against a run of its notebook; the short form changes all that a notebook did not use at once.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from sre_kit import load
from sre_kit.cli import main
from sre_kit.cli.kept import kept
from sre_kit.load import facts
from sre_kit.load.projects import Project
from sre_kit.render import batch, engine
from sre_kit.render.kept import FOLDER
from sre_kit.render.rendered import Rendered
from sre_kit.store import manifest as manifests
from sre_kit.store import places

LONG = os.environ.get("SRE_KIT_INCREMENTAL") == "long"
EARLY = [name for name in batch.DELIVERABLES if name != "SREHandoff"]
SAYS = """

## Remarks of the last review

- The availability target of the reviewed service is 99.2 % in production.
- Alert `ReviewedService`: fires when errors are above 3 % for 7 minutes, severity page.
- A new component `reviewed-cache` (Redis, 3 instances) keeps sessions; RTO 3 h, RPO 20 min, backup every 7 h.
- The monthly cost of `reviewed-cache` is 310 EUR; traffic grows by 4 % a month.
"""


def reworded(text: str) -> str:
    """A sentence that states nothing."""
    return text.rstrip("\n") + "\n\nRead again and found well.\n"


def renumbered(text: str) -> str:
    """Other numbers everywhere."""
    return re.sub(r"\d+", lambda found: str((int(found[0]) * 7 + 3) % 10 ** len(found[0])), text)


def added_to(text: str) -> str:
    """Statements of many kinds."""
    return text.rstrip("\n") + SAYS


def emptied(text: str) -> str:
    """Nothing but the title."""
    return text.split("\n", 1)[0] + "\n"


DAMAGES = {damage.__name__: damage for damage in (reworded, renumbered, added_to, emptied)}


@pytest.fixture
def shop(demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the rendered demo, whose kept documents hold in their new place."""
    monkeypatch.setattr(facts, "facts", cache(facts.facts))  # one document is changed at a time
    copy = tmp_path / "demo"
    shutil.copytree(demo, copy)
    for path in (copy / places.STATE / FOLDER).glob("*.json"):
        path.write_text(path.read_text().replace(str(demo.resolve()), str(copy)))
    if set(taken(copy)) != set(EARLY):  # another test rendered the shared demo its own way meanwhile
        assert main(["render", "--params", str(copy / "params")]) == 0
    assert set(taken(copy)) == set(EARLY)
    return copy


def given(project: Project) -> dict[str, Any]:
    return {"params": str(project.params_path), "as_of": project.as_of.isoformat()}


def taken(shop: Path) -> dict[str, Rendered]:
    """The documents that would not be made anew."""
    project = load.project(str(shop / "params"))
    holds, previous = kept(project), manifests.read(shop / places.DOCUMENTS / places.MANIFEST)
    found = {name: holds.take(name, batch.notebooks()[name], given(project), previous) for name in EARLY}
    return {name: one for name, one in found.items() if one is not None}


def run(shop: Path, name: str) -> tuple[str, Mapping[str, bytes]]:
    """The document, made from nothing."""
    done = engine.run(batch.notebooks()[name], given(load.project(str(shop / "params"))))
    return done.markdown, done.files


@contextmanager
def changed(*documents: tuple[Path, str | None]) -> Iterator[None]:
    """Documents with another text, or without their file."""
    before = [(path, path.read_text()) for path, _ in documents]
    try:
        for path, text in documents:
            path.unlink() if text is None else path.write_text(text)
        yield
    finally:
        for path, text in before:
            path.write_text(text)


def documents(shop: Path) -> list[Path]:
    return [shop / document.path for document in load.project(str(shop / "params")).documents]


def used(one: Rendered) -> set[str]:
    return {document["path"] for document in one.machine["header"]["depends"]}


@pytest.mark.slow
def test_what_a_notebook_did_not_ask_for_changes_no_byte_of_its_document(shop: Path) -> None:
    every = taken(shop)
    changes: dict[str, list[tuple[Path, str]]] = {name: [] for name in EARLY}
    for path in documents(shop):
        unused = {name for name, one in every.items() if path.relative_to(shop).as_posix() not in used(one)}
        left = set(unused)
        for damage in (renumbered, reworded):  # the strongest that leaves a notebook as it is
            change = path, damage(path.read_text())
            with changed(change):
                still = set(taken(shop))
            assert still <= unused, f"a header prints the hash of {path.name}"
            for name in still & left:
                changes[name].append(change)
            left -= still
        assert not left, f"{path.name} says nothing to {left}"
    for name in EARLY:
        assert len(changes[name]) >= 10
        with changed(*changes[name]):
            one = taken(shop)[name]
            assert (one.markdown, one.files) == run(shop, name)


@pytest.mark.slow
def test_a_missing_document_is_named_in_every_header(shop: Path) -> None:
    for path in documents(shop)[:: 1 if LONG else 7]:
        with changed((path, None)):
            assert not taken(shop)


@pytest.mark.slow
@pytest.mark.skipif(not LONG, reason="make incremental runs it: minutes")
@pytest.mark.parametrize("damage", DAMAGES)
def test_every_document_that_is_kept_is_what_a_run_would_give(shop: Path, damage: str) -> None:
    for path in documents(shop):
        with changed((path, DAMAGES[damage](path.read_text()))):
            for name, one in taken(shop).items():
                assert (one.markdown, one.files) == run(shop, name), f"{name} after {path.name} was {damage}"
