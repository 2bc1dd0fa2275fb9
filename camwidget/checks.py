"""Checks of what comes in: keywords from users, requests from the browser. Nothing here raises for a browser's sake."""

from __future__ import annotations

import inspect
import math
import numbers
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from .engine.suggest import unknown
from .protocol import HISTORY_LENGTH, MOST_GAMMA, MOST_LEVELS, REQUEST_KEYS, ROWS, VISIT_KEYS, WANTS

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
    rows: Any = None
    whole: bool = False
    visit: Mapping[str, Any] | None = None
    edits: Any = None
    contrast: Any = None
    index: Any = None
    keep: bool = False
    tests: bool = False
    reply: tuple[str, int] | None = None
    error: str | None = None


def read_request(value: Any) -> Incoming:
    """Take a request apart without trusting any of it. Its target, layer, variant, edits and index are checked by
    whoever knows them.
    """
    if not isinstance(value, Mapping):
        return Incoming(error=f"a request is a dict, not a {type(value).__name__}")
    reply = _reply(value.get("nonce"), value.get("seq"))
    if reply is None:
        return Incoming(error="a request carries a nonce (text) and a seq (a count)")
    error = _wrong(value)
    if error is not None:
        return Incoming(reply=reply, error=error)
    return Incoming(
        value.get("target"),
        value.get("layer"),
        value.get("variant"),
        value.get("want"),
        value.get("rows"),
        value.get("whole", False),
        value.get("visit"),
        value.get("edits"),
        value.get("contrast"),
        value.get("index"),
        value.get("keep", False),
        value.get("tests", False),
        reply,
    )


def _wrong(request: Mapping[str, Any]) -> str | None:
    """What is wrong with the form of a request that can be answered."""
    strange = [repr(str(key)[:40]) for key in request if key not in REQUEST_KEYS]
    if strange:
        return f"unknown key in a request: {', '.join(strange[:3])}"
    for key, accepted in (("want", WANTS), ("rows", (None, *ROWS))):
        if request.get(key) not in accepted:
            return unknown(key, request.get(key), [word for word in accepted if word])
    for key in ("keep", "whole", "tests"):
        if not isinstance(request.get(key, False), bool):
            return f"{key} is true or false"
    if not _is_visit(request.get("visit")):
        return f"visit is null, or has {' and '.join(VISIT_KEYS)}, at a place in the history or null"
    return None


def _is_visit(visit: Any) -> bool:
    if visit is None:
        return True
    if not isinstance(visit, Mapping) or set(visit) != set(VISIT_KEYS):
        return False
    at = visit["at"]
    return at is None or (isinstance(at, int) and not isinstance(at, bool) and 0 <= at < HISTORY_LENGTH)


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
    return number(name, value, "a number from 0 to 1", lambda x: 0 <= x <= 1)


def gamma(name: str, value: Any) -> float:
    """How much the other class of a contrast counts."""
    accepted = f"a number from 0 to {MOST_GAMMA}"
    return number(name, value, accepted, lambda x: 0 <= x <= MOST_GAMMA)


def limit(name: str, value: Any) -> float | None:
    """The value of the strongest colour, or None."""
    if value is None:
        return None
    return number(name, value, "a number above 0, or None", lambda x: 0 < x < math.inf)


def levels(name: str, value: Any) -> tuple[float, ...]:
    """A few shares of the colour limit, rising."""
    accepted = f"1 to {MOST_LEVELS} shares of the colour limit above 0 and up to 1, such as (0.25, 0.5, 0.75)"
    if isinstance(value, (str, bytes, Mapping)) or not isinstance(value, Iterable):
        raise TypeError(f"{name} is {value!r:.80}; accepted: {accepted}")
    given = list(islice(value, MOST_LEVELS + 1))
    found = sorted({number(name, one, accepted, lambda x: 0 < x <= 1) for one in given})
    if not 0 < len(given) <= MOST_LEVELS:
        count = f"more than {MOST_LEVELS}" if given else "no"
        raise ValueError(f"{name} has {count} shares; accepted: {accepted}")
    return tuple(found)


def number(name: str, value: Any, accepted: str, fits: Callable[[float], bool]) -> float:
    """A number that fits, as a float. Raises TypeError or ValueError with what is accepted."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise TypeError(f"{name} is {value!r:.80}; accepted: {accepted}")
    try:
        found = float(value)
    except OverflowError:
        found = math.inf
    if not fits(found):  # which no NaN does
        raise ValueError(f"{name} is {value!r:.80}; accepted: {accepted}")
    return found


def count(name: str, value: Any) -> int:
    """A whole number of at least 1."""
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise TypeError(f"{name} is {value!r}; accepted: a whole number of at least 1")
    if value < 1:
        raise ValueError(f"{name} is {value}; accepted: a whole number of at least 1")
    return int(value)
