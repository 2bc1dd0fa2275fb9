"""Memory that recordings took goes back to the system when they are gone.

glibc serves each thread from a pool of its own, and keeps what was freed for the next one that is served from there. A
worker that begins while another ends, as when a cell runs again, is given another pool: with time there are several,
each as large as the most that ever was in use there, and memory seems to leak. So whoever works asks the library now
and then to hand over what is free.
"""

from __future__ import annotations

import ctypes
import sys
import time
from collections.abc import Callable, Hashable

REST = 10.0
"""Seconds until we ask again. What was handed over must be fetched anew: some milliseconds for 20 MB."""

SHARE = 0.01
"""Of all time that we spend with it at most: in a process that holds millions of small things it takes long."""


class Freed:
    """Hands over what is free. Of one worker, which calls it when nobody waits for anything."""

    def __init__(self, trim: Callable[[], object] | None = None) -> None:
        self._trim = trim if trim is not None else _trim
        self._last: Hashable = None
        self._next = 0.0

    def hand_over(self, recorded: Hashable) -> None:
        """Do so, unless that was a short while ago.

        Args:
            recorded: another one where something was recorded since, and so something else let go. Never None.
        """
        start = time.monotonic()
        if recorded == self._last or start < self._next:
            return
        self._trim()
        end = time.monotonic()
        self._last, self._next = recorded, end + max(REST, (end - start) / SHARE)


def _trim() -> None:
    """Of glibc only: others give back by themselves, or have no such call."""
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(ctypes.c_size_t(0))
