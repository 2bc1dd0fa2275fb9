"""The states that were visited, and where among them one stands. The browser keeps the same by the same rule, see
``js/src/lib/history.js``: a committed change cuts off what lies ahead and is added at the end; going back and forward
only moves the place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .protocol import HISTORY_KEYS, HISTORY_LENGTH

Trail = dict[str, Any]
"""``{"at": int, "states": [state, ...]}``, the form of the ``visited`` trait: of each state its values in the order of
HISTORY_KEYS. Never written to: each change is a new one.
"""


def begun(state: Mapping[str, Any]) -> Trail:
    """The trail of who has been in one state only."""
    return {"at": 0, "states": [_kept(state)]}


def visited(trail: Trail, state: Mapping[str, Any]) -> Trail:
    """The trail after a committed change. One that leads nowhere else changes nothing."""
    if trail["states"][trail["at"]] == _kept(state):
        return trail
    states = [*trail["states"][: trail["at"] + 1], _kept(state)][-HISTORY_LENGTH:]
    return {"at": len(states) - 1, "states": states}


def moved(trail: Trail, by: int) -> Trail | None:
    """The trail some steps back (negative) or forward; None where there is no such state."""
    at = trail["at"] + by
    return {**trail, "at": at} if 0 <= at < len(trail["states"]) else None


def returned(trail: Trail, state: Mapping[str, Any], at: int) -> Trail:
    """The trail of a browser that went back or forward to a state it has at ``at``. Its list may be longer by what was
    clicked and dropped while the kernel was busy: then the nearest equal state is meant, or it is new here.
    """
    wanted = _kept(state)
    same = [i for i, known in enumerate(trail["states"]) if known == wanted]
    return {**trail, "at": min(same, key=lambda i: abs(i - at))} if same else visited(trail, state)


def named(row: Sequence[Any]) -> dict[str, Any]:
    """A state of a trail, by name."""
    return dict(zip(HISTORY_KEYS, row, strict=True))


def _kept(state: Mapping[str, Any]) -> list[Any]:
    return [state[name] for name in HISTORY_KEYS]
