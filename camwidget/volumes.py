"""One volume in: the network's input ``(1, C, D, H, W)``, and its slices on one sheet for the browser.

All slices travel once, as one picture. Its size is bounded: the more slices there are, the fewer pixels each has, so
that the sheet has about SHEET pixels at most, and its file at most BYTES bytes.
"""

from __future__ import annotations

import io
import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from PIL import Image

from camwidget.atlas import Map
from camwidget.engine.fields import Place
from camwidget.images import visible
from camwidget.preprocessing import Preprocessing, plain_tensor
from camwidget.ready import Form, check_finite, described, single
from camwidget.still import Look, encoded, heat, painted

ACCEPTED = "a float tensor or array (C, D, H, W) or (1, C, D, H, W), as the network takes it"
FORM = Form("volume", "voxels", 3, ACCEPTED)

SHEET = 4 * 2**20
"""Pixels of all slices together …"""
BYTES = 1_500_000
"""… and bytes of the picture that holds them."""
SIDE = 672
"""Longest side of a slice, in pixels."""
BLOCK = 16
"""Tiles begin at multiples of this, so that no slice bleeds into its neighbour in a JPEG."""
LOSSLESS = 128 * 128
"""Sheets of at most so many pixels travel as PNG."""
STILL = 224
"""Longest side of a still picture is about so many pixels, however few a slice has."""


