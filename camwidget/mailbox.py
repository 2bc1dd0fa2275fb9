"""Latest wins: one waiting request, and at most one thread that works; and those for whom it makes room."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

from .engine.forks import Lock

T = TypeVar("T")


class Mailbox(Generic[T]):
    """One waiting request, and at most one thread that works. Holds no session, so it cannot keep one alive."""

    def __init__(self) -> None:
        # the garbage collector may pass while a thread holds it, and find a widget there that shuts this mailbox
        self._lock = Lock()
        self._waiting: T | None = None
        self._thread: threading.Thread | None = None
        self._shut = False

    def put(self, request: T, work: Callable[[], None]) -> T | None:
        """Leave a request, start a thread on ``work`` if none works. Returns the request that was replaced."""
        with self._lock:
            if self._shut:
                return request
            # one that is at work says so; it may have been killed, or be the parent's of a process that was forked
            if self._thread is None or not self._thread.is_alive():
                thread = threading.Thread(target=work, name="camwidget", daemon=True)
                thread.start()  # where the system has no thread left, nothing is left waiting for one
                self._thread = thread
            replaced, self._waiting = self._waiting, request
            return replaced

    def take(self) -> T | None:
        """The waiting request; None tells the thread to end."""
        with self._lock:
            request, self._waiting = self._waiting, None
            if request is None:
                self._thread = None
            return request

    def newer(self) -> bool:
        """Whether the work at hand is no longer wanted."""
        return self._waiting is not None or self._shut

    @property
    def busy(self) -> bool:
        """Whether a thread is at work that may be waited for: it lives, is not the one that asks, and is to go on."""
        thread = self._thread
        waits = thread is not None and thread.is_alive() and thread is not threading.current_thread()
        return waits and not self._shut

    @property
    def closed(self) -> bool:
        """Whether nothing more is taken."""
        return self._shut

    def shut(self, patience: float) -> None:
        """Take nothing more; wait so many seconds for the thread, unless this is it."""
        with self._lock:
            self._shut, self._waiting, thread = True, None, self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout=patience)


class Readers:
    """Values that Python reads on other threads do not wait for what is made ahead: the worker makes room."""

    def __init__(self) -> None:
        self._inside: set[tuple[int, object]] = set()
        """One each, with its process: a forked one has none of its parent's threads."""

    def __bool__(self) -> bool:
        here = os.getpid()
        return any(process == here for process, _ in tuple(self._inside))

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Within the block there is one more of them."""
        one = (os.getpid(), object())
        try:  # Ctrl-C may come between any two lines
            self._inside.add(one)
            yield
        finally:
            self._inside.discard(one)

    def let_pass(self) -> None:
        """Wait until there is none."""
        while self:
            time.sleep(0.001)
