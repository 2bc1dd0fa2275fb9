"""Answers as the dicts that cross the wire. Shapes and names: see ``protocol.py``."""

from __future__ import annotations

import math
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

from .answers import Contrasted, Menu, Nearby, Reply, Row, Stack, Strip, Told, View, Working
from .atlas import Map
from .engine import VARIANTS, Field, LayerInfo, Recording
from .protocol import CELL_THUMB, HALF_ABOVE, THUMB, THUMB_STEPS
from .text import line

FAINT = 2.0**-14
"""Maps whose peak is a smaller share of the largest one's would lose their shape, or all of it, in float16."""

DOTS_BETWEEN = 3
"""At most so many layers without a thumbnail stand between two stages."""


def floats(values: Any) -> bytes:
    """Little-endian float32 bytes."""
    return np.ascontiguousarray(values, dtype="<f4").tobytes()


def packed(values: np.ndarray[Any, Any], above: int = HALF_ABOVE) -> dict[str, Any]:
    """``dtype``, ``scale``, ``data`` of maps ``(T, *grid)``: float32, or float16 scaled to [-1, 1] where it has more
    bytes, unless the maps differ too much in size for one scale (of probabilities, say).
    """
    scale = _largest(values) or 1.0
    if values.size * 4 <= above or _some_are_faint(values, scale):
        return {"dtype": "float32", "scale": 1.0, "data": floats(values)}
    return {"dtype": "float16", "scale": scale, "data": (values / scale).astype("<f2").tobytes()}


def stack(answer: Stack) -> dict[str, Any]:
    """The ``stack`` trait."""
    maps = answer.maps
    return {
        "image": answer.generation,
        "layer": answer.view.layer,
        "variant": answer.view.variant,
        "targets": None if answer.targets is None else list(answer.targets),
        "grid": list(maps.shape[1:]),
        **packed(maps),
        "done": answer.done,
        "ms": round(answer.ms, 3),
        "note": answer.note,
        "reply": reply(answer.reply),
    }


def strip(answer: Strip) -> dict[str, Any]:
    """The ``strip`` trait: small int8 thumbnails of the stages."""
    maps = [{"layer": layer, **thumbnail(values)} for layer, values in answer.maps]
    return {"image": answer.generation, "target": answer.view.target, "variant": answer.view.variant, "maps": maps}


def thumbnail(values: Map, cells: int = THUMB) -> dict[str, Any]:
    """``grid``, ``scale``, ``data`` of a map pooled to at most so many cells a side, or THUMB_STEPS steps, int8; of a
    volume, the largest magnitude over its depth.
    """
    flat = strongest_in_depth(values) if values.ndim == 3 else np.atleast_2d(values)
    h, w = flat.shape
    shrink = max(1.0, max(h, w) / (THUMB_STEPS if values.ndim == 1 else cells))
    whole = (max(1, round(h / shrink)), max(1, round(w / shrink)))
    small = F.adaptive_avg_pool2d(torch.from_numpy(flat.copy())[None], whole)[0].numpy()
    size = whole[-min(values.ndim, 2) :]
    largest = _largest(small) or 1.0
    # divided first: a hundredth of the smallest number is none
    steps = np.rint(np.nan_to_num(small) / largest * 127).astype("i1")
    return {"grid": list(size), "scale": largest / 127, "data": steps.tobytes()}


def strongest_in_depth(values: Map) -> Map:
    """``(d, h, w)`` to ``(h, w)``: at each place the value of the largest magnitude, with its sign."""
    at = np.nan_to_num(np.abs(values)).argmax(0)
    flat: Map = np.take_along_axis(values, at[None], 0)[0]
    return flat


def message(answer: Menu | Row | Contrasted) -> tuple[dict[str, Any], list[bytes]]:
    """An answer that is no trait, and its buffers."""
    match answer:
        case Menu():
            return menu(answer)
        case Row():
            return row(answer)
        case Contrasted():
            return contrasted(answer)


def menu(answer: Menu) -> tuple[dict[str, Any], list[bytes]]:
    """The custom message that carries the same map by every variant, and its buffers."""
    maps = [_one(replace(answer.view, variant=variant), values) for variant, values in answer.maps]
    buffers = [item.pop("data") for item in maps]
    return {"type": "maps", "image": answer.generation, "maps": maps}, buffers


def row(answer: Row) -> tuple[dict[str, Any], list[bytes]]:
    """The custom message that carries a row of the matrix, and its buffers."""
    maps = [{**asdict(view), **thumbnail(values, CELL_THUMB)} for view, values in answer.maps]
    buffers = [item.pop("data") for item in maps]
    return {"type": "thumbs", "image": answer.generation, "maps": maps}, buffers


