"""The picture with its heatmap as one JPEG: what a notebook shows where no widget runs (GitHub, nbviewer, print)."""

from __future__ import annotations

import io

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


def jpeg(
    picture: bytes,
    cam: Map,
    lut: bytes,
    *,
    signed: bool,
    opacity: float,
    threshold: float,
    mode: str,
    place: Place | None = None,
) -> bytes:
    """Paint a map over a picture by the browser's own rules.

    Args:
        picture: an encoded image. cam: ``(h, w)``, as drawn: without negative values unless ``signed``.
        lut: 256 RGBA colours. mode, place: see ``upsample``.
    """
    photo = Image.open(io.BytesIO(picture)).convert("RGB")
    photo.thumbnail((LARGEST, LARGEST), Image.Resampling.LANCZOS)
    pixels = np.asarray(photo, dtype=np.float32)
    colours, alpha = heat(cam, pixels.shape[:2], lut, signed, mode, place)
    alpha = np.where(alpha >= threshold, opacity * np.minimum(1, alpha / FULL_FROM), 0)[..., None]
    mixed = pixels * (1 - alpha) + colours * alpha
    buffer = io.BytesIO()
    Image.fromarray(np.rint(mixed).astype(np.uint8)).save(buffer, "JPEG", quality=QUALITY)
    return buffer.getvalue()


def heat(
    cam: Map, size: tuple[int, ...], lut: bytes, signed: bool, mode: str, place: Place | None = None
) -> tuple[Map, Map]:
    """Colours ``(H, W, 3)`` 0..255 and strengths ``(H, W)`` 0..1 of a map at ``size``; 0 where nothing is to see."""
    values = np.nan_to_num(cam, posinf=0, neginf=0)
    limit = float(np.abs(values).max())
    if limit == 0:
        return np.zeros((*size, 3), np.float32), np.zeros(size, np.float32)
    large = upsample(torch.from_numpy(values)[None] / limit, size, mode, place)[0].numpy()
    share = (large + 1) / 2 if signed else large
    table = np.frombuffer(lut, np.uint8).reshape(256, 4)[:, :3].astype(np.float32)
    return table[np.clip((share * 256).astype(int), 0, 255)], np.abs(large)
