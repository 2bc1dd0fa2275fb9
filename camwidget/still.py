"""The picture with its heatmap as one JPEG: what a notebook shows where no widget runs (GitHub, nbviewer, print)."""

from __future__ import annotations

import io
from typing import TypedDict

import numpy as np
import torch
from PIL import Image

from .atlas import Map
from .engine import upsample
from .engine.fields import Place

FULL_FROM = 0.45
"""Share of the colour limit from which on the full opacity holds; below it, opacity follows the value."""

LARGEST = 448
"""Longest side in pixels."""

QUALITY = 88


class _Always(TypedDict):
    signed: bool
    opacity: float
    threshold: float
    mode: str


class Look(_Always, total=False):
    """How a map is drawn, as the traits of these names say; ``mode`` is the interpolation."""

    limit: float | None


def jpeg(  # noqa: PLR0913 (one for each trait)
    picture: bytes,
    cam: Map,
    lut: bytes,
    *,
    signed: bool,
    opacity: float,
    threshold: float,
    mode: str,
    limit: float | None = None,
    place: Place | None = None,
) -> bytes:
    """Paint a map over a picture by the browser's own rules.

    Args:
        picture: an encoded image. cam: ``(h, w)``, as drawn: without negative values unless ``signed``.
        lut: 256 RGBA colours. mode, place: see ``upsample``. limit: see ``heat``.
    """
    photo = Image.open(io.BytesIO(picture)).convert("RGB")
    photo.thumbnail((LARGEST, LARGEST), Image.Resampling.LANCZOS)
    pixels = np.asarray(photo, dtype=np.float32)
    hues, strength = heat(cam, pixels.shape[:2], lut, signed, mode, place, limit)
    return encoded(painted(pixels, hues, strength, opacity, threshold))


def painted(pixels: Map, hues: Map, strength: Map, opacity: float, threshold: float) -> Map:
    """Heat over pixels ``(H, W, 3)``: its opacity follows its strength."""
    alpha = opacities(strength, opacity, threshold)[..., None]
    mixed: Map = pixels * (1 - alpha) + hues * alpha
    return mixed


def opacities(strength: Map, opacity: float, threshold: float) -> Map:
    """How opaque heat of this strength (0..1, a share of the limit) is, 0..1."""
    alpha: Map = np.where(strength >= threshold, opacity * np.minimum(1, strength / FULL_FROM), 0)
    return alpha


def encoded(pixels: Map) -> bytes:
    """Pixels ``(H, W, 3)`` of 0..255 as JPEG."""
    buffer = io.BytesIO()
    Image.fromarray(np.rint(pixels).clip(0, 255).astype(np.uint8)).save(buffer, "JPEG", quality=QUALITY)
    return buffer.getvalue()


def heat(
    cam: Map,
    size: tuple[int, ...],
    lut: bytes,
    signed: bool,
    mode: str,
    place: Place | None = None,
    limit: float | None = None,
) -> tuple[Map, Map]:
    """Colours ``(H, W, 3)`` 0..255 and strengths ``(H, W)`` 0..1 of a map at ``size``; 0 where nothing is to see.

    ``limit`` is the value of the strongest colour, by default the map's own largest.
    """
    values = np.nan_to_num(cam, posinf=0, neginf=0)
    limit = float(np.abs(values).max()) if limit is None else limit
    if limit == 0:
        return np.zeros((*size, 3), np.float32), np.zeros(size, np.float32)
    large = upsample(torch.from_numpy(values)[None] / limit, size, mode, place)[0].numpy()
    return colours(large, lut, signed), np.abs(large)


def colours(shares: Map, lut: bytes, signed: bool) -> Map:
    """Colours ``(…, 3)`` of values of -1 to 1: shares of the limit."""
    table = np.frombuffer(lut, np.uint8).reshape(256, 4)[:, :3].astype(np.float32)
    found: Map = table[np.clip(((shares + 1) / 2 if signed else shares) * 256, 0, 255).astype(int)]
    return found
