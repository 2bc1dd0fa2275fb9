"""Messages as the protocol has them, with values that it does not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from camwidget import protocol
from camwidget.engine import VARIANTS
from camwidget.gallery import protocol as of_galleries

LONE = "\ud800"  # JSON can carry half a character; UTF-8 cannot
ODD_TEXT = ("", LONE, "\x00", "\u202e<b>", "__class__", "$bytes", "x" * 10_000)
ODD_NUMBERS = (-1, 0, 1.5, 2**53, 10**30, -(10**400), 1e308, float("nan"), float("inf"))

TEXT = st.text(st.characters(codec=None), max_size=8) | st.sampled_from(ODD_TEXT)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(ODD_NUMBERS) | TEXT
JSON = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3), max_leaves=6
)

PLACE = st.floats(-20, 80) | LEAVES
POINT = st.lists(PLACE, min_size=2, max_size=2)
REGION = st.none() | st.lists(PLACE, min_size=4, max_size=4) | st.lists(POINT, max_size=5)


def _words(accepted: Sequence[Any]) -> st.SearchStrategy[Any]:
    return st.sampled_from(list(accepted)) | JSON


EDIT = st.fixed_dictionaries(
    {"points": st.lists(POINT, max_size=4) | st.lists(PLACE, min_size=4, max_size=4) | JSON, "radius": PLACE},
    optional={"tool": _words(protocol.BRUSHES), "mode": _words(protocol.MODES), "fill": _words(protocol.FILLS)},
)


def requests(layers: Sequence[str], classes: int) -> st.SearchStrategy[Any]:
    """Requests for a widget with these layers, mostly right in most of their parts."""
    parts = {
        "want": _words(protocol.WANTS),
        "rows": _words((None, *protocol.ROWS)),
        "whole": st.booleans() | JSON,
        "keep": st.booleans() | JSON,
        "tests": st.booleans() | JSON,
        "visit": st.none() | st.fixed_dictionaries({"at": st.none() | st.integers(-1, 9) | JSON, "region": REGION}),
        "edits": st.none() | st.lists(EDIT, max_size=3) | JSON,
        "contrast": st.none() | st.fixed_dictionaries({"rival": st.integers(-1, classes) | JSON, "gamma": PLACE}),
        "index": st.none() | st.integers(-1, 6) | JSON,
        "extra": JSON,
    }
    asked = st.fixed_dictionaries(
        {
            "nonce": st.sampled_from(["page", "other"]) | JSON,
            "seq": st.integers(0, 10_000) | JSON,
            "target": st.integers(-1, classes) | JSON,
            "layer": st.sampled_from([*layers, None]) | JSON,
            # those that take long are asked for by the recorded messages
            "variant": st.sampled_from([v.id for v in VARIANTS.values() if not v.slow]) | JSON,
        },
        optional=parts,
    )
    return (asked | JSON).map(lambda request: {"type": "request", "request": request})


def of_gallery(layers: Sequence[str], classes: int, count: int) -> st.SearchStrategy[Any]:
    """As ``messages``, for a gallery of so many items."""
    item, kind = st.integers(-1, count) | JSON, st.integers(-1, classes) | st.none() | JSON
    wish = st.fixed_dictionaries(
        {
            "kind": st.just("thumbs"),
            "seq": st.integers(0, 10_000) | JSON,
            "items": st.lists(st.integers(0, count - 1), max_size=count) | st.lists(item, max_size=80) | JSON,
        },
        optional={"nonce": st.sampled_from(["page", "other"]) | JSON, "extra": JSON},
    )
    scores = st.fixed_dictionaries({"kind": st.just("scores?")}, optional={"from": item})
    narrow = st.fixed_dictionaries({}, optional={"truth": kind, "predicted": kind, "mistakes": st.booleans() | JSON})
    named = st.fixed_dictionaries(
        {},
        optional={
            "order": _words(of_galleries.ORDERS), "descending": st.booleans() | JSON, "filter": narrow | JSON,
            "selection": st.lists(item, max_size=20) | JSON, "opened": st.none() | item, "layer": _words(layers),
            "variant": st.sampled_from([v.id for v in VARIANTS.values() if not v.slow]) | JSON,
            "shows": _words(of_galleries.SHOWS), "opacity": PLACE, "sign": _words(protocol.SIGNS),
            "colormap": st.sampled_from(["viridis", "bone", "Jet"]) | JSON,
        },
    )  # fmt: skip
    names = (*of_galleries.TRAITS_TO_BROWSER, *of_galleries.TRAITS_TWO_WAY, *NAMES)
    state = named | named | st.dictionaries(st.sampled_from(names) | TEXT, JSON, max_size=3) | JSON
    update = st.fixed_dictionaries({"method": st.just("update"), "state": state, "buffer_paths": st.just([]) | JSON})
    asked = st.fixed_dictionaries({"method": st.just("custom"), "content": wish | wish | scores | JSON})
    return asked | update | asked | update | JSON


NAMES = (
    *protocol.TRAITS_TO_BROWSER, *protocol.TRAITS_TWO_WAY, *protocol.TRAITS_OF_AIM, *protocol.TRAITS_OF_SCENE,
    "_esm", "_view_count", "_dom_classes", "layout", "tooltip", "tabbable", "comm", "keys", "_model_id",
)  # fmt: skip


def messages(layers: Sequence[str], classes: int) -> st.SearchStrategy[Any]:
    """Whole messages: requests, changes of traits, and what is neither."""
    named = st.fixed_dictionaries(
        {},
        optional={
            "opacity": PLACE, "threshold": PLACE, "gamma": PLACE, "limit": PLACE, "region": REGION,
            "levels": st.lists(PLACE, max_size=12), "target": st.integers(-1, classes) | JSON,
            "rival": st.integers(-1, classes), "against": st.integers(-1, classes) | st.none(),
            "score": st.sampled_from(["logit", "softmax", "log_softmax"]), "index": st.integers(-1, 6),
            "sign": _words(protocol.SIGNS), "shading": _words(protocol.SHADINGS), "scale": _words(protocol.SCALES),
            "contrast": _words(protocol.CONTRASTS), "colormap": st.sampled_from(["viridis", "bone", "Jet"]) | JSON,
        },
    )  # fmt: skip
    state = named | st.dictionaries(st.sampled_from(NAMES) | TEXT, JSON, max_size=3) | JSON
    paths = st.just([]) | st.lists(st.lists(st.sampled_from(NAMES) | JSON, max_size=2), max_size=2) | JSON
    update = st.fixed_dictionaries({"method": st.just("update"), "state": state, "buffer_paths": paths})
    asked = st.fixed_dictionaries({"method": st.just("custom"), "content": requests(layers, classes)})
    other = st.fixed_dictionaries(
        {"method": st.sampled_from(["update", "custom", "request_state", "echo_update", "backbone"]) | JSON},
        optional={"state": JSON, "content": JSON, "buffer_paths": JSON},
    )
    return asked | asked | update | other | JSON
