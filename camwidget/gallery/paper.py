"""What a page without a kernel is given of a gallery: the scores of all items, and the pictures of the first ones.

Both are the very messages that a kernel would have sent, kept in one trait: the front end reads them as if they came.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from camwidget import payload

from . import wire
from .desk import Part, Wish
from .items import Items
from .protocol import MOST_ITEMS, TRAITS_TO_BROWSER, TRAITS_TWO_WAY, UNKNOWN
from .scoring import Scores
from .thumbs import Look, Made

TRAITS = (*TRAITS_TO_BROWSER, *TRAITS_TWO_WAY)
"""All that a page is given."""

UNREAD = "could not be read or run"
"""Of an item on a page: what was raised may name files of whoever made it."""


def first(scores: Scores, order: str, descending: bool, chosen: Mapping[str, Any], most: int) -> list[int]:
    """The first so many items with a picture, as the browser sorts and filters them (``js/src/gallery/order.js``)."""
    known = scores.predicted != UNKNOWN
    for column, name in ((scores.truth, "truth"), (scores.predicted, "predicted")):
        if chosen[name] is not None:
            known &= column == chosen[name]
    if chosen["mistakes"]:
        known &= (scores.truth != UNKNOWN) & (scores.truth != scores.predicted)
    items = np.flatnonzero(known)
    if order == "index":
        return [int(item) for item in (items[::-1] if descending else items)[:most]]
    rank = np.asarray(getattr(scores, order)[items], np.float64)
    rank = np.nan_to_num(-rank if descending else rank, nan=np.inf)
    return [int(item) for item in items[np.argsort(rank, kind="stable")[:most]]]


def kept(scores: Scores, items: Items, made: Sequence[Made], look: Look, generation: int) -> dict[str, Any]:
    """The ``kept`` trait: what was sent of all items, and of those that were made."""
    messages = [wire.scores(scores, 0, len(items), generation), wire.failed(dict(scores.failed), generation)]
    for start in range(0, len(made), MOST_ITEMS):
        part = tuple(made[start : start + MOST_ITEMS])
        wish = Wish("", 0, tuple(one.index for one in part))
        messages.append(wire.thumbs(Part(wish, look, part, False), items, generation))
    return {"messages": [{"content": content, "buffers": buffers} for content, buffers in messages]}


def of(traits: Mapping[str, Any], inner: bool) -> dict[str, Any]:
    """The traits of a page: with the layer and the variant that its maps are of, and no names of files.

    Args:
        traits: the gallery's. inner: the full widget of the opened item is on the page, too.
    """
    page = {name: traits[name] for name in TRAITS if name in traits}
    return {
        **page,
        "layers": [one for one in page["layers"] if one["name"] == page["layer"]],
        "variants": [one for one in page["variants"] if one["id"] == page["variant"]],
        "names_of_items": [],
        "kept": {"messages": [_nameless(one) for one in page["kept"].get("messages", [])]},
        "status": {**payload.quiet({"about": None, **page["status"]}), "hint": ""},  # which may name a file
        "opened": page["opened"] if inner else None,
        "child": page["child"] if inner else "",
    }


def _nameless(message: Mapping[str, Any]) -> dict[str, Any]:
    content = dict(message["content"])
    if content["kind"] == "failed":
        content["items"] = dict.fromkeys(content["items"], UNREAD)
    elif content["kind"] == "thumbs":
        content["items"] = [
            {**one, "name": "", **({"failed": UNREAD} if "failed" in one else {})} for one in content["items"]
        ]
    return {**message, "content": content}