@dataclass(frozen=True)
class Volume:
    """The network's input and the sheet of its slices.

    Attributes:
        input: float32 (1, C, D, H, W), on the device on which it was given.
        sheet: the encoded picture of all slices, row by row.
        size: height and width of a slice on it; tile: of the place that each has.
        columns: slices in a row of the sheet.
        slices: ``(D, h, w[, 3])`` uint8, as they are shown.
        axis: what a step in depth is called: "frame" (colour, a clip) or "slice".
    """

    kind: ClassVar[str] = "volume"

    input: torch.Tensor
    sheet: bytes
    size: tuple[int, int]
    tile: tuple[int, int]
    columns: int
    slices: np.ndarray[Any, Any]
    axis: str
    source: str
    words: str

    def meta(self) -> dict[str, Any]:
        """What the ``meta`` trait says of it."""
        return {"picture": list(self.size), "tile": list(self.tile), "columns": self.columns, "axis": self.axis}

    def state(self) -> dict[str, Any]:
        """The traits that show it."""
        return {"picture": self.sheet}

    def strongest(self, cam: Map, place: Place | None = None) -> tuple[int, int]:
        """At which depth of a map ``(d, h, w)`` the strongest evidence is, and which slice is there."""
        depth = int(np.nan_to_num(np.abs(cam)).reshape(len(cam), -1).max(1).argmax())
        centre, step = (0.5 / len(cam), 1 / len(cam)) if place is None else place[0]
        return depth, min(len(self.slices) - 1, max(0, int((centre + depth * step) * len(self.slices))))

    def depth_at(self, index: int, cells: int, place: Place | None = None) -> int | None:
        """The depth of a map of so many cells that lies on a slice; None where none is centred."""
        centre, step = (0.5 / cells, 1 / cells) if place is None else place[0]
        depth = int(np.floor(((index + 0.5) / len(self.slices) - centre) / step + 0.5))
        return depth if 0 <= depth < cells else None

    def still(self, cam: Map, lut: bytes, look: Look, place: Place | None = None) -> bytes:
        """Its slice with the strongest evidence, with the map ``(d, h, w)`` at that depth over it, as JPEG."""
        depth, index = self.strongest(cam, place)
        slice_ = Image.fromarray(self.slices[index]).convert("RGB")
        enlarge = max(1, STILL // max(slice_.size))
        pixels = np.asarray(slice_.resize((slice_.width * enlarge, slice_.height * enlarge)), np.float32)
        limit = look.get("limit") or float(np.abs(np.nan_to_num(cam, posinf=0, neginf=0)).max())
        beside = None if place is None else place[1:]
        hues, strength = heat(cam[depth], pixels.shape[:2], lut, look["signed"], look["mode"], beside, limit)
        return encoded(painted(pixels, hues, strength, look["opacity"], look["threshold"]))


def read(volume: object, known: Preprocessing) -> Volume:
    """Read one volume; ``known`` says how its values are made visible again.

    Raises:
        TypeError, ValueError: with what was given and what is accepted.
    """
    batch = _input(volume)
    values, source = visible(batch[0].cpu(), known, guess=known.assumed)
    slices = _slices(values)
    sheet, shown, tile, columns = _sheet(slices)
    axis = "frame" if slices.ndim == 4 else "slice"
    return Volume(batch, sheet, shown.shape[1:3], tile, columns, shown, axis, source, "given as a volume")


def _input(volume: object) -> torch.Tensor:
    if not isinstance(volume, (torch.Tensor, np.ndarray)):
        raise TypeError(f"a {type(volume).__name__} is no volume; give {ACCEPTED}")
    given = described(volume, "volume")
    tensor = plain_tensor(torch.from_numpy(np.array(volume)) if isinstance(volume, np.ndarray) else volume)
    if not tensor.is_floating_point():
        raise TypeError(f"{given}; accepted is {ACCEPTED}, such as clip.float() / 255, normalised")
    batch = single(tensor, FORM, given)
    check_finite(torch.isfinite(tensor), given)
    return batch.to(torch.float32, copy=True)


def _slices(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """(C, D, H, W) in [0, 1] as uint8 (D, H, W, 3) where there are three channels, else (D, H, W) of the first."""
    pixels = np.rint(values[: 3 if len(values) == 3 else 1] * 255).astype(np.uint8)
    return np.ascontiguousarray(pixels.transpose(1, 2, 3, 0) if len(pixels) == 3 else pixels[0])


def _sheet(slices: np.ndarray[Any, Any]) -> tuple[bytes, np.ndarray[Any, Any], tuple[int, int], int]:
    """The encoded sheet, the slices as they are on it, the tile's height and width, and slices in a row."""
    depth, height, width = slices.shape[:3]
    scale = min(1.0, SIDE / max(height, width), math.sqrt(SHEET / (depth * height * width)))
    while True:
        shown = _resized(slices, max(1, round(height * scale)), max(1, round(width * scale)))
        tile = tuple(-(-side // BLOCK) * BLOCK for side in shown.shape[1:3])
        columns = max(1, min(depth, round(math.sqrt(depth * tile[0] / tile[1]))))
        data = _encode(_laid_out(shown, (tile[0], tile[1]), columns))
        if len(data) <= BYTES or max(shown.shape[1:3]) <= BLOCK:
            return data, shown, (tile[0], tile[1]), columns
        scale *= 0.8


def _resized(slices: np.ndarray[Any, Any], height: int, width: int) -> np.ndarray[Any, Any]:
    if slices.shape[1:3] == (height, width):
        return slices
    small = [Image.fromarray(one).resize((width, height), Image.Resampling.BOX) for one in slices]
    return np.stack([np.asarray(one) for one in small])


def _laid_out(slices: np.ndarray[Any, Any], tile: tuple[int, int], columns: int) -> np.ndarray[Any, Any]:
    """Slices on one sheet, each at the upper left of its tile, whose rest repeats the slice's edge."""
    depth, height, width = slices.shape[:3]
    margin = [(0, -depth % columns), (0, tile[0] - height), (0, tile[1] - width)] + [(0, 0)] * (slices.ndim - 3)
    padded = np.pad(slices, margin, mode="edge")
    rows = padded.reshape(-1, columns, *padded.shape[1:]).swapaxes(1, 2)
    return np.ascontiguousarray(rows.reshape(rows.shape[0] * tile[0], columns * tile[1], *slices.shape[3:]))


def _encode(sheet: np.ndarray[Any, Any]) -> bytes:
    buffer = io.BytesIO()
    image = Image.fromarray(sheet)
    if image.width * image.height <= LOSSLESS:
        image.save(buffer, "PNG")
    else:
        image.save(buffer, "JPEG", quality=88)
    return buffer.getvalue()
