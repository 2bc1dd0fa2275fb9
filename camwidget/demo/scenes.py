"""Scenes of the demo: a few stickers on a textured ground, drawn on the fly, with the truth about where each one is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from camwidget.demo.grounds import GROUNDS, Picture, colour
from camwidget.demo.shapes import KINDS, Part, Points

CATEGORIES = tuple(KINDS)
SIZE = 384
"""Side of a scene in pixels, unless asked otherwise."""

_LEAST = 48
"""Smaller scenes would show specks."""

_FINE = 3
"""Stickers are drawn this much larger and scaled down, so that their edges are smooth."""

_INKS = (
    "ef6f6c", "e4572e", "f2a541", "f6c945", "a8c256", "5fad56", "2a9d8f", "5ab1e0", "3d6fb6",
    "5552a3", "8e6bbf", "e88bb3", "c2386b", "f5ead6", "2b4162", "7fd1c7", "f79d84",
)  # fmt: skip


@dataclass(frozen=True)
class SceneObject:
    """One sticker.

    Attributes:
        name: its class. box: (x0, y0, x1, y1) in pixels, x1 and y1 excluded.
        mask: its pixels, booleans (H, W), where they are known.
    """

    name: str
    box: tuple[int, int, int, int]
    mask: NDArray[np.bool_] | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True)
class Scene:
    """A picture and what is on it: ``image``, RGB, and its ``objects``."""

    image: Image.Image
    objects: tuple[SceneObject, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The classes on the picture."""
        return tuple(thing.name for thing in self.objects)


@dataclass(frozen=True)
class _Look:
    """What all stickers of one scene share."""

    rim: float
    puff: float
    shadow: float
    rim_ink: Picture


@dataclass(frozen=True)
class _Spot:
    """Where a sticker lies: centre and radius in shares of the side."""

    x: float
    y: float
    r: float


def scene(seed: int = 0, classes: Sequence[str] | None = None, size: int = SIZE, *, ground: str | None = None,
          side: float = 1.0) -> Scene:  # fmt: skip
    """Draw the scene of this seed.

    ``classes`` names what to draw, 1 to 6 different classes; without it there are two to five, drawn by the seed.
    ``size`` is the side in pixels, ``ground`` what they lie on ("wood", "grass", ...). ``side`` below 1 draws a smaller
    cut-out of the table, with the stickers as large as before in pixels (training begins on those). The same arguments
    give the same picture.
    """
    if classes is not None:
        _check(classes)
    if ground is not None and ground not in GROUNDS:
        raise ValueError(f"ground={ground!r}: give one of {', '.join(GROUNDS)}")
    if size < _LEAST:
        raise ValueError(f"size={size}: give the side in pixels, at least {_LEAST}")
    rng = np.random.default_rng([seed, 7])
    names = list(classes) if classes is not None else _names(rng, 2 if side == 1 else 1, 5 if side == 1 else 2)
    drawn = list(GROUNDS)[int(rng.integers(len(GROUNDS)))]
    table = GROUNDS[ground or drawn](rng, size).copy()
    _light(table, rng)
    spots = _place(rng, len(names), side)
    mean = table.mean(axis=(0, 1))
    look = _look(rng, dark=float(mean.mean()) < 0.42)
    inks = _inks(rng, mean, len(names), 0.4 if look.rim else 0.65)
    objects = [_stick(table, *what, look, rng) for what in zip(names, spots, inks, strict=True)]
    pixels = np.uint8(np.clip(table, 0, 1) * 255 + 0.5)
    return Scene(Image.fromarray(pixels), tuple(objects))


def _check(classes: Sequence[str]) -> None:
    unknown = [name for name in classes if name not in KINDS]
    if isinstance(classes, str) or unknown:
        raise ValueError(f"classes={classes!r}: give a list of different names out of {', '.join(CATEGORIES)}")
    if len(set(classes)) != len(classes) or not 1 <= len(classes) <= 6:
        raise ValueError(f"classes={classes!r}: give 1 to 6 different names")


