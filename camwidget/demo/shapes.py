"""The twelve kinds of sticker, as polygons.

Every function takes a random generator and returns the parts of one object, painted in order. Points lie in a square of
about [-1, 1], x to the right and y down. A part names a *role*, never a colour: colours are drawn apart from shapes, so
that no colour gives a class away.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
"""(N, 2): x and y of N corners."""


@dataclass(frozen=True)
class Part:
    """A polygon of one object. ``soft`` rounds its corners; the role ``hole`` cuts through what is painted so far."""

    points: Points
    role: str = "main"
    soft: float = 0.0


@dataclass(frozen=True)
class Kind:
    """A class of the demo: how to draw it, and how far it may lean (degrees) before it looks wrong."""

    draw: Callable[[np.random.Generator], list[Part]]
    lean: float = 180.0


def _polygon(*corners: tuple[float, float]) -> Points:
    return np.array(corners, dtype=np.float64)


def _ellipse(x: float, y: float, rx: float, ry: float | None = None, turn: float = 0.0, n: int = 48) -> Points:
    """Corners (n, 2) of an ellipse, turned by ``turn`` radians."""
    t = np.linspace(0, 2 * math.pi, n, endpoint=False)
    px, py = rx * np.cos(t), (rx if ry is None else ry) * np.sin(t)
    return np.stack([x + px * math.cos(turn) - py * math.sin(turn), y + px * math.sin(turn) + py * math.cos(turn)], 1)


def _arc(x: float, y: float, r: float, start: float, stop: float, n: int = 32) -> Points:
    """Points (n, 2) along an arc from ``start`` to ``stop`` (radians, clockwise on the screen)."""
    t = np.linspace(start, stop, n)
    return np.stack([x + r * np.cos(t), y + r * np.sin(t)], 1)


def _band(line: Points, width: float | Points) -> Points:
    """The outline of a stroke of the given width along a line of points (N, 2)."""
    along = np.gradient(line, axis=0)
    across = np.stack([-along[:, 1], along[:, 0]], 1) / np.maximum(np.hypot(*along.T), 1e-9)[:, None]
    half = np.broadcast_to(np.asarray(width, dtype=np.float64) / 2, (len(line),))[:, None]
    return np.concatenate([line + across * half, (line - across * half)[::-1]])


def _star(rng: np.random.Generator) -> list[Part]:
    inner = rng.uniform(0.42, 0.52)
    t = np.arange(10) * math.pi / 5 - math.pi / 2
    r = np.where(np.arange(10) % 2 == 0, 0.94, 0.94 * inner)
    outer = np.stack([r * np.cos(t), r * np.sin(t)], 1)
    parts = [Part(outer, soft=0.09)]
    if rng.random() < 0.6:
        parts.append(Part(outer * 0.62, "tint", 0.05))
    return parts


def _ring(rng: np.random.Generator) -> list[Part]:
    hole = rng.uniform(0.44, 0.56)
    parts = [Part(_ellipse(0, 0, 0.94))]
    if rng.random() < 0.5:
        for k in range(4):
            start = k * math.pi / 2
            wedge = np.concatenate([[[0.0, 0.0]], _arc(0, 0, 0.94, start, start + math.pi / 5, 12)])
            parts.append(Part(wedge, "second"))
    else:
        line = (0.94 + hole) / 2
        parts += [Part(_ellipse(0, 0, line + 0.07), "tint"), Part(_ellipse(0, 0, line - 0.07))]
    return [*parts, Part(_ellipse(0, 0, hole), "hole")]


def _heart(rng: np.random.Generator) -> list[Part]:
    t = np.linspace(0, 2 * math.pi, 80, endpoint=False)
    x = 16 * np.sin(t) ** 3
    y = -(13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t))
    outline = np.stack([x / 17.5 * rng.uniform(0.92, 1.05), (y - 2.5) / 16.5], 1)
    parts = [Part(outline, soft=0.05)]
    if rng.random() < 0.6:
        parts.append(Part(_ellipse(-0.45, -0.42, 0.2, 0.11, -0.7), "light"))
    return parts


def _moon(rng: np.random.Generator) -> list[Part]:
    bite = rng.uniform(0.34, 0.46)
    r = 0.78
    meet = math.acos(max(-1.0, min(1.0, (0.94**2 + bite**2 - r**2) / (2 * 0.94 * bite))))
    outer = _arc(0, 0, 0.94, meet, 2 * math.pi - meet, 60)
    tip = outer[0]
    angle = math.atan2(tip[1], tip[0] - bite)
    inner = _arc(bite, 0, r, 2 * math.pi - angle, angle, 48)
    crescent = np.concatenate([outer, inner])
    crescent[:, 0] += 0.2
    parts = [Part(crescent, soft=0.05)]
    if rng.random() < 0.6:
        parts += [Part(_ellipse(-0.42, -0.3, 0.1), "tint"), Part(_ellipse(-0.48, 0.22, 0.13), "tint")]
        parts.append(Part(_ellipse(-0.2, 0.58, 0.08), "tint"))
    return parts


def _flower(rng: np.random.Generator) -> list[Part]:
    n = int(rng.integers(5, 9))
    parts = []
    width = min(0.36, 1.55 / n)
    for k in range(n):
        t = 2 * math.pi * k / n
        x, y = 0.54 * math.cos(t), 0.54 * math.sin(t)
        parts.append(Part(_ellipse(x, y, 0.4, width, t)))
    if rng.random() < 0.5:
        for k in range(n):
            t = 2 * math.pi * k / n
            parts.append(Part(_ellipse(0.5 * math.cos(t), 0.5 * math.sin(t), 0.2, width * 0.4, t), "tint"))
    return [*parts, Part(_ellipse(0, 0, 0.29), "second"), Part(_ellipse(-0.05, -0.05, 0.14), "second_tint")]


def _fish(rng: np.random.Generator) -> list[Part]:
    t = np.linspace(0, 2 * math.pi, 60, endpoint=False)
    fat = rng.uniform(0.42, 0.54)
    body = np.stack([-0.2 + 0.74 * np.cos(t), fat * np.sin(t) * (1 - 0.22 * np.cos(t))], 1)
    tail = _polygon((0.4, 0.0), (0.9, -0.46), (0.8, 0.0), (0.9, 0.46))
    fin = _polygon((-0.3, -0.3), (0.1, -0.74), (0.32, -0.62), (0.24, -0.2))
    belly = _polygon((-0.1, 0.3), (0.18, 0.66), (0.3, 0.2))
    parts = [Part(tail, "second", 0.07), Part(fin, "second", 0.06), Part(belly, "second", 0.05), Part(body)]
    for x in (-0.12, 0.18) if rng.random() < 0.6 else ():
        reach = fat * math.sqrt(1 - ((x + 0.2) / 0.74) ** 2) * 0.86
        parts.append(Part(_band(_polygon((x, -reach), (x + 0.07, 0), (x, reach)), 0.13), "tint"))
    return [*parts, Part(_ellipse(-0.6, -0.1, 0.13), "white"), Part(_ellipse(-0.62, -0.1, 0.065), "dark")]


def _house(rng: np.random.Generator) -> list[Part]:
    wide = rng.uniform(0.6, 0.7)
    parts = []
    if rng.random() < 0.7:
        parts.append(Part(_polygon((0.28, -0.8), (0.5, -0.8), (0.5, -0.2), (0.28, -0.2)), "second"))
    parts.append(Part(_polygon((-wide, -0.2), (wide, -0.2), (wide, 0.86), (-wide, 0.86)), soft=0.03))
    parts.append(Part(_polygon((-0.88, -0.14), (0, -0.9), (0.88, -0.14)), "second", 0.07))
    door = rng.choice([-0.3, 0.0])
    arch = np.concatenate(
        [[[door - 0.18, 0.86]], _arc(door, 0.42, 0.18, math.pi, 2 * math.pi, 14), [[door + 0.18, 0.86]]]
    )
    parts.append(Part(arch, "dark"))
    for x in (0.3,) if door < 0 else (-0.41, 0.41):
        h = 0.18 if door < 0 else 0.13
        parts.append(
            Part(_polygon((x - h, 0.14), (x + h, 0.14), (x + h, 0.14 + 2 * h), (x - h, 0.14 + 2 * h)), "light")
        )
    return parts


def _key(rng: np.random.Generator) -> list[Part]:
    bow = rng.uniform(0.32, 0.38)
    x = -0.94 + bow
    parts = [
        Part(_polygon((x, -0.09), (0.92, -0.09), (0.92, 0.09), (x, 0.09)), soft=0.02),
        Part(_polygon((0.42, 0), (0.56, 0), (0.56, 0.36), (0.42, 0.36)), soft=0.02),
        Part(_polygon((0.74, 0), (0.9, 0), (0.9, 0.44), (0.74, 0.44)), soft=0.02),
    ]
    if rng.random() < 0.5:
        around = [
            Part(_ellipse(x + 0.6 * bow * math.cos(t), 0.6 * bow * math.sin(t), bow * 0.72))
            for t in (math.pi / 2, math.pi, 1.5 * math.pi)
        ]
        return [*parts, *around, Part(_ellipse(x, 0, bow * 0.42), "hole")]
    return [*parts, Part(_ellipse(x, 0, bow)), Part(_ellipse(x, 0, bow * 0.5), "hole")]


def _tree(rng: np.random.Generator) -> list[Part]:
    parts = [Part(_polygon((-0.12, 0.5), (0.12, 0.5), (0.12, 0.94), (-0.12, 0.94)), "second", 0.02)]
    two = rng.random() < 0.35
    tiers = (
        ((-0.3, 0.62, 0.68), (-0.92, 0.06, 0.5)) if two else ((0.0, 0.62, 0.7), (-0.46, 0.2, 0.56), (-0.92, -0.26, 0.4))
    )
    for k, (top, low, half) in enumerate(tiers):
        sag = _polygon((0, top), (half, low - 0.06), (half * 0.4, low), (-half * 0.4, low), (-half, low - 0.06))
        parts.append(Part(sag, ("main", "tint")[k % 2], 0.06))
    return parts


def _spiral(rng: np.random.Generator) -> list[Part]:
    turns = rng.uniform(2.0, 2.5)
    t = np.linspace(0.12, 1, 110)
    angle = t * turns * 2 * math.pi
    line = np.stack([0.83 * t * np.cos(angle), 0.83 * t * np.sin(angle)], 1)
    width = rng.uniform(0.17, 0.21)
    ends = [Part(_ellipse(x, y, width / 2, n=20)) for x, y in (line[0], line[-1])]
    return [Part(_band(line, width)), *ends]


def _boat(rng: np.random.Generator) -> list[Part]:
    tall = rng.uniform(0.84, 0.94)
    mast = _polygon((-0.08, -tall), (0.0, -tall), (0.0, 0.4), (-0.08, 0.4))
    hull = _polygon((-0.94, 0.36), (0.94, 0.36), (0.62, 0.84), (-0.6, 0.84))
    fore = _polygon((0.08, -tall), (0.82, 0.2), (0.08, 0.2))
    aft = _polygon((-0.18, -tall * 0.7), (-0.18, 0.2), (-0.72, 0.2))
    parts = [Part(mast, "dark"), Part(fore, "second", 0.04), Part(aft, "second_tint", 0.04), Part(hull, soft=0.06)]
    if rng.random() < 0.6:
        parts.append(Part(_polygon((-0.86, 0.46), (0.86, 0.46), (0.78, 0.58), (-0.78, 0.58)), "tint"))
    return parts


def _umbrella(rng: np.random.Generator) -> list[Part]:
    n = int(rng.integers(3, 6))
    hook = _arc(0.17, 0.68, 0.17, math.pi, 0.0, 20)
    stick = np.concatenate([[[0.0, -0.9], [0.0, 0.2]], hook])
    parts = [Part(_band(stick, 0.1), "dark"), Part(_ellipse(0.34, 0.68, 0.05, n=14), "dark")]
    edges = np.linspace(-0.94, 0.94, n + 1)
    roles = ("main", "second") if rng.random() < 0.6 else ("main", "tint")
    for k in range(n):
        left, right = edges[k], edges[k + 1]
        # Ribs bulge outwards like meridians of a sphere seen from the side.
        rib = [np.stack([e * np.sin(a), 0.1 - 0.92 * np.cos(a)], 1) for e, a in
               ((left, np.linspace(0, math.pi / 2, 16)), (right, np.linspace(math.pi / 2, 0, 16)))]  # fmt: skip
        scallop = _arc((left + right) / 2, 0.1, (right - left) / 2, math.pi, 2 * math.pi, 12) * [1, 0.7] + [0, 0.03]
        parts.append(Part(np.concatenate([rib[0], scallop, rib[1]]), roles[k % 2]))
    return parts


KINDS: dict[str, Kind] = {
    "boat": Kind(_boat, 28),
    "fish": Kind(_fish, 40),
    "flower": Kind(_flower),
    "heart": Kind(_heart, 40),
    "house": Kind(_house, 25),
    "key": Kind(_key),
    "moon": Kind(_moon),
    "ring": Kind(_ring),
    "spiral": Kind(_spiral),
    "star": Kind(_star),
    "tree": Kind(_tree, 28),
    "umbrella": Kind(_umbrella, 40),
}
"""The classes in the order of the network's scores."""
