"""Secrets, which exist by name only: an environment variable, or a file that nobody else may read."""

from __future__ import annotations

import base64
import os
import re
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final, NoReturn
from urllib.parse import quote, quote_plus

from sre_kit.errors import ParameterError

HIDDEN: Final = "***"
_MAX_BYTES: Final = 65_536
# somebody may have put the secret itself there; names are written in capitals
_VARIABLE: Final = re.compile(r"[A-Z_][A-Z0-9_]{0,63}")
_SHORTEST: Final = 6
"""Anything shorter is found by chance in any text."""


class Secret:
    """Text that never shows itself: not printed, formatted, compared or pickled; `reveal` it where it is sent."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself."""
        return self._text

    def __repr__(self) -> str:
        return HIDDEN

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not pickled")


def secret(what: str, *, env: str = "", file: str = "", base: Path = Path()) -> Secret | None:
    """
    The secret that is named, or None where none is.

    Parameters
    ----------
    what
        For messages, for example ``auth.token``.
    env
        Name of an environment variable.
    file
        A regular file of mode 0600, relative to `base`; one newline at its end does not count.

    Raises
    ------
    ParameterError
        It is not there, is empty, cannot stand in a header, or others may read the file.
    """
    if env:
        text = os.environ.get(env, "")
        if not text:
            shown = env if _VARIABLE.fullmatch(env) else "that is named (not shown: it does not look like a name)"
            raise ParameterError(f"{what}: the environment variable {shown} is not set; set it, or name a file instead")
        return Secret(_checked(text, f"{what}: the environment variable {env}"))
    if file:
        return Secret(_checked(_from_file(base / file, what), f"{what}: the file {file}"))
    return None


def _from_file(path: Path, what: str) -> str:
    try:
        # a named pipe would block until somebody writes
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise ParameterError(f"{what}: cannot read {path}: {reason}; correct the path") from None
    found = os.fstat(handle)
    if not stat.S_ISREG(found.st_mode):
        os.close(handle)
        raise ParameterError(f"{what}: {path} is no regular file; put the secret into one of mode 0600")
    with os.fdopen(handle, "rb") as opened:
        if found.st_mode & 0o077:
            raise ParameterError(
                f"{what}: others may read {path} (mode {stat.S_IMODE(found.st_mode):04o}); run: chmod 600 {path}"
            )
        raw = opened.read(_MAX_BYTES + 1)
    if len(raw) > _MAX_BYTES:
        raise ParameterError(f"{what}: {path} is larger than {_MAX_BYTES} bytes, which no secret is; correct the path")
    try:
        return raw.decode("utf-8").removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise ParameterError(f"{what}: {path} is no UTF-8 text; correct the path") from None


def _checked(text: str, where: str) -> str:
    if not text:
        raise ParameterError(f"{where} is empty")
    if not text.isascii() or not text.isprintable():
        raise ParameterError(
            f"{where} holds a character that no header may carry (a newline, say); write it on one line"
        )
    return text


def redacted(text: str, secrets: Iterable[Secret]) -> str:
    """
    `text` without any of `secrets`, neither as they are, nor URL-encoded, nor in base64.

    >>> redacted("sent s3cret/x, got s3cret%2Fx", [Secret("s3cret/x")])
    'sent ***, got ***'
    """
    for one in secrets:
        for form in sorted(_forms(one), key=len, reverse=True):
            text = text.replace(form, HIDDEN)
    return text


def leaked(files: Mapping[str, bytes | None], secrets: Iterable[Secret]) -> list[str]:
    """
    Those of `files` that hold one of `secrets` in any of its forms: a server may send back what it was sent.

    >>> leaked({"a.md": b"token czNjcmV0MQ==", "b.md": b"none", "c.md": None}, [Secret("s3cret1")])
    ['a.md']
    """
    forms = {form.encode() for one in secrets if len(one.reveal()) >= _SHORTEST for form in _forms(one)}
    return [path for path, content in files.items() if content and any(form in content for form in forms)]


def _forms(one: Secret) -> set[str]:
    """The secret as it is, URL-encoded, and in base64."""
    plain = one.reveal()
    return {
        plain,
        quote(plain, safe=""),
        quote(plain),
        quote_plus(plain),
        base64.b64encode(plain.encode()).decode().rstrip("="),
        base64.urlsafe_b64encode(plain.encode()).decode().rstrip("="),
    }
