"""Checks of what comes in: keywords from users, requests from the browser. Nothing here raises for a browser's sake."""

from __future__ import annotations

import inspect
import numbers
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from .engine.suggest import unknown
from .protocol import REQUEST_KEYS, WANTS

LONGEST_NONCE = 64
LARGEST_SEQ = 2**53


@dataclass(frozen=True)
class Incoming:
    """A request as the browser sent it. ``error`` is set where it has not even the right form; ``reply`` where it
    can be answered.
    """

    target: Any = None
    layer: Any = None
    variant: Any = None
    want: Any = None
    whole: bool = False
    reply: tuple[str, int] | None = None
    error: str | None = None


def read_request(value: Any) -> Incoming:
    """Take a request apart without trusting any of it. Its target, layer and variant are checked by whoever knows
    them.
    """
    if not isinstance(value, Mapping):
        return Incoming(error=f"a request is a dict, not a {type(value).__name__}")
    reply = _reply(value.get("nonce"), value.get("seq"))
    strange = [repr(str(key)[:40]) for key in value if key not in REQUEST_KEYS]
    if reply is None:
        return Incoming(error="a request carries a nonce (text) and a seq (a count)")
    if strange:
        return Incoming(reply=reply, error=f"unknown key in a request: {', '.join(strange[:3])}")
    if value.get("want") not in WANTS:
        return Incoming(reply=reply, error=unknown("want", value.get("want"), [w for w in WANTS if w]))
    if not isinstance(value.get("whole", False), bool):
        return Incoming(reply=reply, error="whole is true or false")
    return Incoming(
        value.get("target"),
        value.get("layer"),
        value.get("variant"),
        value.get("want"),
        value.get("whole", False),
        reply,
    )


def _reply(nonce: Any, seq: Any) -> tuple[str, int] | None:
    # ASCII: half a character, which JSON can carry, could not be sent back
    if not isinstance(nonce, str) or not nonce.isascii() or not 0 < len(nonce) <= LONGEST_NONCE:
        return None
    if isinstance(seq, bool) or not isinstance(seq, int) or not 0 <= seq <= LARGEST_SEQ:
        return None
    return nonce, seq


def keywords(function: Callable[..., Any], given: Collection[str], also: Collection[str]) -> None:
    """Raise TypeError for a keyword that is not among ``also``; the message names those of ``function``, too."""
    named = [p.name for p in inspect.signature(function).parameters.values() if p.kind is not p.VAR_KEYWORD]
    for name in given:
        if name not in also:
            raise TypeError(unknown("keyword", name, [*named[1:], *also]))


def one_of(name: str, value: Any, accepted: Collection[str]) -> str:
    """One of a few words."""
    if not isinstance(value, str) or value not in accepted:
        raise ValueError(unknown(name, value, accepted))
    return value


def share(name: str, value: Any) -> float:
    """A number from 0 to 1."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise TypeError(f"{name} is {value!r}; accepted: a number from 0 to 1")
    number = float(value)
    if not 0 <= number <= 1:
        raise ValueError(f"{name} is {value}; accepted: a number from 0 to 1")
    return number


def count(name: str, value: Any) -> int:
    """A whole number of at least 1."""
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise TypeError(f"{name} is {value!r}; accepted: a whole number of at least 1")
    if value < 1:
        raise ValueError(f"{name} is {value}; accepted: a whole number of at least 1")
    return int(value)
