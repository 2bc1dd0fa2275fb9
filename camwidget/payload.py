"""What a page without a kernel is given of a widget: every trait that the browser reads, with all chosen maps, in one
deflated block.

The maps travel in the formats of ``protocol.py``. Those of coarse grids keep their half floats; finer ones, which have
most of the cells and none of the detail that a number could be read from, are rounded to whole steps of their peak.
"""

from __future__ import annotations

import io
import itertools
import json
import math
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from PIL import Image

from . import wire
from .answers import View
from .atlas import Map
from .engine import VARIANTS, Recording
from .engine.stale import StaleRecordingError
from .failing import TOO_FAST
from .protocol import TRAITS_OF_AIM, TRAITS_OF_SCENE, TRAITS_TO_BROWSER, TRAITS_TWO_WAY
from .session import Session

TRAITS = (*TRAITS_TO_BROWSER, *TRAITS_TWO_WAY, *TRAITS_OF_AIM, *TRAITS_OF_SCENE)
"""All that a page is given."""

OF_A_FILM = ("reel", "frames", "heats")
"""Empty on a page: it has the maps of one picture, and a strip that leads nowhere is none."""

FINE = 32 * 32
"""Maps of more cells than this are rounded to whole steps."""

STEPS = (127, 63, 31, 15)
"""From zero to the peak: the most that keep a page below BUDGET are taken."""

BUDGET = 490_000
"""Bytes of a page that finer steps may use up."""

BYTES_A_CELL = {None: 1.85, 127: 0.72, 63: 0.59, 31: 0.45, 15: 0.32}
"""How much a cell weighs once deflated, as measured on trained and untrained networks; None: as a half float."""

TEXT = 4 / 3
"""Base64 is larger than its bytes by this."""

PHOTO = 60_000
"""A picture of more bytes is made smaller …"""
PHOTO_AS = ((448, 85), (448, 70), (376, 60), (256, 60))
"""… to the first of these that is not: longest side in pixels, and quality. Only noise comes to the last."""

TRIES = 5


@dataclass(frozen=True)
class Choice:
    """Which maps go along: every class at every layer by every variant."""

    targets: tuple[int, ...]
    layers: tuple[str, ...]
    variants: tuple[str, ...]

    def views(self) -> Iterator[View]:
        """Every combination."""
        for target, layer, variant in itertools.product(self.targets, self.layers, self.variants):
            yield View(target, layer, variant)


def gather(session: Session, view: View, choice: Choice) -> dict[View, Map]:
    """The signed maps of a choice, all of one and the same model.

    Raises:
        StaleRecordingError: the model changes faster than they can be made. As ``Recording.cams``.
    """
    for _ in range(TRIES):
        session.recording(view)
        generation = session.atlas.generation
        try:
            maps = dict(_made(session, choice))
        except StaleRecordingError:
            continue
        if session.atlas.generation == generation:
            return maps
    raise StaleRecordingError(TOO_FAST)


def _made(session: Session, choice: Choice) -> Iterator[tuple[View, Map]]:
    """Each map with its view. One backward pass a class and rule gives the gradients of all layers: those that share
    one are made together, before the next takes its place in memory.
    """
    rules = list(dict.fromkeys(VARIANTS[variant].rule for variant in choice.variants))
    for target, rule in itertools.product(choice.targets, rules):
        variants = [variant for variant in choice.variants if VARIANTS[variant].rule == rule]
        plain = [variant for variant in variants if VARIANTS[variant].function is not None]
        if plain and len(choice.layers) > 1:
            session.atlas.prepare(target, plain[0])
        for variant, layer in itertools.product(variants, choice.layers):
            view = View(target, layer, variant)
            yield view, session.map(view)


def state(traits: Mapping[str, Any], choice: Choice, maps: Mapping[View, Map], steps: int) -> dict[str, Any]:
    """The traits of a page that holds these maps and no others.

    Args:
        traits: the widget's, by their names. steps: of fine maps, from zero to the peak.
    """
    here = View(traits["target"], traits["layer"], traits["variant"])
    image = traits["meta"]["image"]
    loose = [{**asdict(view), **encoded(map_, steps)} for view, map_ in maps.items() if view != here]
    listed = [target for target in traits["listed"] if target in choice.targets]
    chances = np.frombuffer(traits["classes"]["probabilities"], "<f4")
    further = sorted(set(choice.targets) - set(listed), key=lambda target: -chances[target])
    page = {
        **traits,
        "listed": [*listed, *further],
        "layers": [layer for layer in traits["layers"] if layer["name"] in choice.layers],
        "variants": [variant for variant in traits["variants"] if variant["id"] in choice.variants],
        "stack": _stack(traits["stack"], here, maps[here], steps, image),
        "strip": {},  # all its layers are here, in full
        "nearby": {"image": image, "maps": loose},
        "status": quiet(traits["status"]),
    }
    return _with_small_photo(page)


