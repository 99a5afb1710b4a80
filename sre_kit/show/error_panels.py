"""
An error of ours in a notebook, as a person reads it: what is wrong, in which line, the way out; frames folded away.

Importing ``sre_kit.show`` in a notebook installs it; `remove` takes it away, SRE_KIT_TRACEBACK=1 keeps it out. Only
requests of a person are answered so: a program (papermill, nbclient, our engines) allows no input, and its record of a
failure stays as it was. Errors of the user's own code are left alone.
"""

from __future__ import annotations

import html
import linecache
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import FrameType
from typing import Any, Final

from sre_kit import errors

_WHAT: Final[dict[type[Exception], tuple[str, str]]] = {
    errors.ParameterError: (
        "A setting cannot be used",
        "Correct it in the params file or in the parameters cell, then run all cells again.",
    ),
    errors.SourceError: (
        "Measurements cannot be read",
        "Correct source.url and source.auth in the params file; sre-kit doctor --params PATH tries them.",
    ),
    errors.DataError: (
        "Data breaks its contract",
        "Correct what the message names, or the query in the params file, then run all cells again.",
    ),
    errors.DocumentError: (
        "A document cannot be read",
        "Correct the document that the message names, then run all cells again.",
    ),
    errors.ProtectedError: (
        "Refused, to protect what is there",
        "Look at what the message names; nothing was written.",
    ),
}
_DEFECT: Final = (
    "A defect in sre-kit, or a value that it cannot take",
    "Look at what this cell hands over. If that is as it should be, report the error with the traceback below.",
)
_PLACE: Final = re.compile(r"Cell In\[\d+\], line \d+")
_ANSI: Final = re.compile(r"\x1b\[[0-9;]*m")
_OURS: Final = __name__.partition(".")[0]
_WHOLE: Final = "The whole traceback: run %tb in a cell of its own."


@dataclass(frozen=True)
class Panel:
    """What is said of one error; `place` is the line of the cell ("Cell In[3], line 4") and `source` its text."""

    title: str
    name: str
    message: str
    place: str
    source: str
    way_out: str
    traceback: str

    def plain(self) -> str:
        """For terminals, and for those who read a notebook as text."""
        where = f"{self.place}: {self.source}" if self.source else self.place
        parts = [f"{self.title} ({self.name})", self.message, where, f"Way out: {self.way_out}", _WHOLE]
        return "\n\n".join(part for part in parts if part)

    def html(self) -> str:
        """For front ends that show HTML; in the colours of JupyterLab's theme, light or dark."""
        where = html.escape(self.place)
        if self.source:
            where += f": <code style='background:none;color:inherit'>{html.escape(self.source)}</code>"
        return (
            f"<div role='alert' style='{_BOX}'>"
            f"<div style='font-weight:600;font-size:1.1em'>{html.escape(self.title)}</div>"
            f"<div style='white-space:pre-wrap;overflow-wrap:anywhere;margin:.5em 0'>{html.escape(self.message)}</div>"
            f"<div style='margin:.5em 0'><b>Way out:</b> {html.escape(self.way_out)}</div>"
            f"<div style='{_QUIET}'>{html.escape(self.name)}{' · ' if where else ''}{where}</div>"
            f"<details style='margin-top:.5em'><summary style='cursor:pointer'>Traceback</summary>"
            f"<pre style='{_CODE}'>{html.escape(self.traceback)}</pre></details></div>"
        )


_BOX: Final = (
    "border:1px solid var(--jp-border-color2,#ccc);border-left:4px solid var(--jp-error-color1,#d32f2f);"
    "border-radius:2px;padding:.75em 1em;margin:.25em 0;max-width:60em;line-height:1.5;"
    "color:var(--jp-content-font-color1,inherit);background:var(--jp-layout-color1,transparent);"
    "font-family:var(--jp-content-font-family,sans-serif)"
)
_QUIET: Final = "color:var(--jp-content-font-color2,inherit);font-size:.9em"
_CODE: Final = (
    "white-space:pre;overflow:auto;max-height:24em;margin:.5em 0 0;padding:.5em;font-size:.85em;"
    "color:inherit;background:var(--jp-layout-color2,transparent)"
)


