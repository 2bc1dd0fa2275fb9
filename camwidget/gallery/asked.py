"""What a browser asks of a gallery, and what users set, checked. Nothing of it is trusted."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from camwidget.checks import LARGEST_SEQ, LONGEST_NONCE
from camwidget.engine.suggest import unknown
from camwidget.labels import index_of

from .desk import Wish
from .protocol import FILTER_KEYS, MOST_ITEMS

WISH_KEYS = ("kind", "nonce", "seq", "items")


@dataclass(frozen=True)
class Refused:
    """A request of the wrong form; ``wish`` is what can be told of it, None where it cannot be answered."""

    text: str
    wish: Wish | None = None


def read_wish(content: Mapping[str, Any], count: int) -> Wish | Refused:
    """A request for thumbnails of a gallery of ``count`` items."""
    nonce, seq, items = content.get("nonce", ""), content.get("seq"), content.get("items")
    # ASCII: half a character, which JSON can carry, could not be sent back
    if not isinstance(nonce, str) or not nonce.isascii() or len(nonce) > LONGEST_NONCE:
        return Refused(f"a nonce is a text of at most {LONGEST_NONCE} letters")
    if not isinstance(seq, int) or isinstance(seq, bool) or not 0 <= seq <= LARGEST_SEQ:
        return Refused("a request carries a seq (a count)")
    empty = Wish(nonce, seq, ())
    strange = [repr(str(key)[:40]) for key in content if key not in WISH_KEYS]
    if strange:
        return Refused(f"unknown key in a request: {', '.join(strange[:3])}", empty)
    if not isinstance(items, list) or len(items) > MOST_ITEMS:
        return Refused(f"items is a list of at most {MOST_ITEMS} numbers", empty)
    if not all(_is_whole(item) and 0 <= item < count for item in items):
        return Refused(f"an item is given by its number, 0 to {count - 1}", empty)
    return Wish(nonce, seq, tuple(dict.fromkeys(items)))


def read_selection(value: Any, count: int) -> list[int]:
    """Items, each once, rising.

    Raises:
        TypeError, ValueError: with what is accepted.
    """
    wanted = f"selection is a list of items, 0 to {count - 1}"
    if isinstance(value, (str, bytes, Mapping)) or not isinstance(value, Iterable):
        raise TypeError(f"{wanted}; given: {value!r:.80}")
    found = [read_item(one, count, wanted) for one in value]
    return sorted(set(found))


def read_item(value: Any, count: int, wanted: str | None = None) -> int:
    """An item by its number.

    Raises:
        TypeError, ValueError: with what is accepted.
    """
    wanted = wanted or f"an item is given by its number, 0 to {count - 1}"
    if hasattr(value, "__index__") and not isinstance(value, bool):
        index = operator.index(value)
        if 0 <= index < count:
            return index
        raise ValueError(f"{wanted}; given: {index if abs(index) < 10**12 else 'a larger number'}")
    raise TypeError(f"{wanted}; given: {value!r:.80}, a {type(value).__name__}")


def read_filter(value: Any, names: tuple[str, ...]) -> dict[str, Any]:
    """Which items are shown: ``truth`` and ``predicted``, a class by its index or name, or None for all; ``mistakes``.
    What is left out is all.

    Raises:
        TypeError, ValueError: with what is accepted.
    """
    value = {} if value is None else value
    if not isinstance(value, Mapping):
        raise TypeError(
            f'filter is {value!r:.80}; accepted: a dict such as {{"truth": {names[0]!r}, "mistakes": True}}'
        )
    for key in value:
        if key not in FILTER_KEYS:
            raise ValueError(unknown("key of a filter", str(key)[:40], FILTER_KEYS))
    mistakes = value.get("mistakes", False)
    if not isinstance(mistakes, bool):
        raise TypeError(f"filter['mistakes'] is {mistakes!r:.80}; accepted: True or False")
    classes = {key: value.get(key) for key in FILTER_KEYS[:2]}
    found = {key: None if one is None else index_of(names, one) for key, one in classes.items()}
    return {**found, "mistakes": mistakes}


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
