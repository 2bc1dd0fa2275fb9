"""What the C library has lent to this process, to tell what is used from what is only kept for later. The kernel
imports it."""

from __future__ import annotations

import ctypes

FIELDS = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost"


class _Info(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in FIELDS.split()]


def lent() -> list[float]:
    """MiB that are in use, and that were freed and are kept in pools (of which some may have gone back to the system);
    of glibc from 2.33 on, else nothing."""
    ask = getattr(ctypes.CDLL(None), "mallinfo2", None)
    if ask is None:
        return []
    ask.restype = _Info
    found = ask()
    return [(found.uordblks + found.hblkhd) / 2**20, found.fordblks / 2**20]