def _stack(sent: Mapping[str, Any], view: View, map_: Map, steps: int, image: int) -> dict[str, Any]:
    """The ``stack`` trait with one map; what was measured and said of the one on screen stays."""
    same = (sent.get("layer"), sent.get("variant")) == (view.layer, view.variant)
    made = encoded(map_, steps)
    return {
        "image": image,
        "layer": view.layer,
        "variant": view.variant,
        "targets": [view.target],
        **made,
        "done": True,
        "ms": sent["ms"] if same else None,
        "note": sent["note"] if same else None,
        "reply": None,
    }


def quiet(said: Mapping[str, Any]) -> dict[str, Any]:
    """What is said of the maps. What went wrong in the kernel is no reader's business, and might name its files."""
    if said["state"] in ("ready", "warning"):
        return {**said, "reply": None}
    return wire.status("ready", "")


def encoded(map_: Map, steps: int) -> dict[str, Any]:
    """``grid``, ``dtype``, ``scale``, ``data`` of one map."""
    if map_.size <= FINE or not np.isfinite(map_).all():
        return {"grid": list(map_.shape), **wire.packed(map_[None], above=0)}
    largest = float(np.abs(map_).max()) or 1.0
    stored = np.rint(map_ / largest * steps).astype("i1")
    return {"grid": list(map_.shape), "dtype": "int8", "scale": largest / steps, "data": stored.tobytes()}


def block(traits: Mapping[str, Any]) -> bytes:
    """Traits as one deflated block: the length of the text that follows (little-endian, 4 bytes); JSON in which bytes
    are ``{"$bytes": [offset, length]}``; the bytes.
    """
    parts: list[bytes] = []
    place = 0

    def plain(value: Any) -> Any:
        nonlocal place
        if isinstance(value, (bytes, bytearray, memoryview)):
            parts.append(bytes(value))
            place += len(parts[-1])
            return {"$bytes": [place - len(parts[-1]), len(parts[-1])]}
        if isinstance(value, Mapping):
            return {str(key): plain(inner) for key, inner in value.items()}
        if isinstance(value, (list, tuple)):
            return [plain(inner) for inner in value]
        return None if isinstance(value, float) and not math.isfinite(value) else value

    text = json.dumps(plain(traits), separators=(",", ":"), allow_nan=False).encode()
    deflate = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return deflate.compress(b"".join([len(text).to_bytes(4, "little"), text, *parts])) + deflate.flush()


def fitting(traits: Mapping[str, Any], choice: Choice, maps: Mapping[View, Map], budget: float) -> bytes:
    """The block of a page, with fine maps in the most steps that keep it within ``budget`` bytes, or in the fewest."""
    made = b""
    for steps in STEPS:
        made = block(state(traits, choice, maps, steps))
        if len(made) <= budget:
            break
    return made


def estimate(traits: Mapping[str, Any], choice: Choice, recording: Recording, budget: float) -> float:
    """About how many bytes ``fitting`` will give, from the sizes of grids alone: nothing is computed."""
    cells = {"coarse": 0, "fine": 0}
    for view in choice.views():
        at_input = VARIANTS[view.variant].at_input
        grid = recording.x.shape[2:] if at_input else recording.layers[view.layer].grid
        size = math.prod(grid)
        cells["fine" if size > FINE else "coarse"] += size
    bare = {**traits, "stack": {}, "strip": {}, "nearby": {}}
    fixed = len(block(_with_small_photo(bare))) + BYTES_A_CELL[None] * cells["coarse"]
    sizes = [fixed + BYTES_A_CELL[steps] * cells["fine"] for steps in STEPS]
    return next((size for size in sizes if size <= budget), sizes[-1])


def _with_small_photo(traits: dict[str, Any]) -> dict[str, Any]:
    """The same with a picture that is no larger than a page needs; the sheet of a volume stays, for its tiles."""
    picture, meta = traits["picture"], traits["meta"]
    if meta["kind"] != "picture" or len(picture) <= PHOTO:
        return traits
    original = Image.open(io.BytesIO(picture)).convert("RGB")
    for side, quality in PHOTO_AS:
        photo = original.copy()
        photo.thumbnail((side, side), Image.Resampling.LANCZOS)
        buffer = io.BytesIO()
        photo.save(buffer, "JPEG", quality=quality, optimize=True)
        if buffer.tell() <= PHOTO:
            break
    if buffer.tell() >= len(picture):
        return traits
    return {**traits, "picture": buffer.getvalue(), "meta": {**meta, "picture": [photo.height, photo.width]}}


def chosen(given: Sequence[Any], here: Any) -> tuple[Any, ...]:
    """Each once, and what is on screen with them."""
    return tuple(dict.fromkeys([*given, here]))