def _names(rng: np.random.Generator, least: int, most: int) -> list[str]:
    count = int(rng.integers(least, most + 1))
    return [CATEGORIES[k] for k in rng.permutation(len(CATEGORIES))[:count]]


def _place(rng: np.random.Generator, count: int, side: float) -> list[_Spot]:
    """Spots that do not touch. Radii shrink a little until everything fits."""
    low, high = (0.135, 0.215) if count <= 3 else (0.125, 0.185)
    shrink = 1.0
    while True:
        spots: list[_Spot] = []
        for _ in range(60 * count):
            r = rng.uniform(low, high) / side * shrink
            edge = min(r * 1.06 + 0.01, 0.5)
            x, y = rng.uniform(edge, 1 - edge, 2)
            if all(math.hypot(x - s.x, y - s.y) > r + s.r + 0.02 for s in spots):
                spots.append(_Spot(x, y, r))
            if len(spots) == count:
                return spots
        shrink *= 0.95


def _light(ground: Picture, rng: np.random.Generator) -> None:
    """Light falls from the top left and fades towards the far corner, in place."""
    line = np.linspace(0, 1, len(ground), dtype=np.float32)
    fall = (line[None, :] + line[:, None]) / 2 - 0.45
    ground *= (1 - rng.uniform(0.06, 0.16) * fall)[..., None]


def _look(rng: np.random.Generator, dark: bool) -> _Look:
    rim = rng.choice([0.075, 0.095] if dark else [0.0, 0.075, 0.095])
    ink = colour(("fffdf8", "fffdf8", "fbf3e2")[int(rng.integers(3))])
    return _Look(rim, rng.uniform(0.35, 0.8), rng.uniform(0.3, 0.5), ink)


def _inks(rng: np.random.Generator, ground: Picture, count: int, gap: float) -> list[dict[str, Picture]]:
    """Colours for the roles of each sticker: any hue for any class, all different, none that drowns in the ground."""
    pool = [colour(code) for code in _INKS]
    clear = [ink for ink in pool if float(np.abs(ink - ground).sum()) > gap]
    mains = [clear[k] for k in rng.permutation(len(clear))[:count]]
    return [_roles(rng, main, [ink for ink in clear if float(np.abs(ink - main).sum()) > 0.5]) for main in mains]


def _roles(rng: np.random.Generator, main: Picture, others: list[Picture]) -> dict[str, Picture]:
    second = others[int(rng.integers(len(others)))]
    dark = colour(("3b3a4a", "5a4033", "2d4356")[int(rng.integers(3))])
    return {"main": main, "second": second, "dark": dark, "tint": _tint(main), "second_tint": _tint(second),
            "light": colour("fff4d6"), "white": colour("ffffff")}  # fmt: skip


def _tint(ink: Picture) -> Picture:
    """A neighbour of a colour: lighter, or deeper where it is light already."""
    bright = float(ink @ np.array([0.299, 0.587, 0.114])) > 0.7
    return ink**1.6 if bright else ink + (1 - ink) * 0.28


def _outline(pen: ImageDraw.ImageDraw, points: Points, width: float, fill: int | tuple[int, ...]) -> None:
    """A closed line with round corners: a disc at every corner, which leaves no notches on fine curves."""
    if width < 1:
        return
    path = [(float(x), float(y)) for x, y in points]
    pen.line([*path, path[0]], fill=fill, width=round(width))
    r = width / 2
    for x, y in path:
        pen.ellipse((x - r, y - r, x + r, y + r), fill=fill)