def install(shell: Any = None) -> None:
    """Show panels in `shell`, or in the IPython shell that runs, if there is one; twice is once."""
    from IPython import get_ipython

    found = shell or get_ipython()
    if found is not None and not isinstance(found._showtraceback, _Instead):
        found._showtraceback = _Instead(found)


def remove(shell: Any = None) -> None:
    """Plain tracebacks again."""
    from IPython import get_ipython

    found = shell or get_ipython()
    if found is not None and isinstance(found._showtraceback, _Instead):
        del found._showtraceback


class _Instead:
    """Called by a shell in place of its method that shows the lines of a traceback."""

    def __init__(self, shell: Any) -> None:
        self._shell, self._as_before = shell, shell._showtraceback
        self._last: BaseException | None = None

    def __call__(self, kind: type[BaseException], error: BaseException, lines: list[str]) -> None:
        asked_again, self._last = error is self._last, error
        if asked_again or not _watched(self._shell) or not _is_ours(error, self._shell):
            self._as_before(kind, error, lines)
            return
        made = panel(error, lines, self._shell)
        if getattr(self._shell, "kernel", None) is None:
            self._as_before(kind, error, made.plain().splitlines())
            return
        self._shell.display_pub.publish({"text/plain": made.plain(), "text/html": made.html()})
        # the error itself stays an output: a front end stops at it, and a saved notebook is known to have failed
        self._as_before(kind, error, [f"{made.name} in {made.place or 'sre-kit'}; the way out stands above."])


def panel(error: BaseException, lines: Sequence[str], shell: Any) -> Panel:
    """What is said of `error`, whose traceback IPython wrote as `lines`."""
    known = next((said for kind, said in _WHAT.items() if isinstance(error, kind)), None)
    title, way_out = known or _DEFECT
    whole = _ANSI.sub("", "\n".join(lines))
    place = _PLACE.search(whole)
    return Panel(
        title=title,
        name=type(error).__name__,
        message=str(error) if known else f"{type(error).__name__}: {error}",
        place=place[0] if place else "",
        source=_source(error, shell),
        way_out=way_out,
        traceback=whole,
    )


def _watched(shell: Any) -> bool:
    """Whether a person reads what the shell prints: a program's request allows no input, but Voila's is for people."""
    if os.environ.get("SRE_KIT_TRACEBACK"):
        return False
    kernel = getattr(shell, "kernel", None)
    if kernel is None or os.environ.get("SERVER_SOFTWARE", "").startswith("voila/"):
        return True
    return bool(kernel.get_parent("shell").get("content", {}).get("allow_stdin"))


def _is_ours(error: BaseException, shell: Any) -> bool:
    """Whether it is one of our errors, or left our code last: raised in it, or in a package that it called."""
    if isinstance(error, errors.SREKitError):
        return True
    known = [_owner(frame, shell) for frame, _ in _frames(error)]
    return isinstance(error, Exception) and [owner for owner in known if owner][-1:] == [_OURS]


def _owner(frame: FrameType, shell: Any) -> str:
    """Of code that a cell brought "user", of the package its name, of other packages nothing."""
    if frame.f_globals is shell.user_ns:
        return "user"
    module = str(frame.f_globals.get("__name__", ""))
    # a public name that is misspelt is looked up by our code, and is the user's mistake all the same
    return _OURS if module.partition(".")[0] == _OURS and frame.f_code.co_name != "__getattr__" else ""


def _frames(error: BaseException) -> Iterator[tuple[FrameType, int]]:
    trace = error.__traceback__
    while trace is not None:
        yield trace.tb_frame, trace.tb_lineno
        trace = trace.tb_next


def _source(error: BaseException, shell: Any) -> str:
    """The line of the cell that was being run."""
    lines = [
        linecache.getline(frame.f_code.co_filename, number).strip()
        for frame, number in _frames(error)
        if frame.f_globals is shell.user_ns
    ]
    return lines[0] if lines else ""
