"""
What an unchanged project is answered: the words of the last render, found again without loading the project.

Only hashes are compared: of every file that the kept documents were made from, of every file that was published, of
the tools. Whatever is missing, damaged, different or in doubt is no answer, and the project is rendered as ever.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from sre_kit.render import kept
from sre_kit.render.kept import BUILD_PLAN, Kept
from sre_kit.store import places
from sre_kit.store.manifest import sha256

NAME: Final = "answer.json"
JOURNAL: Final = "journal.json"


@dataclass(frozen=True)
class Answer:
    """What a render said on standard output and standard error, and its exit code."""

    out: str
    err: str
    code: int


def remember(
    holds: Kept,
    asked: Mapping[str, Any],
    notebooks: Mapping[str, Path],
    own: Path,
    published: Mapping[str, str | None],
    answer: Answer,
) -> None:
    """
    Keep `answer` for the same question.

    Parameters
    ----------
    holds
        The documents that were kept; where one of `notebooks` was not, nothing is remembered.
    asked
        Everything on the command line that the answer depends on.
    own
        The folder where notebooks of the project's own lie, or would.
    published
        Paths of what was published, relative to the project, with the hashes that were meant.
    """
    files: dict[str, str | None] = {str(path): kept.content(path) for path in notebooks.values()}
    folders: dict[str, str | None] = {}
    place = holds.folder / NAME
    with contextlib.suppress(OSError):
        place.unlink(missing_ok=True)
        try:
            entries = [json.loads((holds.folder / f"{name}.json").read_bytes()) for name in notebooks]
            newest = max(entries, key=lambda entry: float(entry["began"]))
            for entry in [*entries, newest]:
                # a document that did not matter to an older one may have changed since
                leave = set() if entry is newest else set(entry["loaded"])
                files |= {path: state for path, state in entry["files"].items() if path not in leave}
                folders |= {path: state for path, state in entry["folders"].items() if path not in leave}
            files = {path: state for path, state in files.items() if not _ours(holds, Path(path))}
        except (OSError, ValueError, KeyError, TypeError):
            return
        if not _same(files, folders):
            return
        folders[str(own)] = kept.listing(own)
        if holds.graph is not None:
            # as it is now that the render has written it: what was lost of ours, or added by others, asks for a render
            files[str(holds.graph)] = kept.content(holds.graph)
        files |= {str(holds.root / path): state for path, state in published.items()}
        known = {
            "asked": dict(asked),
            "tools": kept.tools(),
            "files": files,
            "folders": folders,
            "answer": asdict(answer),
        }
        kept.write(place, json.dumps({**known, "sha256": _digest(known)}).encode("utf-8"))


def remembered(root: Path, asked: Mapping[str, Any]) -> Answer | None:
    """The answer that was given to `asked`, where nothing has changed since; else None."""
    state = root / places.STATE
    try:
        known = json.loads((state / kept.FOLDER / NAME).read_bytes())
        if known.pop("sha256") != _digest(known) or known["asked"] != dict(asked):
            return None
        if (state / JOURNAL).exists() or known["tools"] != kept.tools():
            return None
        return Answer(**known["answer"]) if _same(known["files"], known["folders"]) else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _same(files: Mapping[str, str | None], folders: Mapping[str, str | None]) -> bool:
    return all(kept.content(Path(path)) == was for path, was in files.items()) and all(
        kept.listing(Path(path)) == was for path, was in folders.items()
    )


def _ours(holds: Kept, path: Path) -> bool:
    """What a render writes: it is compared as it was left, not as it was read."""
    return path in (holds.root / BUILD_PLAN, holds.graph) or path.is_relative_to(holds.root / places.DOCUMENTS)


def _digest(value: object) -> str:
    return sha256(json.dumps(value, sort_keys=True))
