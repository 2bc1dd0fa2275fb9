"""What is painted over a picture to poke the network: strokes and boxes as the user gives them, and the pixels that
they cover. What covered pixels become is in ``fills``.

Places are in pixels of the network's input, x to the right and y down, as the read-out counts them: the pixel in column
j and row i has its centre at (j + 0.5, i + 0.5). A pixel is covered or it is not; there are no soft edges.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from .checks import number, one_of
from .engine.suggest import unknown
from .protocol import BRUSHES, EDIT_KEYS, FILLS, MODES, MOST_EDITS, MOST_POINTS

Labels = npt.NDArray[np.uint8]
"""``(H, W)``: 0 where a pixel is as it was, else 1 + the place of its fill in FILLS."""

ACCEPTED = (
    'accepted: {"tool": "stroke", "mode": "cover", "fill": "mean", "points": [[x, y], ...], "radius": r} or '
    '{"tool": "box", ..., "points": [x0, y0, x1, y1]}'
)

LEAST = 0.5
"""Pixels: a finer brush, or a narrower box, might fall between the centres of all pixels."""

DECIMALS = 2


@dataclass(frozen=True)
class Edit:
    """One stroke or box.

    Attributes:
        tool: "stroke": all pixels within ``radius`` of a line through ``points``; "box": those between two corners.
        mode: "cover"; "uncover": what was covered before is as it was; "keep": what is outside of all that is kept is
            covered, whenever it was painted.
        fill: what covered pixels become, one of FILLS; of several that are kept the last one's holds.
        points: (x, y) each; of a box the upper left corner and the lower right one.
        radius: of the brush; 0 of a box.
    """

    tool: str
    mode: str
    fill: str
    points: tuple[tuple[float, float], ...]
    radius: float

    def plain(self) -> dict[str, Any]:
        """As users give it."""
        same = {"tool": self.tool, "mode": self.mode, "fill": self.fill}
        if self.tool == "box":
            return {**same, "points": [number for point in self.points for number in point]}
        return {**same, "points": [list(point) for point in self.points], "radius": self.radius}


Edits = tuple[Edit, ...]


def read(value: Any, size: tuple[int, int]) -> Edits:
    """Edits of a picture of ``size`` (height, width) as users and browsers give them. Places outside of the picture are
    moved to its edge, a brush larger than the picture is as large as it.

    Raises:
        TypeError, ValueError: with what was given, what is accepted, and the nearest right name.
    """
    if not isinstance(value, (list, tuple)):
        raise TypeError(f"edits are a list, not a {type(value).__name__}; {ACCEPTED}")
    if len(value) > MOST_EDITS:
        raise ValueError(f"{len(value)} edits; accepted: at most {MOST_EDITS}, so take some back or clear them")
    edits = tuple(_read_one(item, size) for item in value)
    points = sum(len(edit.points) for edit in edits)
    if points > MOST_POINTS:
        raise ValueError(f"edits of {points} points; accepted: at most {MOST_POINTS}, so take some back or clear them")
    return edits


def plain(edits: Edits) -> list[dict[str, Any]]:
    """As users give them; what is changed in it changes nothing here."""
    return [edit.plain() for edit in edits]


def labels(edits: Edits, size: tuple[int, int]) -> Labels:
    """Which pixels of a picture ``size`` (H, W) are covered, and with what.

    What is kept comes first, all of it together: everything outside is covered. Then strokes cover and uncover, in
    their order.
    """
    found = np.zeros(size, np.uint8)
    kept = [edit for edit in edits if edit.mode == "keep"]
    if kept:
        found[:] = _label(kept[-1])
        for edit in kept:
            found[_pixels(edit, size)] = 0
    for edit in edits:
        if edit.mode != "keep":
            found[_pixels(edit, size)] = _label(edit) if edit.mode == "cover" else 0
    return found


def _label(edit: Edit) -> int:
    return 1 + FILLS.index(edit.fill)


def _pixels(edit: Edit, size: tuple[int, int]) -> npt.NDArray[np.bool_]:
    """``(H, W)`` booleans."""
    inside = np.zeros(size, bool)
    if edit.tool == "box":
        (x0, y0), (x1, y1) = edit.points
        inside[_within(y0, y1, size[0]), _within(x0, x1, size[1])] = True
        return inside
    # a dot is a line to where it begins
    for start, end in pairwise(edit.points if len(edit.points) > 1 else edit.points * 2):
        _draw(inside, start, end, edit.radius)
    return inside


def _within(low: float, high: float, size: int) -> slice:
    """The pixels whose centres lie from ``low`` to ``high``."""
    return slice(max(0, math.ceil(low - 0.5)), max(0, min(size, math.floor(high - 0.5) + 1)))


def _draw(inside: npt.NDArray[np.bool_], start: tuple[float, float], end: tuple[float, float], radius: float) -> None:
    """Set the pixels within ``radius`` of a line, looking only at those around it: many short lines cost little."""
    (x0, y0), (x1, y1) = start, end
    rows = _within(min(y0, y1) - radius, max(y0, y1) + radius, inside.shape[0])
    columns = _within(min(x0, x1) - radius, max(x0, x1) + radius, inside.shape[1])
    x = np.arange(columns.start, columns.stop) + 0.5 - x0
    y = (np.arange(rows.start, rows.stop) + 0.5 - y0)[:, None]
    dx, dy = x1 - x0, y1 - y0
    # how far along the line the nearest point of it is
    along = np.clip((x * dx + y * dy) / ((dx * dx + dy * dy) or 1.0), 0, 1)
    inside[rows, columns] |= (x - along * dx) ** 2 + (y - along * dy) ** 2 <= radius * radius


# ---------------------------------------------------------------------- what comes in


def _read_one(item: Any, size: tuple[int, int]) -> Edit:
    if isinstance(item, Edit):
        item = item.plain()
    if not isinstance(item, Mapping):
        raise TypeError(f"an edit is a dict, not a {type(item).__name__}; {ACCEPTED}")
    for name in item:
        if name not in EDIT_KEYS:
            raise ValueError(unknown("key of an edit", str(name)[:40], EDIT_KEYS))
    tool = one_of("tool", item.get("tool", BRUSHES[0]), BRUSHES)
    mode, fill = one_of("mode", item.get("mode", MODES[0]), MODES), one_of("fill", item.get("fill", FILLS[0]), FILLS)
    if tool == "box":
        return Edit(tool, mode, fill, _corners(item.get("points"), size), 0.0)
    radius = _coordinate("radius", item.get("radius"))
    if radius < LEAST:
        raise ValueError(f"the radius of a stroke is {radius:g} px; accepted: {LEAST} and more")
    return Edit(tool, mode, fill, _line(item.get("points"), size), round(min(radius, float(max(size))), DECIMALS))


def _line(points: Any, size: tuple[int, int]) -> tuple[tuple[float, float], ...]:
    if not _is_list(points) or not 1 <= len(points) <= MOST_POINTS:
        count = f"{len(points)} points" if _is_list(points) else f"a {type(points).__name__}"
        raise ValueError(f"a stroke of {count}; accepted: a list of 1 to {MOST_POINTS} places [x, y]")
    for point in points:
        if not _is_list(point) or len(point) != 2:
            raise ValueError(f"a stroke goes through {str(point)[:40]!r}; accepted: places [x, y]")
    return tuple(_place(x, y, size) for x, y in points)


def _corners(points: Any, size: tuple[int, int]) -> tuple[tuple[float, float], ...]:
    if not _is_list(points) or len(points) != 4:
        raise ValueError(f"the points of a box are {str(points)[:40]!r}; accepted: [x0, y0, x1, y1]")
    places = [_place(points[i], points[i + 1], size) for i in (0, 2)]
    (x0, x1), (y0, y1) = (sorted(axis) for axis in zip(*places, strict=True))
    if min(x1 - x0, y1 - y0) < LEAST:
        raise ValueError(
            f"a box of {x1 - x0:g} x {y1 - y0:g} px on this picture of {size[1]} x {size[0]}; accepted: {LEAST} px and "
            "more along each side"
        )
    return (x0, y0), (x1, y1)


def _place(x: Any, y: Any, size: tuple[int, int]) -> tuple[float, float]:
    return _on(_coordinate("x", x), size[1]), _on(_coordinate("y", y), size[0])


def _on(value: float, end: int) -> float:
    return round(min(max(value, 0.0), float(end)), DECIMALS)


def _is_list(value: Any) -> bool:
    return (isinstance(value, Sequence) and not isinstance(value, (str, bytes))) or isinstance(value, np.ndarray)


def _coordinate(name: str, value: Any) -> float:
    return number(f"{name} of an edit", value, "a finite number of pixels", math.isfinite)
