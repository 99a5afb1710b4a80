"""
Where things are: what ships with the package, and what we keep inside a project.

A checkout has ``notebooks/`` and ``params/`` beside the package; a wheel carries them inside.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shlex
import stat
import tempfile
import unicodedata
from pathlib import Path
from typing import Final

from sre_kit.errors import ParameterError, ProtectedError

DOCUMENTS: Final = Path("docs") / "SRE"
"""Where the documents are published, relative to the project."""
INCIDENTS: Final = DOCUMENTS / "incidents"
"""Where reports on single incidents are published; a set of their own, beside the documents."""
STATE: Final = Path(".sre_kit")
"""Snapshot, stage, lock and proposals; nothing in it is worth keeping."""
MANIFEST: Final = "manifest.json"
INDEX: Final = "html/index.html"
"""The index of the pages, relative to docs/SRE."""

PACKAGE: Final = Path(__file__).resolve().parent.parent
"""Our code, and the pretend project."""


def bundled(kind: str) -> Path:
    """The folder of shipped `kind` (``notebooks`` or ``params``)."""
    inside = PACKAGE / kind
    return inside if inside.is_dir() else PACKAGE.parent / kind


def demo() -> Path:
    """The pretend project's folder in the package."""
    return PACKAGE / "demo"


def page(name: str) -> str:
    """Where the HTML page of the document `name` lies, relative to docs/SRE."""
    return f"html/{name}.html"


def anchor(heading: str) -> str:
    """
    The fragment under which GitHub finds a heading (the first of its text in a document).

    >>> anchor("Service Level Indicators (SLIs) selection"), anchor("RPO & RTO"), anchor("10 m² of_x")
    ('service-level-indicators-slis-selection', 'rpo--rto', '10-m-of_x')
    """
    kept = (c for c in heading.strip().lower() if c in " -" or _is_word(unicodedata.category(c)))
    return "".join(kept).replace(" ", "-")


def _is_word(category: str) -> bool:
    return category[0] in "LM" or category in ("Nd", "Nl", "Pc")


class Anchors:
    """
    The fragments of one document's headings: one that is taken is numbered as GitHub does.

    >>> taken = Anchors()
    >>> [taken.of(one) for one in ("Steps", "Steps", "Steps 1", "Steps")]
    ['steps', 'steps-1', 'steps-1-1', 'steps-2']
    """

    def __init__(self) -> None:
        self._taken: dict[str, int] = {}

    def of(self, heading: str) -> str:
        """The fragment of the next heading, whose text is `heading`."""
        base = found = anchor(heading)
        while found in self._taken:
            self._taken[base] += 1
            found = f"{base}-{self._taken[base]}"
        self._taken[found] = 0
        return found


_DEVICES: Final = re.compile(r"(?i)(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)")


def file_name(identifier: str) -> str:
    """
    A name for a file that any file system takes, of its own for each identifier.

    What is not a letter or digit of ASCII, ".", "_" or "-" becomes "-"; where that loses something a hash of the
    whole tells two such names apart.

    >>> file_name("INC-2026-0713"), file_name("#12"), file_name("../../etc/passwd")
    ('INC-2026-0713', '12-73c5e1a8', 'etc-passwd-3754d6cb')
    """
    kept = re.sub(r"[^A-Za-z0-9._-]+", "-", identifier)
    kept = re.sub(r"[.-]{2,}", "-", kept).strip("-._")[:80]
    if kept == identifier and kept and not _DEVICES.match(kept) and kept.casefold() not in {"manifest", "readme"}:
        return kept
    digest = hashlib.sha256(identifier.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{kept.replace('.', '-')}-{digest}".lstrip("-")


def find_params(written: str) -> Path:
    """
    The params file or folder that `written` names.

    A relative path is tried from the working directory, then from the notebooks' folder, then by its name among the
    bundled ones.

    Raises
    ------
    ParameterError
        Nothing there; the message lists where it was looked for.
    """
    if not written:
        raise ParameterError(
            'a params file is needed, for example --params params/shop.yaml; "sre-kit init PROJECT" writes one'
        )
    path = Path(written).expanduser()
    tried = (
        [path]
        if path.is_absolute()
        else [Path.cwd() / path, bundled("notebooks") / path, bundled("params") / path.name]
    )
    for candidate in tried:
        if candidate.exists():
            return candidate.resolve()
    places = "\n  ".join(str(p) for p in tried)
    raise ParameterError(
        f"no params file {written!r}; looked for\n  {places}\n"
        f"write one with: sre-kit init PROJECT --params {shlex.quote(written)}"
    )


def resolve(written: str, base: Path) -> Path:
    """A path in a params file: absolute, below home, ``demo:`` for what ships with us, else relative to `base`."""
    if written.startswith("demo:"):
        return demo() / written.removeprefix("demo:")
    path = Path(written).expanduser()
    return path if path.is_absolute() else base / path


def shipped(project: Path) -> bool:
    """Whether `project` lies inside the package, where nothing is written."""
    return project.resolve().is_relative_to(PACKAGE)


def state(project: Path) -> Path:
    """
    The project's state folder, made when missing, kept out of version control.

    Raises
    ------
    ProtectedError
        It, or what lies in it, is a link: a checkout may bring one that leads anywhere.
    """
    folder = project / STATE
    if shipped(project):
        folder = _own(Path(tempfile.gettempdir()) / f"sre-kit-{os.getuid()}") / project.name
    folder.mkdir(exist_ok=True)
    for one in (folder, *folder.iterdir()):
        if one.is_symlink():
            raise ProtectedError(f"{one} is a link, so nothing is written there; remove it")
    with contextlib.suppress(FileExistsError), open(folder / ".gitignore", "x", encoding="utf-8") as ignore:
        ignore.write("*\n")
    return folder


def _own(folder: Path) -> Path:
    """A folder among everybody's, which nobody else may have laid there."""
    folder.mkdir(0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise ProtectedError(f"{folder} belongs to somebody else, so nothing is written there; set TMPDIR")
    return folder
