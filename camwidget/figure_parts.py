"""What is drawn into one panel of a figure: the picture with its heat, the signal, the slice of a volume; and its
colour bar. The rules are the screen's: see ``still.py``, and for contours ``js/src/view/surface.js``.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from PIL import Image

from .atlas import Map
from .engine import upsample
from .engine.fields import Place
from .figure_look import Look
from .figure_signal import draw_signal
from .images import Picture
from .inputs import Subject
from .signals import Signal
from .still import colours, heat, opacities

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

Pixels = np.ndarray[Any, Any]

FINE = 768
"""Longest side of the heat in pixels, at least: 300 of them an inch, on a third of a page."""

SHARES, WIDTHS, TONES = (0, 0.25, 0.5, 0.75, 1), (1, 1.2, 1.5, 2, 2.4), (0.1, 0.25, 0.6, 0.97, 1)
"""Shares of the limit, widths of their lines in CSS pixels, and where colours are taken; between them, between."""
CASING = 1.5
LEAST_LIGHT = 0.78
SMALLEST_RING = 0.25
"""Rings smaller than this share of a cell are interpolation dust."""
TRACE = 512
SATURATION = 0.55
BESIDE = 0.78
"""Share of the room of an axes that is left to it beside its bar."""
DIVIDER = ((3.5, (0, 0, 0, 0.55)), (1.5, "white"))
"""Between the two sides of a contrast: widths in CSS pixels, and colours."""
POINT = 0.75
"""Points a CSS pixel."""


def draw_panel(
    ax: Axes, subject: Subject, cam: Map, place: Place | None, limit: float, look: Look, right: Map | None = None
) -> str:
    """Draw a map that was folded over its input; with a second one, that one right of the middle. Returns what else is
    to be said of it: the slice.
    """
    if isinstance(subject, Signal):
        draw_signal(ax, subject, cam, place, limit, look)
        return ""
    if isinstance(subject, Picture):
        photo = np.asarray(Image.open(io.BytesIO(subject.encoded)).convert("RGB"))
        _picture(ax, photo, subject.input.shape[-2:], cam, place, limit, look, right)
        return ""
    depth, index = subject.strongest(cam if right is None else np.maximum(np.abs(cam), np.abs(right)), place)
    if look.index is not None:
        if not 0 <= look.index < len(subject.slices):
            raise ValueError(f"index is {look.index}; accepted: 0 to {len(subject.slices) - 1}")
        index = int(look.index)
        found = subject.depth_at(index, len(cam), place)
        cam, depth = (np.zeros_like(cam), 0) if found is None else (cam, found)
        right = None if right is None or found is None else right
    photo = np.asarray(Image.fromarray(subject.slices[index]).convert("RGB"))
    beside = None if place is None else place[1:]
    other = None if right is None else right[depth]
    _picture(ax, photo, subject.input.shape[-2:], cam[depth], beside, limit, look, other)
    return f"{subject.axis} {index}"


def _picture(
    ax: Axes,
    photo: Pixels,
    size: tuple[int, ...],
    cam: Map,
    place: Place | None,
    limit: float,
    look: Look,
    right: Map | None = None,
) -> None:
    """On axes in pixels of the network's input."""
    from matplotlib.patches import Rectangle

    height, width = size
    rings = look.shading == "contours" and limit > 0 and look.opacity > 0
    shown = _muted(photo) if rings else photo
    ax.imshow(shown, extent=(0, width, height, 0), interpolation="antialiased")
    middle = width / 2
    for side, start, end in [(cam, 0.0, width)] if right is None else [(cam, 0.0, middle), (right, middle, width)]:
        artists: list[Artist] = []
        if rings:
            artists = _contours(ax, size, side, place, limit, look)
        elif limit > 0:
            pixels, extent = overlay(side, size, place, limit, look)
            artists = [ax.imshow(pixels, extent=extent, interpolation="nearest")]
        if right is not None:
            for artist in artists:
                artist.set_clip_path(Rectangle((start, 0), end - start, height, transform=ax.transData))
    if right is not None:
        for thick, ink in DIVIDER:
            ax.axvline(middle, linewidth=thick * POINT, color=ink, solid_capstyle="butt")
    ax.set(xlim=(0, width), ylim=(height, 0), xticks=[], yticks=[])
    for spine in ax.spines.values():
        spine.set_visible(False)


