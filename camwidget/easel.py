"""The picture of a widget and what is painted over it: what the network is given, and what the browser shows."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image

from .edits import Edits, Labels, labels, plain
from .encoding import encode
from .fills import Fills
from .images import Picture
from .scene import Scene

Pixels = npt.NDArray[np.uint8]


class Easel:
    """Paints over one picture. Holds no widget, so that it cannot keep one alive."""

    def __init__(self, picture: Picture) -> None:
        self._picture = picture
        self._fills = Fills(picture.input[0])
        self._seen: Fills | None = None
        self._last: tuple[Edits, Labels] | None = None

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the network's input."""
        height, width = self._picture.input.shape[2:]
        return int(height), int(width)

    def input(self, scene: Scene) -> torch.Tensor:
        """What the network is given, ``(1, C, H, W)``; without edits the untouched tensor itself."""
        if not scene.edits:
            return self._picture.input
        return self._fills.over(self._labels(scene.edits))[None]

    def pixels(self, edits: Edits) -> Pixels:
        """What the network saw, ``(H, W, 3)`` uint8: of an input that is no picture, as it is shown."""
        if self._seen is None:
            self._seen = Fills(torch.from_numpy(_rgb(self._picture.plain)).permute(2, 0, 1).float())
        found: Pixels = self._seen.over(self._labels(edits)).round().permute(1, 2, 0).numpy().astype(np.uint8)
        return found

    def shown(self, edits: Edits) -> dict[str, Any]:
        """The ``edited`` trait; empty where nothing is painted."""
        if not edits:
            return {}
        covered = self._labels(edits) > 0
        return {"edits": plain(edits), "covered": round(float(covered.mean()), 6), "data": _png(self._layer(edits))}

    def picture(self, edits: Edits) -> bytes:
        """The picture as it is shown with what is painted over it, PNG or JPEG."""
        with Image.open(io.BytesIO(self._picture.encoded)) as opened:
            base = opened.convert("RGB")
        layer = Image.fromarray(self._layer(edits)).resize(base.size, Image.Resampling.BILINEAR)
        base.paste(layer, (0, 0), layer)
        return encode(base)[0]

    def _layer(self, edits: Edits) -> Pixels:
        """``(H, W, 4)``: the covered pixels, all others transparent."""
        covered = (self._labels(edits) > 0)[..., None]
        return np.concatenate([self.pixels(edits), np.full_like(covered, 255, np.uint8)], 2) * covered

    def _labels(self, edits: Edits) -> Labels:
        # asked for the input, the picture and the share, one after another, and on two threads
        last = self._last
        if last is None or last[0] != edits:
            last = self._last = (edits, labels(edits, self.size))
        return last[1]


def _rgb(picture: Image.Image) -> Pixels:
    found: Pixels = np.array(picture.convert("RGB"))
    return found


def _png(pixels: Pixels) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()
