"""A gallery's words as they cross the wire. Shapes and names: see ``protocol.py``."""

from __future__ import annotations

from typing import Any

import numpy as np

from camwidget.atlas import Map

from .desk import Part, Wish
from .items import Items
from .scoring import Scores
from .thumbs import Made

Message = tuple[dict[str, Any], list[bytes]]

LONGEST_SENTENCE = 500


def scores(found: Scores, start: int, end: int, generation: int) -> Message:
    """The numbers of some items."""
    return {"kind": "scores", "generation": generation, "from": start, "to": end}, [found.packed(start, end)]


def failed(sentences: dict[int, str], generation: int) -> Message:
    """Why some items have none."""
    items = {str(index): text[:LONGEST_SENTENCE] for index, text in sentences.items()}
    return {"kind": "failed", "generation": generation, "items": items}, []


def thumbs(part: Part, items: Items, generation: int) -> Message:
    """What was made for a wish."""
    answers, buffers = [], list[bytes]()
    for made in part.made:
        answer, data = _one(made)
        answers.append({"index": made.index, "name": items.name(made.index), **answer})
        buffers += data
    about = {"layer": part.look.layer, "variant": part.look.variant, "items": answers, "more": part.more}
    return {**_to(part.wish), "generation": generation, **about}, buffers


def unanswered(wish: Wish, generation: int, error: str | None = None) -> Message:
    """To a request that a newer one replaced, or that was refused."""
    said = {} if error is None else {"error": error[:LONGEST_SENTENCE]}
    return {**_to(wish), "generation": generation, "layer": "", "variant": "", "items": [], "more": False, **said}, []


def _to(wish: Wish) -> dict[str, Any]:
    return {"kind": "thumbs", "nonce": wish.nonce, "seq": wish.seq}


def _one(made: Made) -> tuple[dict[str, Any], list[bytes]]:
    if made.thumb is None or made.maps is None:
        return {"failed": (made.failed or "")[:LONGEST_SENTENCE]}, []
    first, peak = _half(made.maps.predicted)
    second, other = (b"", None) if made.maps.truth is None else _half(made.maps.truth)
    place = None if made.maps.place is None else [list(axis) for axis in made.maps.place]
    grid = list(made.maps.predicted.shape)
    answer = {"size": list(made.thumb.size), "grid": grid, "place": place, "peak": [peak, other]}
    return answer, [made.thumb.data, first, second]


def _half(values: Map) -> tuple[bytes, float]:
    """A map as float16 within [-1, 1], and its largest magnitude."""
    finite = np.nan_to_num(values, nan=0, posinf=0, neginf=0)
    peak = float(np.abs(finite).max())
    return (finite / (peak or 1.0)).astype("<f2").tobytes(), peak
