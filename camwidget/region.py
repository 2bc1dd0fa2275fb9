"""A region of the picture: a box, or an outline drawn by hand. Read without trust, and laid over a map's grid.

Coordinates are pixels of the network's input, x to the right and y down; pixel i spans [i, i + 1). The same arithmetic
is in ``js/src/lib/regions.js``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from .engine.fields import Place
from .protocol import REGION_LINES, REGION_POINTS

Region = list[float] | list[list[float]]
"""A box ``[x0, y0, x1, y1]``, or an outline ``[[x, y], ...]`` of at least three points, closed by itself."""

ACCEPTED = (
    "accepted: None, a box [x0, y0, x1, y1] or an outline [[x, y], ...] of 3 points or more, in pixels of the "
    "network's input"
)

LEAST = 0.01
"""Area of an outline that is more than rounding, in pixels."""

Shares = npt.NDArray[np.float64]


def read_region(value: Any, size: Sequence[int]) -> Region | None:
    """A region as it is kept: its numbers finite floats with two decimals, within the picture. A box may be given by
    any two opposite corners. What lies outside of the picture is moved to its edge.

    Args:
        size: of the network's input, ``(H, W)``.

    Raises:
        TypeError: no numbers. ValueError: not as many as accepted, NaN, or nothing of it lies on the picture.
    """
    if value is None:
        return None
    numbers = _numbers(value)
    if not np.isfinite(numbers).all():
        raise ValueError(f"a region holds a number that is not finite; {ACCEPTED}")
    high, wide = size
    if numbers.shape == (4,):
        x0, x1 = sorted(float(v) for v in np.clip(numbers[::2], 0, wide).round(2))
        y0, y1 = sorted(float(v) for v in np.clip(numbers[1::2], 0, high).round(2))
        region: Region = [x0, y0, x1, y1]
        empty = x1 <= x0 or y1 <= y0
    else:
        points = np.clip(numbers, 0, [wide, high]).round(2)
        region = points.tolist()
        empty = share_of_picture(region, size) * wide * high < LEAST
    if empty:
        raise ValueError(f"the region has no area on the picture of {wide} x {high} pixels; {ACCEPTED}")
    return region


def _numbers(value: Any) -> npt.NDArray[np.float64]:
    """``(4,)`` or ``(n, 2)``."""
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, (str, bytes)) or not isinstance(value, Sequence):
        raise TypeError(f"region is a {type(value).__name__}; {ACCEPTED}")
    if len(value) > REGION_POINTS:
        raise ValueError(f"the region has {len(value)} points; accepted: at most {REGION_POINTS}")
    points = [list(p) if isinstance(p, (list, tuple, np.ndarray)) else p for p in value]
    pairs = [p for p in points if isinstance(p, list)]
    flat = [v for p in pairs for v in p[:3]] if pairs else points
    if any(isinstance(v, (bool, np.bool_)) or not isinstance(v, (int, float, np.number)) for v in flat):
        raise TypeError(f"a region is made of numbers; {ACCEPTED}")
    fits = all(len(p) == 2 for p in pairs) and len(pairs) == len(points) >= 3 if pairs else len(points) == 4
    if not fits:
        raise ValueError(f"the region has {len(points)} {'points' if pairs else 'numbers'}; {ACCEPTED}")
    try:
        return np.array(points, np.float64)
    except (OverflowError, ValueError, TypeError) as error:
        raise ValueError(f"a region holds a number that is not finite; {ACCEPTED}") from error


def is_box(region: Region) -> bool:
    """Whether it is a box; else an outline."""
    return not isinstance(region[0], list)


def share_of_picture(region: Region, size: Sequence[int]) -> float:
    """How much of the picture ``(H, W)`` it covers, 0 to 1."""
    return float(coverage(region, (1, 1), size)[0, 0])


def coverage(region: Region, grid: Sequence[int], size: Sequence[int], place: Place | None = None) -> Shares:
    """How much of each cell lies in the region: ``(h, w)`` float64, 0 to 1. Of a cell that reaches beyond the picture,
    the part on the picture counts; a cell of which nothing is there counts 0.

    Of a box it is exact. An outline is cut by at least REGION_LINES horizontal lines over the picture, each measured
    exactly; where it crosses itself, whatever it goes around counts once.

    Args:
        grid: ``(h, w)``. size: of the network's input, ``(H, W)``.
        place: where the cells are centred, in shares of the input; None: spread evenly.
    """
    (h, w), (high, wide) = grid, size
    rows = _ends(h, high, None if place is None else place[0])
    columns = _ends(w, wide, None if place is None else place[1])
    if is_box(region):
        x0, y0, x1, y1 = (float(v) for v in region)  # type: ignore[arg-type]
        return np.outer(_covered(rows, y0, y1), _covered(columns, x0, x1))
    return _lines(np.array(region, np.float64), rows, columns)


def _ends(cells: int, size: int, span: tuple[float, float] | None) -> Shares:
    """From where to where each cell reaches on the picture: ``(cells, 2)``, in pixels."""
    index = np.arange(cells)
    middle = (index + 0.5) / cells if span is None else span[0] + index * span[1]
    half = (1 / cells if span is None else span[1]) / 2
    return np.clip(np.stack([middle - half, middle + half], 1), 0, 1) * size


def _covered(ends: Shares, low: float, high: float) -> Shares:
    """How much of each interval lies between two ends."""
    size = ends[:, 1] - ends[:, 0]
    inside = np.minimum(ends[:, 1], high) - np.maximum(ends[:, 0], low)
    return np.where(size > 0, inside.clip(min=0) / np.where(size > 0, size, 1), 0)


def _lines(points: Shares, rows: Shares, columns: Shares) -> Shares:
    """``coverage`` of an outline ``(n, 2)``, line by line."""
    found = np.zeros((len(rows), len(columns)))
    each = max(8, math.ceil(REGION_LINES / len(rows)))
    (xa, ya), (xb, yb) = points.T, np.roll(points, -1, 0).T
    for row, (top, bottom) in enumerate(rows):
        for line in range(each):
            y = top + (line + 0.5) / each * (bottom - top)
            crossed = (ya <= y) != (yb <= y)
            if bottom <= top or not crossed.any():
                continue
            x = xa[crossed] + (y - ya[crossed]) / (yb[crossed] - ya[crossed]) * (xb[crossed] - xa[crossed])
            order = x.argsort(kind="stable")
            winding = np.where(yb[crossed] > ya[crossed], 1, -1)[order].cumsum()
            for i in np.flatnonzero(winding[:-1]):
                found[row] += _covered(columns, x[order[i]], x[order[i + 1]]) / each
    return found.clip(0, 1)
