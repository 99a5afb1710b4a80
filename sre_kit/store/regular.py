"""Reading what somebody named: never waits on a pipe or a device, never takes more than is allowed."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path


def content(path: Path, at_most: int) -> bytes:
    """
    The bytes of a regular file.

    Raises
    ------
    OSError
        It cannot be read, is no regular file, or has more than `at_most` bytes; `strerror` says which.
    """
    # O_NONBLOCK: opening a pipe without a writer would wait for ever
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "not a regular file; only such files are read", str(path))
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            # one more than is allowed: it may have grown since
            found = b"" if status.st_size > at_most else file.read(at_most + 1)
        size = max(status.st_size, len(found))
        if size > at_most:
            raise OSError(errno.EFBIG, f"{size:,} bytes, at most {at_most:,} are read", str(path))
        return found
    finally:
        os.close(descriptor)
