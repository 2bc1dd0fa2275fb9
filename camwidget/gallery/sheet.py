"""A page of items as one picture: what a notebook shows of a gallery where no widget runs (GitHub, nbviewer, print)."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from camwidget.still import Look, encoded, heat, painted

from .thumbs import Made

COLUMNS = 6
ROWS = 2
CELL = 150
"""Side of an item's picture, in pixels."""
GAP = 12
LINE = 16
LETTERS = 22
"""So many letters fit below a picture."""

INK, QUIET, FAULT = (33, 33, 33), (110, 110, 110), (176, 32, 32)


@dataclass(frozen=True)
class Caption:
    """What stands below an item: what it is called, and what it should be called where that is something else."""

    called: str
    truth: str


def page(items: Sequence[tuple[Made, Caption]], title: str, lut: bytes, look: Look) -> bytes:
    """Items with their maps as JPEG, row by row, under a title."""
    rows = -(-len(items) // COLUMNS)
    tall = CELL + 2 * LINE + GAP
    sheet = Image.new("RGB", (GAP + COLUMNS * (CELL + GAP), GAP + LINE + GAP // 2 + rows * tall), "white")
    draw, font = ImageDraw.Draw(sheet), _font()
    draw.text((GAP, GAP // 2), title, QUIET, font)
    for number, (made, caption) in enumerate(items):
        row, column = divmod(number, COLUMNS)
        left, top = GAP + column * (CELL + GAP), GAP + LINE + GAP // 2 + row * tall
        sheet.paste(_cell(made, lut, look), (left, top))
        draw.text((left, top + CELL + 2), _short(caption.called), INK, font)
        draw.text((left, top + CELL + 2 + LINE), _short(caption.truth), FAULT, font)
    return encoded(np.asarray(sheet, np.float32))


def _cell(made: Made, lut: bytes, look: Look) -> Image.Image:
    square = Image.new("RGB", (CELL, CELL), (238, 238, 238))
    if made.thumb is None or made.maps is None:
        return square
    picture = Image.open(io.BytesIO(made.thumb.data)).convert("RGB")
    scale = CELL / max(picture.size)
    picture = picture.resize([max(1, round(side * scale)) for side in picture.size], Image.Resampling.BICUBIC)
    pixels = np.asarray(picture, np.float32)
    cam = made.maps.predicted if look["signed"] else made.maps.predicted.clip(min=0)
    hues, strength = heat(cam, pixels.shape[:2], lut, look["signed"], look["mode"], made.maps.place)
    mixed = painted(pixels, hues, strength, look["opacity"], look["threshold"])
    shown = Image.fromarray(np.rint(mixed).clip(0, 255).astype(np.uint8))
    square.paste(shown, ((CELL - shown.width) // 2, (CELL - shown.height) // 2))
    return square


def _short(text: str) -> str:
    return text if len(text) <= LETTERS else text[: LETTERS - 1] + "…"


def _font() -> ImageFont.ImageFont | ImageFont.FreeTypeFont:
    try:
        return ImageFont.load_default(12)
    except (TypeError, ImportError):  # Pillow 10.0, or one without FreeType
        return ImageFont.load_default()
