"""A process may fork at any time, as data loaders do, while a thread of ours is at work: the child has no such thread,
and whatever it held would be held for ever.
"""

from __future__ import annotations

import os
import threading
from contextlib import AbstractContextManager


class Lock(AbstractContextManager[object]):
    """A lock that its thread may take again, as ``threading.RLock``; in a forked child it is free, unless the thread
    that forked holds it.
    """

    def __init__(self) -> None:
        self._lock, self._process = threading.RLock(), os.getpid()

    def __enter__(self) -> Lock:
        if self._process != os.getpid():
            self._begin_anew()
        self._lock.acquire()
        return self

    def __exit__(self, *_error: object) -> None:
        self._lock.release()

    def _begin_anew(self) -> None:
        if self._lock.acquire(blocking=False):
            self._lock.release()
        else:
            self._lock = threading.RLock()
        self._process = os.getpid()
