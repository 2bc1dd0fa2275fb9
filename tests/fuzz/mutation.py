"""Messages that a front end has sent, spoilt at random: a few bytes of their text, or a value somewhere in them."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Sequence
from typing import Any

from tests.fuzz.strategies import ODD_NUMBERS, ODD_TEXT

TRIES = 200


def deep(levels: int) -> Any:
    """Lists in one another."""
    found: Any = 1
    for _ in range(levels):
        found = [found]
    return found


ODD: Sequence[Any] = (
    None, True, False, *ODD_NUMBERS, *ODD_TEXT, "x" * 100_000, [], {}, [[]], [{}], {"": {}}, deep(400), [0] * 20_000,
    [[0, 0]] * 20_000, {"a" * 1000: 1},
)  # fmt: skip
"""What is put in the place of a value."""

LETTERS = b'0123456789.-+eE"[]{},:\\ntfu\x00\x7f\xff'


def spoilt(recorded: Sequence[Any], draw: random.Random) -> Any:
    """One of the recorded messages, spoilt; as the kernel reads it, which drops what is no JSON."""
    data = copy.deepcopy(draw.choice(recorded))
    changes = draw.choice((0, 1, 1, 2, 3))
    if draw.random() < 0.5:
        for _ in range(changes):
            data = _changed(data, recorded, draw)
        return json.loads(json.dumps(data))
    text = json.dumps(data, ensure_ascii=draw.random() < 0.5).encode()
    for _ in range(TRIES):
        bad = text
        for _ in range(changes):
            bad = _bytes_changed(bad, draw)
        try:
            return json.loads(bad)
        except (ValueError, RecursionError):
            continue
    return data


def _bytes_changed(text: bytes, draw: random.Random) -> bytes:
    at, length = draw.randrange(len(text) + 1), draw.choice((1, 1, 1, 2, 5, 20))
    letters = bytes(draw.choice(LETTERS) for _ in range(draw.choice((1, 1, 2))))
    match draw.randrange(5):
        case 0:
            return text[:at] + letters + text[at:]
        case 1:
            return text[:at] + text[at + length :]
        case 2:
            return text[:at] + letters + text[at + len(letters) :]
        case 3:
            return text[: at + length] + text[at:]
        case _:
            other = draw.randrange(len(text) + 1)
            return text[:at] + text[other : other + length] + text[at + length :]


def _changed(data: Any, recorded: Sequence[Any], draw: random.Random) -> Any:
    """With another value at a random place, or a place more or less."""
    places = list(_places(data))
    if not places:
        return _odd(draw)
    holder, key = draw.choice(places)
    match draw.randrange(5):
        case 0:
            del holder[key]
        case 1 if isinstance(holder, dict):
            holder[draw.choice(("", "extra", "type", "__proto__", "nonce", "x" * 1000))] = holder[key]
        case 2:  # what stands somewhere else
            other_holder, other = draw.choice(list(_places(draw.choice(recorded))) or [(holder, key)])
            holder[key] = copy.deepcopy(other_holder[other])
        case 3:
            holder[key] = [holder[key]]
        case _:
            holder[key] = _odd(draw)
    return data


def _odd(draw: random.Random) -> Any:
    """One of the odd values; a copy, of which every part is one of its own, since it may be changed where it is put."""
    return json.loads(json.dumps(draw.choice(ODD)))


def _places(data: Any) -> Any:
    if isinstance(data, (dict, list)):
        for key in data if isinstance(data, dict) else range(len(data)):
            yield data, key
            yield from _places(data[key])
