"""
Being stopped from outside: Ctrl+C, ``kill``, systemd, a terminal that closes.

A stop is an exception, so that every ``finally`` runs: kernels are shut down, temporary folders removed. It is a
``SystemExit`` because asyncio swallows any other exception that a signal raises inside one of its callbacks.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
import threading
from collections.abc import Iterator
from multiprocessing.process import BaseProcess
from typing import Final

STOPS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(SystemExit):
    """Somebody stopped this process; `code` is 128 and the signal's number, as shells have it."""

    def __init__(self, number: int) -> None:
        super().__init__(128 + number)
        self.name = signal.Signals(number).name


@contextlib.contextmanager
def stoppable() -> Iterator[None]:
    """
    Signals that stop become `Stopped` in the block; one that the caller had ignored (``nohup``) stays ignored.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in STOPS}
    for number, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, _stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def deferred() -> Iterator[None]:
    """Signals that stop wait until the block is done."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def worker() -> None:
    """Set up a process that runs notebooks for another: it ends when that one says so, not at the terminal's Ctrl+C."""
    # not SIG_IGN, which kernels would inherit
    signal.signal(signal.SIGINT, lambda *_: None)
    signal.signal(signal.SIGHUP, lambda *_: None)
    signal.signal(signal.SIGTERM, _stop_for_good)


def check() -> None:
    """Raise `Stopped` in a worker that was told to stop: a pool hands it the work that it had already queued."""
    if signal.getsignal(signal.SIGTERM) is signal.SIG_IGN:
        raise Stopped(signal.SIGTERM)


@contextlib.contextmanager
def workers() -> Iterator[None]:
    """Processes started in the block are told to stop when it fails, so that nobody waits for what is not wanted."""
    before: set[BaseProcess] = set(multiprocessing.active_children())
    try:
        yield
    except BaseException:
        for process in set(multiprocessing.active_children()) - before:
            process.terminate()
        raise


def _stop(number: int, _: object) -> None:
    raise Stopped(number)


def _stop_for_good(number: int, _: object) -> None:
    # a second signal would interrupt the kernel's shutdown
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise Stopped(number)
