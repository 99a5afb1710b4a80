"""
Everything that can go wrong, as one tree.

Each error is also the builtin that people expect, so ``except ValueError`` works. A message
names the thing, the value, what is allowed and the way out. ``cli`` alone catches and prints::

    SREKitError
    ├── ParameterError   ValueError        exit 2   a params file, a flag or an argument
    ├── SourceError      ConnectionError   exit 3   a metrics source is unreachable or answers nonsense
    │   └── UnreachableError                 exit 3   it does not answer at all; no other question need be tried
    ├── DataError        ValueError        exit 3   data that breaks its contract
    ├── DocumentError    ValueError        exit 3   a document that cannot be read
    ├── NotebookError    RuntimeError      exit 4   a notebook failed; nothing was written
    ├── OutOfDateError   RuntimeError      exit 5   documents differ from what would be rendered
    └── ProtectedError   PermissionError   exit 6   refused, to protect a hand edit, a lock, damaged markers
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class SREKitError(Exception):
    """Base of all errors of this package."""

    exit_code = 2


class ParameterError(SREKitError, ValueError):
    """A decision (params file, flag, argument) is unusable."""


class SourceError(SREKitError, ConnectionError):
    """A metrics source cannot be reached, or its answer cannot be used."""

    exit_code = 3


class UnreachableError(SourceError):
    """A metrics source does not answer at all, so that no other question need be tried."""


class DataError(SREKitError, ValueError):
    """Data breaks its contract; the message names the first offending row."""

    exit_code = 3


class DocumentError(SREKitError, ValueError):
    """A document cannot be read or understood."""

    exit_code = 3


class NotebookError(SREKitError, RuntimeError):
    """A notebook did not run to its end; nothing was written."""

    exit_code = 4


class OutOfDateError(SREKitError, RuntimeError):
    """What is published differs from what would be rendered now."""

    exit_code = 5


class ProtectedError(SREKitError, PermissionError):
    """We would rather stop than overwrite: a hand edit, a lock, damaged markers."""

    exit_code = 6


def nearest(name: str, known: Iterable[str]) -> str:
    """
    "; did you mean 'window'?" for a name close to one of `known`, else a list of what is allowed.

    >>> nearest("windw", ["target", "window"])
    "; did you mean 'window'?"
    >>> nearest("zzz", ["b", "a"])
    '; allowed: a, b'
    """
    allowed = sorted(known)
    close = difflib.get_close_matches(name, allowed, n=1)
    return f"; did you mean {close[0]!r}?" if close else f"; allowed: {', '.join(allowed)}"
