"""A process may fork at any time, as data loaders do, while a thread of ours is at work: the child has no such thread,
and whatever it held would be held for ever.
"""

from __future__ import annotations

import os
import weakref
from _thread import RLock


class Lock(RLock):  # type: ignore[misc]  # final for the checkers only
    """A lock that its thread may take again, as ``threading.RLock``; in a forked child it is free, unless the thread
    that forked holds it.

    It is taken and given back by the interpreter's own code: Ctrl-C may come between any two lines of Python, and one
    within an ``__enter__`` or ``__exit__`` of ours would leave the lock taken for ever.
    """

    def __init__(self) -> None:
        super().__init__()
        _LOCKS.add(self)


_LOCKS: weakref.WeakSet[Lock] = weakref.WeakSet()
"""Those that a child has to free: nothing tells a lock itself of a fork."""


def _begin_anew() -> None:
    for lock in list(_LOCKS):
        if not lock._is_owned():  # type: ignore[attr-defined]
            lock._at_fork_reinit()  # type: ignore[attr-defined]


if hasattr(os, "register_at_fork"):  # not on Windows, which has no forks
    os.register_at_fork(after_in_child=_begin_anew)