def contrasted(answer: Contrasted) -> tuple[dict[str, Any], list[bytes]]:
    """The custom message that carries what a contrast is drawn from, and its buffer or buffers."""
    view, contrast = answer.view, asdict(answer.contrast)
    if answer.plain:
        targets = (view.target, answer.contrast.rival)
        maps = [_one(replace(view, target=t), values) for t, values in zip(targets, answer.maps, strict=True)]
        buffers = [item.pop("data") for item in maps]
        return {"type": "maps", "image": answer.generation, "maps": maps}, buffers
    grid, sent = list(answer.maps.shape[1:]), packed(answer.maps)
    data = sent.pop("data")
    return {"type": "contrast", "image": answer.generation, **asdict(view), **contrast, "grid": grid, **sent}, [data]


def nearby(answer: Nearby) -> dict[str, Any]:
    """The ``nearby`` trait."""
    return {"image": answer.generation, "maps": [_one(view, values, above=0) for view, values in answer.maps]}


def _one(view: View, values: Map, above: int = HALF_ABOVE) -> dict[str, Any]:
    """A single map with its name."""
    return {**asdict(view), "grid": list(values.shape), **packed(values[None], above)}


def layers(recording: Recording, extra: str | None = None) -> list[dict[str, Any]]:
    """The ``layers`` trait: the stages, some of the steps between, and the layer in use if it is neither."""
    shown = [*_with_dots(recording)]
    if extra is not None and extra not in shown:
        shown.append(extra)
    order = list(recording.layers)
    return [_layer(recording.layers[name], recording.fields(name)) for name in sorted(shown, key=order.index)]


def _layer(info: LayerInfo, field: Field | None) -> dict[str, Any]:
    sees = None if field is None else [_span(*axis) for axis in zip(field.centre, field.step, field.size, strict=True)]
    return {
        "name": info.name,
        "grid": list(info.grid),
        "channels": info.channels,
        "stage": info.stage,
        "kind": info.kind,
        "sees": sees,
        "place": None if field is None or field.place is None else sees,
    }


def _span(centre: float, step: float, size: float) -> list[float | None]:
    return [centre, step, size if math.isfinite(size) else None]


def _with_dots(recording: Recording) -> list[str]:
    """Stages with up to DOTS_BETWEEN evenly spaced steps before each."""
    steps, shown, between = list(recording.steps), [], []
    for name in steps[: steps.index(recording.stages[-1]) + 1]:
        if name not in recording.stages:
            between.append(name)
            continue
        shallow = min((n.count(".") for n in between), default=0)
        blocks = [n for n in between if n.count(".") == shallow]
        wanted = min(DOTS_BETWEEN, len(blocks))
        shown += [blocks[(2 * i + 1) * len(blocks) // (2 * wanted)] for i in range(wanted)] + [name]
        between = []
    return shown


def variants() -> list[dict[str, Any]]:
    """The ``variants`` trait."""
    keys = ("id", "name", "summary", "cost", "slow", "relu", "weights", "unit", "linear")
    return [{key: getattr(v, key) for key in keys} for v in VARIANTS.values()]


def working(answer: Working) -> dict[str, Any]:
    """The ``status`` trait while a slow map is made."""
    share = f" {100 * answer.done // answer.total} %" if answer.total else ""
    return status("busy", f"{VARIANTS[answer.view.variant].name}{share}", to=answer.reply)


def status(state: str, text: str, hint: str = "", to: Reply | None = None, about: View | None = None) -> dict[str, Any]:
    """The ``status`` trait. Errors are told in the words of others, which may be long, or no text at all."""
    subject = None if about is None else asdict(about)
    return {"state": state, "text": line(text), "hint": line(hint), "about": subject, "reply": reply(to)}


def told(answer: Told | None, to: Reply | None = None, words: str = "") -> dict[str, Any]:
    """The ``status`` trait that says what must be known of the map on screen; where all is well, what is explained, in
    ``words``.
    """
    if answer is None or answer.reason is None:
        return status("ready", words, to=to)
    reason = answer.reason
    if reason.quiet:
        return status("ready", words, reason.text, to, answer.view)
    return status("warning", reason.text, reason.hint, to, answer.view)


def reply(to: Reply | None) -> list[Any] | None:
    """A reply as JSON has it."""
    return None if to is None else list(to)


def _some_are_faint(maps: np.ndarray[Any, Any], largest: float) -> bool:
    if len(maps) == 1:
        return False
    peaks = np.nan_to_num(np.abs(maps), posinf=0).reshape(len(maps), -1).max(1)
    return bool(((peaks > 0) & (peaks < FAINT * largest)).any())


def _largest(values: np.ndarray[Any, Any]) -> float:
    finite = values[np.isfinite(values)]
    return float(np.abs(finite).max()) if finite.size else 0.0
