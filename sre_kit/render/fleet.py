"""
Many projects side by side: whose turn it is, and the processes that they run in.

Knows calls and executors, not what a call does. Any ``concurrent.futures.Executor`` will do: processes of this machine,
which are replaced so that memory stays bounded, or the workers of a dask scheduler that is there already.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import queue
import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any, Final, ParamSpec, TypeVar

from sre_kit.errors import NotebookError, ParameterError, SourceError
from sre_kit.render import stopping

RECYCLE: Final = 16
"""Calls after which a process is replaced by a new one."""
CONNECT: Final = 30
"""Seconds to wait for a dask scheduler and its first worker."""

_P = ParamSpec("_P")
_T = TypeVar("_T")


def shard(names: Sequence[str], written: str) -> list[str]:
    """
    The part ``i/n`` of `names`: every n-th of them in alphabetical order, from the i-th on.

    Each name is in exactly one part and the parts differ by one at most, if every machine is given the same names.

    >>> [shard(["c", "a", "d", "b"], part) for part in ("1/3", "2/3", "3/3")]
    [['a', 'd'], ['b'], ['c']]

    Raises
    ------
    ParameterError
        Not ``i/n`` with i from 1 to n.
    """
    found = re.fullmatch(r"([0-9]{1,6})/([0-9]{1,6})", written)
    if not found or not 1 <= int(found[1]) <= int(found[2]):
        raise ParameterError(f"--shard {written!r}: write i/n with i from 1 to n, for example 2/4")
    return sorted(names)[int(found[1]) - 1 :: int(found[2])]


class Processes(Executor):
    """
    Processes of this machine, `workers` at a time, each replaced after `recycle` calls or when it dies.

    A process that dies fails the call that it had, and no other. (The pool of the standard library fails all of them,
    and its own recycling can wait for ever.)
    """

    def __init__(self, workers: int, recycle: int = RECYCLE) -> None:
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="sre-kit fleet")
        self._idle: queue.SimpleQueue[_Process] = queue.SimpleQueue()
        self._all = [_Process(recycle) for _ in range(workers)]
        for one in self._all:
            self._idle.put(one)

    def submit(self, fn: Callable[_P, _T], /, *args: _P.args, **kwargs: _P.kwargs) -> Future[_T]:
        """`fn` and its arguments go to a process, so they are things that pickle knows."""
        return self._threads.submit(self._call, fn, args, kwargs)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the processes when they have done what they have."""
        self._threads.shutdown(wait=wait, cancel_futures=cancel_futures)
        for one in self._all:
            one.end()

    def _call(self, fn: Callable[..., _T], args: tuple[Any, ...], kwargs: dict[str, Any]) -> _T:
        process = self._idle.get()
        try:
            return process.call(fn, args, kwargs)
        finally:
            self._idle.put(process)


class _Process:
    """One process, started when it is first wanted."""

    def __init__(self, recycle: int) -> None:
        self._pool: ProcessPoolExecutor | None = None
        self._calls, self._recycle = 0, recycle

    def call(self, fn: Callable[..., _T], args: tuple[Any, ...], kwargs: dict[str, Any]) -> _T:
        if self._pool is None:
            # spawn: threads of this process do not survive a fork
            context = multiprocessing.get_context("spawn")
            self._pool, self._calls = ProcessPoolExecutor(1, mp_context=context, initializer=stopping.worker), 0
        self._calls += 1
        try:
            return self._pool.submit(fn, *args, **kwargs).result()
        except BrokenProcessPool:
            self._calls = self._recycle
            raise NotebookError("its process died (out of memory?); nothing was written") from None
        finally:
            if self._calls >= self._recycle:
                self.end()

    def end(self) -> None:
        """The next call has a new one."""
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown()


@contextlib.contextmanager
def dask(address: str) -> Iterator[Executor]:
    """
    The workers of the dask scheduler at `address` (``tcp://host:8786``), which see the same files as we do.

    Raises
    ------
    ParameterError
        dask.distributed is not installed.
    SourceError
        Nothing answers there.
    """
    try:
        from distributed import Client
    except ImportError:
        raise ParameterError('--dask needs dask.distributed: pip install "sre-kit[fleet]"') from None
    try:
        client = Client(address, timeout=CONNECT, set_as_default=False)
        client.wait_for_workers(1, timeout=CONNECT)
    except (OSError, ValueError) as error:
        raise SourceError(f"--dask {address!r}: no scheduler with a worker answers there ({error})") from None
    # pure: the same params again would be answered from memory
    with client, client.get_executor(pure=False) as executor:
        yield executor