def _paint(parts: list[Part], corners: list[Points], scale: float, side: int, look: _Look,
           inks: dict[str, Picture]) -> tuple[Picture, Picture, Picture]:  # fmt: skip
    """A sticker: colours times cover (side, side, 3), cover (side, side) and cover with the rim (side, side), 0..1."""
    fine = (side * _FINE, side * _FINE)
    canvases = Image.new("RGB", fine), Image.new("L", fine), Image.new("L", fine)
    pens = [ImageDraw.Draw(canvas) for canvas in canvases]
    for part, points in zip(parts, corners, strict=True):
        path, soft = [(float(x), float(y)) for x, y in points], 2 * part.soft * scale
        ink = (0, 0, 0) if part.role == "hole" else tuple(int(v * 255) for v in inks[part.role])
        cover = 0 if part.role == "hole" else 255
        fills: tuple[int | tuple[int, ...], ...] = (ink, cover, cover)
        for pen, fill in zip(pens, fills, strict=True):
            pen.polygon(path, fill=fill)
            _outline(pen, points, soft, fill)
        if look.rim:
            _outline(pens[2], points, soft + 2 * look.rim * scale, 255)
    colours, body, full = (np.asarray(canvas.reduce(_FINE), dtype=np.float32) / 255 for canvas in canvases)
    return colours, body, np.maximum(body, full)


def _puff(body: Picture, radius: float, strength: float) -> Picture:
    """Light on a slightly rounded surface (side, side): brighter at the top left edge, darker at the bottom right."""
    canvas = Image.fromarray(np.uint8(body * 255)).filter(ImageFilter.GaussianBlur(max(0.6, radius * 0.07)))
    height = np.asarray(canvas, dtype=np.float32) / 255
    step = max(1, round(radius * 0.05))
    return strength * 0.32 * (np.roll(height, -step, (0, 1)) - np.roll(height, step, (0, 1)))


def _shadow(shape: Picture, radius: float) -> Picture:
    """A soft shadow (side, side), moved away from the light."""
    canvas = Image.fromarray(np.uint8(shape * 255)).filter(ImageFilter.GaussianBlur(max(0.8, radius * 0.09)))
    step = max(1, round(radius * 0.09))
    return np.roll(np.asarray(canvas, dtype=np.float32) / 255, (step, step // 2), (0, 1))


def _stick(ground: Picture, name: str, spot: _Spot, inks: dict[str, Picture], look: _Look,
           rng: np.random.Generator) -> SceneObject:  # fmt: skip
    """Draw one sticker into the ground, in place, and say where it is."""
    kind, size = KINDS[name], len(ground)
    parts = kind.draw(rng)
    turn, mirror = math.radians(rng.uniform(-kind.lean, kind.lean)), -1 if rng.random() < 0.5 else 1
    radius = spot.r * size
    half = math.ceil(radius * 1.45) + 4
    left, top = round(spot.x * size) - half, round(spot.y * size) - half
    spin = np.array([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]])
    reach = max(float(np.hypot(*part.points.T).max()) + part.soft for part in parts)
    scale = radius / (reach + look.rim) * _FINE
    corners = [(part.points * [mirror, 1]) @ spin * scale + half * _FINE for part in parts]
    colours, body, full = _paint(parts, corners, scale, 2 * half, look, inks)

    # The tile may reach over the border of the scene (its shadow does): cut both alike.
    x0, y0, x1, y1 = max(left, 0), max(top, 0), min(left + 2 * half, size), min(top + 2 * half, size)
    cut = (slice(y0 - top, y1 - top), slice(x0 - left, x1 - left))
    patch = ground[y0:y1, x0:x1]
    patch *= 1 - look.shadow * _shadow(full, radius)[cut][..., None]
    if look.rim:
        patch += (look.rim_ink - patch) * full[cut][..., None]
    lit = colours * (1 + _puff(body, radius, look.puff) + _slope(2 * half))[..., None]
    patch += lit[cut] - patch * body[cut][..., None]

    mask = np.zeros((size, size), dtype=np.bool_)
    mask[y0:y1, x0:x1] = full[cut] > 0.5
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    box = (int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
    return SceneObject(name, box, mask)


def _slope(side: int) -> Picture:
    """A faint fall of light over one sticker (side, side)."""
    line = np.linspace(0.06, -0.06, side, dtype=np.float32)
    return (line[None, :] + line[:, None]) / 2
