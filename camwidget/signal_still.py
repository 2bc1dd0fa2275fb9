"""The signal with its heatmap as one JPEG: what a notebook shows where no widget runs (GitHub, nbviewer, print)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from PIL import Image, ImageDraw

from camwidget.atlas import Map
from camwidget.still import Look, colours, encoded, painted

WIDTH = 720
BAND = 72
AREA = 84
GAP = 10
INK = 32.0
QUIET = (117, 117, 117)
LINE = (224, 224, 224)


class Row(Protocol):
    """What is drawn of a band, see ``signals.Band``."""

    @property
    def form(self) -> str:
        """Trace or image."""

    @property
    def values(self) -> Map:
        """Rows and columns."""

    @property
    def start(self) -> float:
        """Sample at which the first column begins."""

    @property
    def step(self) -> float:
        """Samples a column."""


def draw(
    bands: Sequence[Row],
    span: float,
    rate: float | None,
    cam: Map,
    axis: tuple[float, float],
    lut: bytes,
    look: Look,
) -> bytes:
    """The bands with the heat along them, below them the evidence of each step as an area, and the time axis.

    Args:
        span: end of the time axis, in samples. rate: samples per second.
        cam: ``(l,)``, as drawn: without negative values unless ``signed``.
        axis: where step 0 is centred and how far apart steps are, in samples.
    """
    values = np.nan_to_num(cam, posinf=0, neginf=0)
    limit = look.get("limit") or float(np.abs(values).max())
    shares = along(values / (limit or 1), axis, span, WIDTH)
    hues = colours(np.nan_to_num(shares), lut, look["signed"])[None]
    strength = np.abs(np.nan_to_num(shares))[None] if limit else np.zeros((1, WIDTH), np.float32)
    parts = [np.full((GAP, WIDTH, 3), 255, np.float32)]
    for band in bands:
        ground = painted(np.full((1, WIDTH, 3), 255, np.float32), hues, strength, look["opacity"], look["threshold"])
        ink = _ink(band, span)[..., None]
        parts += [ground * (1 - ink) + INK * ink, parts[0]]
    parts.append(_area(shares, hues, strength, look))
    picture = np.concatenate(parts)
    return encoded(np.concatenate([picture, _axis(span, rate)]))


def along(values: Map, axis: tuple[float, float], span: float, width: int) -> Map:
    """Steps at their places: one value a pixel, NaN where no step is centred. Of steps that share a pixel the strongest
    is taken.
    """
    centre, step = axis
    at = ((np.arange(width) + 0.5) * span / width - centre) / step
    inside = (at >= -0.5) & (at <= len(values) - 0.5)
    steps = np.arange(len(values), dtype=np.float32)
    line = np.interp(at, steps, values).astype(np.float32)
    half = span / width / step / 2
    if half > 0.5:
        lows, highs = np.ceil(at - half).astype(int), np.floor(at + half).astype(int)
        for i in np.flatnonzero(inside):
            here = values[max(lows[i], 0) : highs[i] + 1]
            line[i] = here[np.abs(here).argmax()] if len(here) else line[i]
    return np.where(inside, line, np.nan).astype(np.float32)


def _ink(band: Row, span: float) -> Map:
    """How dark a band is, 0 to 1."""
    at = ((np.arange(WIDTH) + 0.5) * span / WIDTH - band.start) / band.step
    column = np.clip(at.astype(int), 0, band.values.shape[1] - 1)
    there = (at >= 0) & (at < band.values.shape[1])
    if band.form == "image":
        rows = (np.arange(BAND)[::-1] * len(band.values)) // BAND  # the first channel lies at the bottom
        image: Map = np.where(there, 0.75 * band.values[rows][:, column], 0).astype(np.float32)
        return image
    low, high = float(band.values.min()), float(band.values.max())
    scale = (BAND - 3) / (high - low or 1)
    # of the columns that share a pixel, the least and the largest value
    largest = np.maximum.reduceat(band.values[-1], column)
    least = np.minimum.reduceat(band.values[0], column)
    ends = [(high - extreme) * scale + 1 for extreme in (largest, least)]
    before = [np.concatenate([end[:1], end[:-1]]) for end in ends]  # joined to the column on the left
    top = np.minimum(ends[0], before[1]) - 0.7
    bottom = np.maximum(ends[1], before[0]) + 0.7
    rows = np.arange(BAND)[:, None]
    trace: Map = (there & (rows >= top) & (rows <= bottom)).astype(np.float32)
    return trace


def _area(shares: Map, hues: Map, strength: Map, look: Look) -> Map:
    """The curve of the evidence over its zero line, filled with the colours of the heat."""
    white = np.full((1, WIDTH, 3), 255, np.float32)
    fill = painted(white, hues, strength, 1.0, look["threshold"])
    zero = AREA / 2 if look["signed"] else AREA - 2
    y = zero - np.nan_to_num(shares).clip(-1, 1) * (zero - 2)
    rows = np.arange(AREA)[:, None]
    inside = (rows >= np.minimum(y, zero)) & (rows <= np.maximum(y, zero))
    pixels = np.where(inside[..., None], fill, 255.0)
    before = np.concatenate([y[:1], y[:-1]])
    curve = (rows >= np.minimum(y, before) - 0.7) & (rows <= np.maximum(y, before) + 0.7) & ~np.isnan(shares)
    pixels[curve] = INK
    return pixels.astype(np.float32)


def _axis(span: float, rate: float | None) -> Map:
    image = Image.new("RGB", (WIDTH, 18), "white")
    pen = ImageDraw.Draw(image)
    pen.line([(0, 0), (WIDTH, 0)], fill=LINE)
    end, unit = (span, "") if rate is None else (span / rate, " s")
    power = 10 ** np.floor(np.log10(end / 6))
    step = next(m * power for m in (1, 2, 5, 10) if m * power >= end / 8)
    step = step if rate else max(1, step)
    last = int(end / step + 1e-9)
    for k in range(last + 1):
        text, x = f"{k * step:g}{unit if k == last else ''}", k * step / end * WIDTH
        width = pen.textlength(text)
        pen.text((min(max(x - width / 2, 1), WIDTH - width - 1), 3), text, fill=QUIET)
    return np.asarray(image, np.float32)
