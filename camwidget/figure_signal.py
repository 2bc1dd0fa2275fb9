"""A signal in a panel of a figure: its rows in lanes over one time axis, with the heat along them, below them the
evidence of each step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .atlas import Map
from .engine.fields import Place
from .figure_look import Look
from .signal_still import along
from .signals import Band, Signal
from .still import colours, opacities

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Ink = tuple[float, float, float]

FINE = 1024
"""Columns of the heat."""

DARKEST = 0.72
FILLED = 0.84
"""Share of its lane that a row fills."""


def draw_signal(ax: Axes, subject: Signal, cam: Map, place: Place | None, limit: float, look: Look) -> None:
    """Draw a folded map ``(l,)`` along the rows of a signal; ``limit`` is the value of the strongest colour."""
    import matplotlib
    from matplotlib.colors import to_rgb

    end = subject.span if subject.rate is None else subject.span / subject.rate
    length = int(subject.input.shape[2])
    centre, step = (0.5 / len(cam), 1 / len(cam)) if place is None else place[0]
    shares = along(cam / (limit or 1), (length * centre, length * step), subject.span, FINE)
    known = np.nan_to_num(shares)
    alpha = 255 * opacities(np.abs(known), look.opacity, look.threshold) * (known != 0)
    pixels = np.concatenate([colours(known, look.lut, look.signed), alpha[:, None]], -1)
    lanes = len(subject.bands) + 1
    heat = np.rint(pixels).astype(np.uint8)[None]
    ax.imshow(heat, extent=(0, end, 0, lanes), aspect="auto", interpolation="nearest", zorder=0)
    ink = to_rgb(matplotlib.rcParams["text.color"])
    for i, band in enumerate(subject.bands):
        _row(ax, band, lanes - 1 - i, end / subject.span, ink)
    _evidence(ax, shares, end, look, ink)
    ax.set(xlim=(0, end), ylim=(0, lanes), xlabel="samples" if subject.rate is None else "s")
    ax.set_yticks([lanes - 0.5 - i for i in range(lanes)], [*(band.label for band in subject.bands), "evidence"])
    for label in ax.get_yticklabels():
        label.set_parse_math(False)
    ax.tick_params(axis="y", length=0)
    for side in ("top", "right", "left"):
        ax.spines[side].set_visible(False)


def _row(ax: Axes, band: Band, lane: int, scale: float, ink: Ink) -> None:
    """A trace or an image of channels; ``scale`` is the time of a sample."""
    rows, columns = band.grid
    bottom = lane + (1 - FILLED) / 2
    left, right = band.start * scale, (band.start + columns * band.step) * scale
    if band.form == "image":
        dark = np.zeros((rows, columns, 4), np.float32)
        dark[..., :3], dark[..., 3] = ink, DARKEST * band.values
        ax.imshow(
            dark, extent=(left, right, bottom, bottom + FILLED), origin="lower", aspect="auto", interpolation="nearest"
        )
        return
    x = (band.start + (np.arange(columns) + 0.5) * band.step) * scale
    span = (band.high - band.low) or 1.0
    low, high = (bottom + FILLED * (row - band.low) / span for row in (band.values[0], band.values[-1]))
    if rows == 2:
        ax.fill_between(x, low, high, color=ink, linewidth=0.4)
    else:
        ax.plot(x, low, color=ink, linewidth=0.8)


def _evidence(ax: Axes, shares: Map, end: float, look: Look, ink: Ink) -> None:
    """The curve of the evidence over its zero line; nothing where no step is centred."""
    x = (np.arange(FINE) + 0.5) * end / FINE
    zero, tall = (0.5, 0.42) if look.signed else (0.06, 0.84)
    ax.plot(x, zero + tall * shares, color=ink, linewidth=1.0)
    ax.axhline(zero, color=ink, linewidth=0.4, alpha=0.4)
