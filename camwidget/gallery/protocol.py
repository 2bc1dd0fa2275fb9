"""Everything that crosses the wire between a ``CamGallery`` and its front end: names, shapes, limits.

This file and ``js/src/gallery/protocol.js`` are mirrors. The rules are those of ``camwidget/protocol.py``; ``status``,
``luts``, ``layers``, ``variants``, ``sign`` and ``opacity`` are what they are there.

The numbers of all items go to the browser once, while they are found out, so that it sorts, filters and counts by
itself. Pictures and maps are asked for, of what is on screen alone.

Kernel -> browser traits
    count      int      items
    names      [str]    of the classes
    known      bool     of some items the true class is known
    names_of_items [str] of the items; empty where there are none, or more than NAMES_AT_ONCE
    scored     int      the first so many items have been scored
    generation int      rises when the model has changed: all that was sent before is void, and ``scored`` begins at 0
    meta       dict     model, device
    layers     [dict]   name, grid, stage (bool), … of the first item that can be read
    variants   [dict]   id, name, … those that are not slow
    child      str      "anywidget:<model id>" of the full widget, once an item was opened; else ""
    kept       dict     for pages without a kernel, else empty: ``messages``, a list of {"content", "buffers"}, custom
                        messages as below that are read as if they came
    status, luts        as of ``CamWidget``

Two-way traits
    order      ORDERS   what the items are sorted by, ``descending`` bool
    filter     dict     truth (class | None), predicted (class | None), mistakes (bool)
    selection  [int]    items, rising
    opened     int | None   the item that the full widget shows
    layer, variant, colormap, sign, opacity   of the maps
    shows      SHOWS    which class's map lies on a thumbnail

Custom messages browser -> kernel
    {"kind": "thumbs", "nonce": str (one a view; default ""), "seq": int (rises), "items": [int] (at most MOST_ITEMS)}:
    pictures and maps of these, the first ones first. A newer one of the same nonce ends it
    {"kind": "scores?", "from": i (default 0)}: the scores of the items from i on, and all failures, again

Custom messages kernel -> browser
    {"kind": "scores", "generation", "from": i, "to": j}, one buffer: columns of j - i little-endian numbers, one after
    another: loss f32 (NaN: the true class is not known), confidence f32, margin f32, predicted u16, truth u16; UNKNOWN
    stands for no class. An item that cannot be read has no predicted class
    {"kind": "failed", "generation", "items": {"17": sentence}}
    {"kind": "more"}: the host loses what is sent while no message is handled, see ``late.py``, and more scores are to
    come: to be asked for from the first item that is lacking
    {"kind": "thumbs", "nonce", "seq", "generation", "layer", "variant", "items", "more" (bool: others follow in answer
    to this request), "error" (str, only where the request was refused)}. An item: index, name, and either failed
    (sentence), or size [w, h] of its picture, grid [h, w] of its maps, place (None: spread evenly | one [centre, step]
    an axis, shares of the picture), peak [of the predicted class, of the true class | None]. Buffers: three an item
    that has not failed: the picture (PNG or JPEG), the map of the predicted class, that of the true class (empty where
    that is not known, or the same). Maps are *signed*, f16: value = stored * peak
"""

from __future__ import annotations

from camwidget.protocol import SIGNS

ORDERS = ("loss", "confidence", "margin", "index")
SHOWS = ("predicted", "truth", "both")
FILTER_KEYS = ("truth", "predicted", "mistakes")

UNKNOWN = 65535
"""In place of a class."""

MOST_ITEMS = 64
"""Of one request: more than a screen shows."""

MOST_VIEWS = 8
"""Requests of so many views wait at the same time."""

NAMES_AT_ONCE = 20_000

LONGEST_NAME = 300

SIDE = 96
"""Longest side of a thumbnail's picture, in pixels."""

CELLS = 28
"""Longest side of its maps, in cells; finer ones are pooled."""

TRAITS_TO_BROWSER = (
    "count", "names", "known", "names_of_items", "scored", "generation", "meta", "layers", "variants", "luts", "child",
    "kept", "status",
)  # fmt: skip
TRAITS_TWO_WAY = (
    "order", "descending", "filter", "selection", "opened", "layer", "variant", "shows", "opacity", "sign", "colormap",
)  # fmt: skip

CHOICES = {"order": ORDERS, "shows": SHOWS, "sign": SIGNS}