def overlay(
    cam: Map, size: tuple[int, ...], place: Place | None, limit: float, look: Look
) -> tuple[Pixels, tuple[float, float, float, float]]:
    """The heat as RGBA uint8 ``(h, w, 4)`` and where it lies: left, right, bottom, top in pixels of the input."""
    height, width = size
    extent = (0.0, float(width), float(height), 0.0)
    if look.shading == "cells":
        hues, strength = colours(cam / limit, look.lut, look.signed), np.abs(cam / limit)
        if place is not None:
            (top, down), (left, across) = place
            x, y = width * (left - across / 2), height * (top - down / 2)
            extent = (x, x + width * across * cam.shape[1], y + height * down * cam.shape[0], y)
    else:
        scale = max(1.0, FINE / max(size))
        fine = (round(height * scale), round(width * scale))
        hues, strength = heat(cam, fine, look.lut, look.signed, look.mode, place, limit)
    alpha = 255 * opacities(strength, look.opacity, look.threshold) * (strength > 0)
    pixels = np.rint(np.concatenate([hues, alpha[..., None]], -1)).clip(0, 255).astype(np.uint8)
    if look.shading == "cells":  # large enough that no viewer smooths it
        times = -(-FINE // max(cam.shape))
        pixels = pixels.repeat(times, 0).repeat(times, 1)
    return pixels, extent


def _muted(photo: Pixels) -> Pixels:
    """Less saturated, as CSS does it."""
    grey = photo.astype(np.float32) @ np.array([0.213, 0.715, 0.072], np.float32)
    return np.rint(SATURATION * photo + (1 - SATURATION) * grey[..., None]).astype(np.uint8)


def _contours(ax: Axes, size: tuple[int, ...], cam: Map, place: Place | None, limit: float, look: Look) -> list[Artist]:
    """Light lines on dark casings hold on any photo."""
    from contourpy import contour_generator
    from matplotlib.collections import LineCollection

    height, width = size
    scale = TRACE / max(size)
    fine = (round(height * scale), round(width * scale))
    field = upsample(torch.from_numpy(cam)[None], fine, look.mode, place, outside=float("nan"))[0].numpy()
    x, y = ((np.arange(n) + 0.5) * full / n for n, full in zip(fine[::-1], (width, height), strict=True))
    lines = contour_generator(x, y, np.ma.masked_invalid(field))
    least = SMALLEST_RING * height * width / cam.size
    if place is not None:
        least = SMALLEST_RING * height * place[0][1] * width * place[1][1]
    made: list[Artist] = []
    for share in look.levels:
        if share < look.threshold:
            continue
        thick, tone = (float(np.interp(share, SHARES, known)) for known in (WIDTHS, TONES))
        for side in (1, -1) if look.signed else (1,):
            found = [np.asarray(ring) for ring in lines.lines(side * share * limit)]
            rings = [ring for ring in found if _area(ring) >= least]
            colour = _light(look.lut, 0.5 + side * (0.4 + 0.6 * tone) / 2.4 if look.signed else tone)
            for stroke, ink in ((thick + CASING, (0, 0, 0, 0.7)), (thick, colour)):
                strokes = LineCollection(
                    rings, linewidths=stroke * POINT, colors=[ink], capstyle="round", joinstyle="round"
                )
                made.append(ax.add_collection(strokes))
    return made


def _area(ring: Pixels) -> float:
    x, y = ring[:, 0], ring[:, 1]
    return float(abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))) / 2)


def _light(lut: bytes, share: float) -> tuple[float, float, float]:
    """The map's colour at full strength, lightened where it would drown in the casing; 0..1."""
    raw = np.frombuffer(lut, np.uint8).reshape(256, 4)[min(255, round(share * 255)), :3].astype(float)
    rgb = raw / max(1.0, raw.max())
    light = float(rgb @ np.array([0.3, 0.59, 0.11]))
    lift = max(0.0, LEAST_LIGHT - light) / max(0.01, 1 - light)
    red, green, blue = rgb + (1 - rgb) * lift
    return float(red), float(green), float(blue)


def unit_words(unit: str, kind: str) -> str:
    """What the numbers of a bar are."""
    return unit if unit == "relative" else f"{unit} per {'step' if kind == 'signal' else 'cell'}"


def draw_bar(ax: Axes, map_: Map, limit: float, words: str, look: Look) -> None:
    """The ramp of the overlay at full strength beside the panel, with the real limits and what they are."""
    low = -limit if look.signed else 0.0
    if ax.figure.get_layout_engine() is None:  # nobody else makes room for it
        box = ax.get_position()
        ax.set_position((box.x0, box.y0, box.width * BESIDE, box.height))
    bar = ax.inset_axes((1.03, 0, 0.035, 1))
    bar.set(xticks=[], xlim=(0, 1))
    bar.set_ylabel(words)
    bar.yaxis.set_label_position("right")
    bar.yaxis.tick_right()
    if limit == 0:
        finite = map_[np.isfinite(map_)]
        most = f"max {_number(float(finite.max()), False)}" if finite.size else "no numbers"
        bar.set(ylim=(0, 1), yticks=[0, 1], yticklabels=["0", most])
        return
    shares = np.linspace(-1 if look.signed else 0, 1, 256, dtype=np.float32)
    alpha = 255 * opacities(np.abs(shares), 1.0, look.threshold) * (shares != 0)
    ramp = np.concatenate([colours(shares, look.lut, look.signed), alpha[:, None]], -1)
    pixels = np.rint(ramp).astype(np.uint8)[:, None]
    bar.imshow(pixels, extent=(0, 1, low, limit), origin="lower", aspect="auto", interpolation="nearest")
    ticks = _ticks(low, limit)
    bar.set(ylim=(low, limit), yticks=ticks, yticklabels=[_number(tick, look.signed) for tick in ticks])


def _ticks(low: float, high: float) -> list[float]:
    """The limits, and round values that keep clear of them."""
    from matplotlib.ticker import MaxNLocator

    ends = [low, high]
    clear = 0.08 * (high - low)
    inner = [float(v) for v in MaxNLocator(4).tick_values(low, high)]
    return sorted([*ends, *(v for v in inner if low < v < high and min(abs(v - end) for end in ends) > clear)])


def _number(value: float, signed: bool) -> str:
    text = f"{value:+.3g}" if signed and value else f"{value:.3g}"
    return text.replace("-", "−")
