"""What the stickers lie on: wood, paper, cloth, grass and the like, as float pictures.

Every function takes a random generator and a side in pixels and returns (side, side, 3) in 0..1. Textures are made in
shares of the side, so that a small and a large drawing of one seed show the same ground.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

Picture = NDArray[np.floating[Any]]


def colour(code: str) -> Picture:
    """(3,) in 0..1 from ``rrggbb``."""
    return np.array([int(code[k : k + 2], 16) for k in (0, 2, 4)], dtype=np.float32) / 255


def _pick(rng: np.random.Generator, codes: str) -> Picture:
    options = codes.split()
    return colour(options[int(rng.integers(len(options)))])


def _noise(rng: np.random.Generator, side: int, rows: int, columns: int) -> Picture:
    """(side, side) smooth noise of about [-1, 1] with that many bumps down and across."""
    coarse = rng.uniform(-1, 1, (rows + 3, columns + 3)).astype(np.float32)
    box = (1, 1, columns + 2, rows + 2)
    return np.array(Image.fromarray(coarse).resize((side, side), Image.Resampling.BICUBIC, box=box))


def _clouds(rng: np.random.Generator, side: int, bumps: int = 3, octaves: int = 3) -> Picture:
    """(side, side) noise of several sizes, about [-1, 1]."""
    total = sum(_noise(rng, side, bumps * 2**k, bumps * 2**k) * np.float32(0.5**k) for k in range(octaves))
    return np.asarray(total, dtype=np.float32) / 1.6


def _axes(side: int) -> tuple[Picture, Picture]:
    """x (1, side) and y (side, 1) in shares of the side."""
    line = (np.arange(side, dtype=np.float32) + 0.5) / side
    return line[None, :], line[:, None]


def _edge(value: Picture, side: int) -> Picture:
    """A soft step at zero, about one pixel wide, for values in shares of the side."""
    return np.asarray(np.clip(value * side + 0.5, 0, 1), dtype=np.float32)


def _shade(base: Picture, light: Picture) -> Picture:
    """``base`` (3,) or (side, side, 3), made lighter or darker by ``light`` (side, side), where 0 changes nothing."""
    return np.asarray(base * (1 + light[..., None]), dtype=np.float32)


def wood(rng: np.random.Generator, side: int) -> Picture:
    """Planks with grain."""
    base = _pick(rng, "c89f6d b5845a d9b78c e3cfae a9764b 8a5f41 d6d0c4 b9a58c")
    _, y = _axes(side)
    planks = int(rng.integers(3, 6))
    number = np.minimum((y * planks).astype(int), planks - 1)
    tone = rng.uniform(-0.09, 0.09, planks).astype(np.float32)[number]
    warp = _noise(rng, side, planks * 3, 2) * 0.035
    grain = np.sin((y + warp) * rng.uniform(190, 260) + rng.uniform(0, 6, planks).astype(np.float32)[number])
    light = tone + 0.035 * grain + 0.05 * _noise(rng, side, 90, 5) + 0.04 * _noise(rng, side, 30, 2)
    seam = np.abs((y * planks + 0.5) % 1 - 0.5) / planks
    light = light - 0.38 * np.clip(1 - seam / 0.006, 0, 1)
    picture = _shade(base, np.broadcast_to(light, (side, side)))
    return picture.transpose(1, 0, 2) if rng.random() < 0.4 else picture


def paper(rng: np.random.Generator, side: int) -> Picture:
    """Plain drawing paper with a soft grain."""
    base = _pick(rng, "f3ead7 ece5da e6ecec f1dfd5 dfe6d5 d9c7a8 e9e1f0")
    light = 0.03 * _clouds(rng, side, 3, 4) + 0.022 * _noise(rng, side, 110, 110) + 0.02 * _noise(rng, side, 60, 60)
    return _shade(base, light)


def linen(rng: np.random.Generator, side: int) -> Picture:
    """Woven cloth: threads over and under."""
    base = _pick(rng, "d8c9b0 8fa6a8 b7a3b8 c98f7c 9aa77f 6f8199 e2d6c2 59708a")
    x, y = _axes(side)
    threads = rng.uniform(42, 60)
    over = np.sin(x * threads * 2 * math.pi) * np.sin(y * threads * 2 * math.pi)
    light = 0.07 * over + 0.07 * _noise(rng, side, 70, 6) + 0.07 * _noise(rng, side, 6, 70) + 0.04 * _clouds(rng, side)
    return _shade(base, light)


def stripes(rng: np.random.Generator, side: int) -> Picture:
    """A striped cloth."""
    pairs = (
        "f2e3cf e2b9a0",
        "e4eef0 a9c8d0",
        "f4ead0 e8cf8f",
        "eae4f0 c4b4d6",
        "e6efdc b6cc9a",
        "5f7a92 6f8ba3",
        "f1d6d3 dc9f9f",
    )
    one, two = (colour(code) for code in pairs[int(rng.integers(len(pairs)))].split())
    x, y = _axes(side)
    turn = rng.choice([0.0, math.pi / 2, math.pi / 4, -math.pi / 4])
    along = x * math.cos(turn) + y * math.sin(turn)
    period = rng.uniform(0.09, 0.2)
    inside = _edge(np.abs((along / period) % 1 - 0.5) * period - period / 4, side)
    mix = np.broadcast_to(inside, (side, side))[..., None]
    return _shade(one + (two - one) * mix, 0.025 * _noise(rng, side, 90, 90) + 0.03 * _clouds(rng, side))


def gingham(rng: np.random.Generator, side: int) -> Picture:
    """A checked table-cloth."""
    tone = _pick(rng, "d98880 7fb3c8 93b582 e0b060 a892c4 d694ac 6d8fb0")
    x, y = _axes(side)
    checks = int(rng.integers(5, 9))
    across = _edge((np.abs((x * checks) % 1 - 0.5) - 0.25) / checks, side)
    down = _edge((np.abs((y * checks) % 1 - 0.5) - 0.25) / checks, side)
    mix = (0.36 * (across + down))[..., None]
    cloth = np.array([0.98, 0.965, 0.94], dtype=np.float32)
    weave = 0.03 * _noise(rng, side, 100, 8) + 0.03 * _noise(rng, side, 8, 100)
    return _shade(cloth + (tone - cloth) * mix, weave)


def grass(rng: np.random.Generator, side: int) -> Picture:
    """A lawn: many short blades."""
    base = _pick(rng, "7fa650 6b9a4b 93b35a 5d8f52 a3b565")
    picture = _shade(base, 0.1 * _clouds(rng, side, 4))
    canvas = Image.fromarray(np.uint8(np.clip(picture, 0, 1) * 255))
    pen = ImageDraw.Draw(canvas)
    n = 900
    feet, lean, long = rng.uniform(0, 1, (n, 2)), rng.normal(0, 0.35, n), rng.uniform(0.02, 0.055, n)
    tone = rng.uniform(0.78, 1.22, n)
    for (x, y), a, r, t in zip(feet, lean, long, tone, strict=True):
        ink = tuple(int(v) for v in np.clip(base * t * 255, 0, 255))
        tip = (x + r * math.sin(a), y - r * math.cos(a))
        pen.line([(x * side, y * side), (tip[0] * side, tip[1] * side)], fill=ink, width=max(1, round(side / 190)))
    return np.asarray(canvas, dtype=np.float32) / 255


def dots(rng: np.random.Generator, side: int) -> Picture:
    """A cloth with a lattice of small dots."""
    base = _pick(rng, "e9c7bd c3d8d5 d3cbe3 efdfb4 c8d6b0 54708f 7c5a78 3f6b68")
    x, y = _axes(side)
    n = int(rng.integers(9, 14))
    row = np.floor(y * n)
    gap = np.hypot((x * n + 0.5 * (row % 2)) % 1 - 0.5, (y * n) % 1 - 0.5) / n
    mix = _edge(0.016 - gap, side)[..., None]
    return _shade(base + (np.float32(0.97) - base) * mix * 0.8, 0.025 * _noise(rng, side, 90, 90))


def watercolour(rng: np.random.Generator, side: int) -> Picture:
    """Two washes that run into each other."""
    one, two = _pick(rng, "f3d9c4 f6e3b8 f2cfd2 e8dcef"), _pick(rng, "a9cbd8 b9d3b4 c0b6dc e6b0a2")
    x, y = _axes(side)
    turn = rng.uniform(0, 2 * math.pi)
    slope = (x - 0.5) * math.cos(turn) + (y - 0.5) * math.sin(turn)
    mix = 1 / (1 + np.exp(-(6 * slope + 1.6 * _clouds(rng, side, 3, 4))))
    return _shade(one + (two - one) * mix[..., None], 0.02 * _noise(rng, side, 110, 110) + 0.02 * _clouds(rng, side, 8))


def terrazzo(rng: np.random.Generator, side: int) -> Picture:
    """Polished stone with chips in it."""
    base = _pick(rng, "efe9e1 e3e4e6 e9ddd6 5b6068")
    canvas = Image.fromarray(np.uint8(np.clip(_shade(base, 0.02 * _clouds(rng, side, 6)), 0, 1) * 255))
    big = canvas.resize((side * 2, side * 2))
    pen = ImageDraw.Draw(big)
    chips = ("c9826b", "7d9a92", "d8b26a", "8a8f9c", "b5a79b", "5f7480")
    inks = [tuple(int(v * 255) for v in colour(code)) for code in chips]
    for _ in range(130):
        x, y, r = rng.uniform(0, 1), rng.uniform(0, 1), rng.uniform(0.005, 0.018)
        t = np.sort(rng.uniform(0, 2 * math.pi, 5))
        corners = [((x + r * math.cos(a)) * side * 2, (y + r * math.sin(a)) * side * 2) for a in t]
        pen.polygon(corners, fill=inks[int(rng.integers(len(inks)))])
    return np.asarray(big.reduce(2), dtype=np.float32) / 255


def slate(rng: np.random.Generator, side: int) -> Picture:
    """A dark board with traces of chalk."""
    base = _pick(rng, "3c4650 40524c 4a4452 39434f 55504a")
    light = 0.12 * _clouds(rng, side, 3, 4) + 0.07 * _noise(rng, side, 40, 8) + 0.05 * _noise(rng, side, 110, 110)
    return _shade(base, light)


def tiles(rng: np.random.Generator, side: int) -> Picture:
    """Glazed tiles with joints."""
    base = _pick(rng, "dfe7e6 c9dce0 e8dccb d5c4b4 a9c0bb 8fa9bb")
    x, y = _axes(side)
    n = int(rng.integers(3, 6))
    tone = rng.uniform(-0.05, 0.05, (n, n)).astype(np.float32)
    cell = tone[np.minimum((y * n).astype(int), n - 1), np.minimum((x * n).astype(int), n - 1)]
    gap = np.minimum(np.abs((x * n + 0.5) % 1 - 0.5), np.abs((y * n + 0.5) % 1 - 0.5)) / n
    return _shade(base, cell + 0.03 * _clouds(rng, side) - 0.16 * np.clip(1.4 - gap / 0.005, 0, 1))


def cork(rng: np.random.Generator, side: int) -> Picture:
    """A pin board, or sand."""
    base = _pick(rng, "c99a66 d8b98a b98a5c e2cda4")
    grain = _noise(rng, side, 75, 75)
    dark = np.clip(_noise(rng, side, 42, 42) - 0.45, 0, 1)
    return _shade(base, 0.09 * grain + 0.05 * _clouds(rng, side) - 0.3 * dark)


GROUNDS: dict[str, Callable[[np.random.Generator, int], Picture]] = {
    draw.__name__: draw
    for draw in (wood, paper, linen, stripes, gingham, grass, dots, watercolour, terrazzo, slate, tiles, cork)
}
"""What a scene may lie on, by name."""
